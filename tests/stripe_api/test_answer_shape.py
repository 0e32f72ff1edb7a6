"""What answers in Stripe's place and does not speak as Stripe does is told from Stripe, for every command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import stripe

from creditctl.ledger.store import Ledger
from creditctl.stripe_api.answer_shape import NotStripe, require_answer, require_refusal
from tests.support.scripted_stripe import Scripted, ScriptedStripe, StripeAnswer, by_path

if TYPE_CHECKING:
    from tests.support.cli import Cli

BASE = "https://api.stripe.com"
LIST = '{"object":"list","data":[],"has_more":false}'


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "/v1/prices", LIST),
        ("get", "/v1/prices/", LIST),
        ("get", "/v1/prices/search", '{"object":"search_result","data":[]}'),
        ("get", "/v1/checkout/sessions/cs_1/line_items", LIST),
        ("post", "/v1/products", '{"object":"product","id":"prod_1"}'),
        ("delete", "/v1/webhook_endpoints/we_1", '{"object":"webhook_endpoint","id":"we_1","deleted":true}'),
        ("get", "/v1/events/evt_1", '{"object":"event","data":{"object":{"object":"price"}}}'),
        ("post", "/v1/checkout/sessions/cs_1/expire", '{"object":"checkout.session"}'),
        ("get", "/v1/something_new", '{"object":"something_new"}'),
    ],
)
def test_what_stripe_says_passes(method: str, path: str, body: str) -> None:
    require_answer(method, BASE + path, body)
    require_answer(method, BASE + path, body.encode())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/prices", '{"hello":"world"}'),
        ("/v1/prices", "[]"),
        ("/v1/prices", "null"),
        ("/v1/prices", '"hi"'),
        ("/v1/prices", "<html>Please log in</html>"),
        ("/v1/prices", '{"object":3}'),
        ("/v1/prices", '{"object":"list"}'),
        ("/v1/prices", '{"object":"list","data":{}}'),
        ("/v1/prices", '{"object":"list","data":[1]}'),
        ("/v1/prices", '{"object":"account","id":"acct_1"}'),
        ("/v1/account", LIST),
        ("/v1/prices/price_1", LIST),
        ("/v1/prices/price_1", '{"object":"product"}'),
        ("/v1/prices", b'{"object":"list","data":[],"about":"caf\xe9"}'),
    ],
)
def test_what_stripe_would_never_say_is_told(path: str, body: str | bytes) -> None:
    with pytest.raises(NotStripe, match="is not Stripe"):
        require_answer("get", BASE + path, body)


@pytest.mark.parametrize("body", ["", '{"object":"li', '{"object":"list","data":[{"a"'])
def test_an_answer_that_broke_off_is_no_other_server(body: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        require_answer("get", f"{BASE}/v1/prices", body)


@pytest.mark.parametrize("body", ["<html>", "{}", '{"error":"no"}', "[]", ""])
def test_a_refusal_in_other_words_is_none_of_stripes(body: str) -> None:
    with pytest.raises(NotStripe):
        require_refusal(f"{BASE}/v1/prices", body)
    require_refusal(f"{BASE}/v1/prices", '{"error":{"type":"invalid_request_error"}}')


COMMANDS = [
    ["setup", "--check"],
    ["webhooks", "list"],
    ["webhooks", "disable", "we_1", "--yes"],
    ["events", "list"],
    ["events", "archive"],
    ["events", "replay", "evt_1", "--yes"],
    ["events", "trigger", "checkout.session.completed"],
    ["reconcile"],
    ["reconcile", "--repair", "--yes"],
    ["serve", "--port", "0"],
    ["ledger", "init", "--ledger", "new.db"],
]
PORTALS: dict[str, Scripted] = {
    "another API": {"hello": "world"},
    "a page": "<html>Please log in</html>",
    "objects that lack everything": {"object": "list", "data": [{"foo": 1}], "has_more": False},
    "a proxy's refusal": StripeAnswer("<html>Forbidden</html>", 403),
}


@pytest.mark.parametrize("portal", PORTALS)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_says_that_this_is_not_stripe(cli: Cli, command: list[str], portal: str, tmp_path: Path) -> None:
    cli.environ.update(
        STRIPE_WEBHOOK_SECRET="whsec_example0000000000",
        FRONTEND_URL="http://127.0.0.1:3000",
        CREDITS_API_URL="http://127.0.0.1:9",
    )
    Ledger.open(tmp_path / "creditctl-emulator.db", account="acct_1", livemode=False, clock=cli.clock).close()
    cli.transport = lambda: ScriptedStripe(by_path({}, otherwise=PORTALS[portal]))
    outcome = cli(*command, "--json")

    assert outcome.exit_code == 5, outcome.stdout
    assert outcome.document["error"]["code"] in ("stripe.not_stripe", "events.unreadable")


def test_a_change_that_such_a_server_answered_is_noted_as_unknown(cli: Cli) -> None:
    seen: list[str] = []

    def portal(request: object) -> StripeAnswer:
        seen.append(getattr(request, "method", ""))
        return StripeAnswer({"object": "list", "data": [], "has_more": False, "url": "/v1/x"})

    cli.transport = lambda: ScriptedStripe(portal)
    outcome = cli("setup", "--yes", "--json")

    assert outcome.exit_code == 5
    assert seen.count("POST") == 1
    (line,) = (cli.folder / "creditctl-emulator-audit.jsonl").read_text().splitlines()
    assert '"outcome": "unknown"' in line


def test_it_is_a_lost_connection_to_who_asks_the_sdk() -> None:
    assert issubclass(NotStripe, stripe.APIConnectionError)
