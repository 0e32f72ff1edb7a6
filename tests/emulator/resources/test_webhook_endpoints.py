"""Webhook endpoints: secret, refusals, how many."""

from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import ENDPOINT_URL, Inside, Refused, World
from tests.support.keys import TEST_KEY


def test_the_secret_is_shown_once(world: World) -> None:
    made = world.endpoint("checkout.session.completed", description="ours", metadata={"managed_by": "test"})
    assert made.secret.startswith("whsec_")
    assert len(made.secret) == 38
    again = world.stripe.webhook_endpoints.retrieve(made.id)
    assert "secret" not in again
    assert (again.status, again.url, again.metadata.to_dict()) == ("enabled", ENDPOINT_URL, {"managed_by": "test"})
    assert world.stripe.webhook_endpoints.update(made.id, params={"disabled": True}).status == "disabled"
    assert world.stripe.webhook_endpoints.delete(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError) as caught:
        world.stripe.webhook_endpoints.retrieve(made.id)
    assert caught.value.http_status == 404


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"enabled_events": ["checkout.session.done"]}, "enabled_events[0]"),
        ({"url": "not a url"}, "url"),
        ({"api_version": "never"}, None),
        ({"enabled_events": ["*", "charge.refunded"]}, "enabled_events"),
    ],
)
def test_refused_endpoints(world: World, refused: Refused, params: dict[str, Any], param: str | None) -> None:
    error = refused(
        lambda: world.stripe.webhook_endpoints.create(params={"url": ENDPOINT_URL, "enabled_events": ["*"], **params})
    )
    assert (error.http_status, error.param) == (400, param)


def test_sixteen_at_most(emulated: World, refused: Refused) -> None:
    for _ in range(16):
        emulated.endpoint()
    assert refused(lambda: emulated.endpoint()).http_status == 400


def test_local_urls_only_where_allowed() -> None:
    form = b"url=http://127.0.0.1:8000/hook&enabled_events[]=*"
    headers = {"authorization": f"Bearer {TEST_KEY}"}
    for strict, expected in ((False, 200), (True, 400)):
        emulator = Emulator(strict_urls=strict)
        answer = emulator.handle(Request("POST", "/v1/webhook_endpoints", "", headers, form))
        assert answer.status == expected
        emulator.close()


@pytest.mark.parametrize(
    ("name", "version", "status"),
    [
        ("sku.created", "2023-10-16", 200),
        ("sku.created", "2024-04-10", 400),
        ("order.payment_failed", "2020-08-27", 200),
        ("order.payment_failed", "2022-08-01", 400),
        ("payment_method.card_automatically_updated", "2020-03-02", 200),
        ("payment_method.card_automatically_updated", "2020-08-27", 400),
        ("order.wat", "2020-03-02", 400),
    ],
)
def test_an_older_version_may_ask_for_kinds_of_events_that_are_gone(
    ask: Inside, name: str, version: str, status: int
) -> None:
    """Source: `EnabledEvent` of stripe-node 8.38, 8.222, 10.17, 14.25 and 15.12."""
    form = f"url=https://a.example&enabled_events[]=charge.refunded&enabled_events[]={name}"
    made = ask("POST", "/v1/webhook_endpoints", form, headers={"stripe-version": version})
    pinned = ask("POST", "/v1/webhook_endpoints", f"{form}&api_version={version}")
    assert (made[0], pinned[0]) == (status, status)
    if status == 400:
        assert made[1]["error"]["param"] == "enabled_events[1]"
