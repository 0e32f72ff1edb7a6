"""The /v1 handler: keys, versions, headers, errors, what every endpoint shares."""

import base64
import json
from typing import Any

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import Inside
from tests.support.keys import TEST_KEY

ENDIVE = {"stripe-version": "2026-10-28.endive"}


@pytest.mark.parametrize("kind", ["application/json", "Multipart/Form-Data; boundary=x", "text/xml"])
def test_json_and_multipart_are_no_form(ask: Inside, kind: str) -> None:
    status, body, _ = ask("POST", "/v1/products", '{"name": "A"}', headers={"content-type": kind})
    assert (status, "application/x-www-form-urlencoded" in body["error"]["message"]) == (400, True)


def test_headers_of_every_answer(ask: Inside) -> None:
    status, body, headers = ask("GET", "/v1/products", headers={"stripe-version": "2024-06-20"})
    assert status == 200
    assert body == {"object": "list", "data": [], "has_more": False, "url": "/v1/products"}
    assert headers["Stripe-Version"] == "2024-06-20"
    assert headers["Request-Id"].startswith("req_")
    assert len(headers["Request-Id"]) == 18


@pytest.mark.parametrize(
    ("header", "status", "text", "code"),
    [
        ("", 401, "You did not provide an API key.", None),
        ("Bearer nonsense", 401, "Invalid API Key provided: ****ense", None),
        ("Bearer sk_test_1", 401, "Invalid API Key provided: ", None),
        ("Bearer pk_test_1234567890", 401, "cannot be made with a publishable API key", "secret_key_required"),
    ],
)
def test_keys_that_open_nothing(ask: Inside, header: str, status: int, text: str, code: str | None) -> None:
    got, body, headers = ask("GET", "/v1/balance", headers={"authorization": header})
    assert got == status
    assert text in body["error"]["message"]
    assert body["error"]["type"] == "invalid_request_error"
    assert body["error"].get("code") == code
    assert "request_log_url" not in body["error"]
    assert headers["Request-Id"].startswith("req_")


def test_live_keys_only_where_asked_for() -> None:
    key = "sk_live_" + "example0000"
    for livemode, expected in ((False, 401), (True, 200)):
        emulator = Emulator(livemode=livemode)

        response = emulator.handle(Request("GET", "/v1/balance", "", {"authorization": f"Bearer {key}"}))
        assert response.status == expected
        emulator.close()


def test_basic_authentication_opens_the_same_account(ask: Inside) -> None:
    basic = base64.b64encode(f"{ask.key}:".encode()).decode()
    one = ask("GET", "/v1/account")[1]["id"]
    two = ask("GET", "/v1/account", headers={"authorization": f"Basic {basic}"})[1]["id"]
    assert one == two
    assert one.startswith("acct_1")
    assert len(one) == 21


def test_accounts_do_not_see_each_other(ask: Inside) -> None:
    product = ask("POST", "/v1/products", "name=Mine")[1]["id"]
    other = {"authorization": "Bearer sk_test_someoneelse00000"}
    assert ask("GET", "/v1/products", headers=other)[1]["data"] == []
    assert ask("GET", f"/v1/products/{product}", headers=other)[0] == 404


def test_keys_with_an_equal_body_share_an_account(ask: Inside) -> None:
    product = ask("POST", "/v1/products", "name=Mine")[1]["id"]
    restricted = {"authorization": "Bearer " + ask.key.replace("sk_", "rk_")}
    assert ask("GET", f"/v1/products/{product}", headers=restricted)[0] == 200


@pytest.mark.parametrize(
    ("version", "ok"),
    [("2026-10-28.endive", True), ("2020-08-27", True), ("not-a-real-version", False), ("2026-10-28", False)],
)
def test_versions(ask: Inside, version: str, ok: bool) -> None:
    status, body, _ = ask("GET", "/v1/products", headers={"stripe-version": version})
    assert (status == 200) is ok
    if not ok:
        assert body["error"]["message"] == f"Invalid Stripe API version: {version}"


@pytest.mark.parametrize(
    ("method", "path", "form", "status", "code", "param", "message"),
    [
        ("POST", "/v1/products", "", 400, "parameter_missing", "name", "Missing required param: name."),
        ("POST", "/v1/products", "name=A&wat=1", 400, "parameter_unknown", "wat", "Received unknown parameter: wat"),
        (
            "POST",
            "/v1/products",
            "name=A&wat=1&who=2",
            400,
            "parameter_unknown",
            "wat",
            "Received unknown parameters: wat, who",
        ),
        ("GET", "/v1/products", "limit=abc", 400, "parameter_invalid_integer", "limit", "Invalid integer: abc"),
        ("POST", "/v1/products", "name=", 400, "parameter_invalid_empty", "name", "You passed an empty string"),
        ("GET", "/v1/products/prod_x", "", 404, "resource_missing", "id", "No such product: 'prod_x'"),
        ("GET", "/v1/prices/price_x", "", 404, "resource_missing", "price", "No such price: 'price_x'"),
        (
            "GET",
            "/v1/products",
            "starting_after=prod_x",
            400,
            "resource_missing",
            "starting_after",
            "No such product: 'prod_x'",
        ),
        (
            "GET",
            "/v1/products",
            "starting_after=a&ending_before=b",
            400,
            None,
            None,
            "Received both starting_after and ending_before",
        ),
        ("GET", "/v1/foo", "", 404, None, None, "Unrecognized request URL (GET: /v1/foo)"),
        ("POST", "/v1/subscriptions", "", 404, None, None, "not in this emulator"),
        (
            "POST",
            "/v1/customers",
            "invoice_settings[nope]=1",
            400,
            "parameter_unknown",
            "invoice_settings[nope]",
            "Received unknown parameter: invoice_settings[nope]",
        ),
        (
            "POST",
            "/v1/checkout/sessions",
            "mode=sell",
            400,
            None,
            "mode",
            "Invalid mode: must be one of payment, setup, or subscription",
        ),
        ("GET", "/v1/products", "expand[]=data.foo", 200, None, None, ""),
    ],
)
def test_refusals(
    ask: Inside, method: str, path: str, form: str, status: int, code: str | None, param: str | None, message: str
) -> None:
    got, body, headers = ask(method, path, form)
    assert got == status
    if status == 200:
        return
    error = body["error"]
    assert error["type"] == "invalid_request_error"
    assert message in error["message"]
    assert error.get("code") == code
    assert error.get("param") == param
    if code:
        assert error["doc_url"] == "https://stripe.com/docs/error-codes/" + code.replace("_", "-")
    if not message.startswith("Unrecognized request URL"):
        assert error["request_log_url"].endswith(headers["Request-Id"])


def test_expanding_what_can_not_be_expanded(ask: Inside) -> None:
    product = ask("POST", "/v1/products", "name=A")[1]["id"]
    status, body, _ = ask("GET", f"/v1/products/{product}", "expand[]=name")
    assert status == 400
    assert body["error"]["message"] == "This property cannot be expanded (name)."
    deep = "expand[]=a.b.c.d.e"
    assert "more than 4 levels" in ask("GET", f"/v1/products/{product}", deep)[1]["error"]["message"]


def test_other_accounts_are_refused(ask: Inside) -> None:
    status, body, _ = ask("GET", "/v1/balance", headers={"stripe-account": "acct_1other"})
    assert status == 403
    assert body["error"]["code"] == "account_invalid"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("metadata[" + "k" * 41 + "]=1", "at most 40 characters"),
        ("metadata[k]=" + "v" * 501, "up to 500 characters"),
        ("&".join(f"metadata[k{n}]=1" for n in range(51)), "50 keys"),
    ],
)
def test_metadata_has_bounds(ask: Inside, metadata: str, message: str) -> None:
    status, body, _ = ask("POST", "/v1/products", f"name=A&{metadata}")
    assert status == 400
    assert message in body["error"]["message"]


def test_old_versions_see_old_ui_modes(ask: Inside) -> None:
    ask("POST", "/v1/products", "name=A&id=p")
    price = ask("POST", "/v1/prices", "product=p&currency=usd&unit_amount=1000")[1]["id"]
    form = f"mode=payment&success_url=https://example.com&line_items[0][price]={price}&line_items[0][quantity]=1"
    old = ask("POST", "/v1/checkout/sessions", form, headers={"stripe-version": "2025-09-30.clover"})[1]
    assert old["ui_mode"] == "hosted"
    assert ask("GET", f"/v1/checkout/sessions/{old['id']}", headers=ENDIVE)[1]["ui_mode"] == "hosted_page"


def test_method_types_by_version(ask: Inside) -> None:
    form = "amount=1000&currency=usd&payment_method_types[]=card"
    assert ask("POST", "/v1/payment_intents", form)[0] == 200
    assert ask("POST", "/v1/payment_intents", form, headers={"stripe-version": "2026-08-26.dahlia"})[0] == 200
    status, body, _ = ask("POST", "/v1/payment_intents", form, headers=ENDIVE)
    assert status == 400
    assert body["error"]["code"] == "payment_method_types_no_longer_supported"


def test_currencies_that_do_not_exist(ask: Inside) -> None:
    status, body, _ = ask("POST", "/v1/payment_intents", "amount=1000&currency=xyz")
    assert (status, body["error"]["param"]) == (400, "currency")
    assert body["error"]["message"].startswith("Invalid currency: xyz. Stripe currently supports")


def test_a_bug_answers_in_stripes_words(emulator: Emulator, ask: Inside, caplog: pytest.LogCaptureFixture) -> None:
    emulator.services.store.db.execute("DROP TABLE balances")
    status, body, _ = ask("GET", "/v1/balance")
    assert (status, body["error"]["type"]) == (500, "api_error")
    assert "bug of the emulator" in body["error"]["message"]
    assert "GET /v1/balance failed" in caplog.text


def test_a_full_disk_is_called_one_and_nothing_is_kept(emulator: Emulator, ask: Inside) -> None:
    store = emulator.services.store
    store.db.execute("PRAGMA query_only = ON")
    status, body, _ = ask("POST", "/v1/customers", "email=a@b.example")
    assert (status, body["error"]["type"]) == (500, "api_error")
    assert "cannot keep its state" in body["error"]["message"]

    store.db.execute("PRAGMA query_only = OFF")
    assert ask("GET", "/v1/customers")[1]["data"] == []
    assert ask("POST", "/v1/customers", "email=a@b.example")[0] == 200


@pytest.mark.parametrize(("limit", "found"), [("0", 1), ("-5", 1), ("1", 1), ("100", 100), ("101", 100), ("1000", 100)])
def test_a_limit_out_of_range_is_the_nearest_bound(ask: Inside, limit: str, found: int) -> None:
    for _ in range(102):
        ask("POST", "/v1/customers")
    page = ask("GET", "/v1/customers", f"limit={limit}")[1]
    assert (len(page["data"]), page["has_more"]) == (found, True)


def test_a_get_reads_the_form_in_its_body(emulator: Emulator, ask: Inside) -> None:
    """As stripe-node sent it until 7.9, and Stripe reads it: stripe/stripe-node, issue 230."""
    for _ in range(2):
        ask("POST", "/v1/products", "name=A")

    def get(path: str, form: bytes, kind: str = "application/x-www-form-urlencoded") -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {TEST_KEY}", "content-type": kind}
        answer = emulator.handle(Request("GET", path, "", headers, form))
        return answer.status, json.loads(answer.body)

    assert len(get("/v1/products", b"limit=1")[1]["data"]) == 1
    assert get("/v1/products", b"bogus=1")[1]["error"]["param"] == "bogus"
    assert get("/v1/subscriptions", b"bogus=1")[0] == 404
    assert get("/v1/products", b'{"limit": 1}', "application/json")[0] == 400
    for empty in (b"{}", b"[]", b"null", b" \n"):
        assert get("/v1/products", empty, "application/json")[0] == 200
