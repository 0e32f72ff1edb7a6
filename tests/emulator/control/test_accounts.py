"""Controls over an account's keys and the emulator's limits."""

import json

from creditctl.emulator.app import Emulator
from tests.emulator.world import Inside, control


def test_restricted_keys(emulator: Emulator, ask: Inside) -> None:
    made = control(emulator, "POST", "/keys", permissions=["rak_product_write", "rak_event_read"])
    limited = {"authorization": f"Bearer {made['key']}"}
    assert ask("POST", "/v1/products", "name=A", headers=limited)[0] == 200
    assert ask("GET", "/v1/products", headers=limited)[0] == 200
    status, body, _ = ask("GET", "/v1/prices", headers=limited)
    assert status == 403
    assert "Having the 'rak_plan_read' permission" in body["error"]["message"]
    assert ask("POST", "/v1/webhook_endpoints", "url=https://example.com", headers=limited)[0] == 403
    assert made["key"] not in json.dumps(control(emulator, "GET", "/keys"))
    assert "error" in control(emulator, "POST", "/keys", permissions=["rak_everything"])


def test_keys_expire(emulator: Emulator, ask: Inside) -> None:
    made = control(emulator, "POST", "/keys", permissions=["rak_product_read"], expires=emulator.now() + 10)
    limited = {"authorization": f"Bearer {made['key']}"}
    assert ask("GET", "/v1/products", headers=limited)[0] == 200
    control(emulator, "POST", "/clock", advance=10)
    status, body, _ = ask("GET", "/v1/products", headers=limited)
    assert (status, body["error"]["code"]) == (401, "api_key_expired")


def test_the_rate_limit(emulator: Emulator, ask: Inside) -> None:
    control(emulator, "POST", "/rate_limit", requests=2)
    answers = [ask("GET", "/v1/products") for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[2][1]["error"]["code"] == "rate_limit"
    assert answers[2][2]["Stripe-Rate-Limited-Reason"] == "global-rate"
    control(emulator, "POST", "/rate_limit", requests=0)
    assert ask("GET", "/v1/products")[0] == 200
