"""`creditctl webhooks …` as an operator meets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
import stripe

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator


@pytest.fixture
def client(emulator: Emulator) -> stripe.StripeClient:
    """The account behind the command line."""
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    return stripe.StripeClient("sk_test_emulator0000000000", http_client=EmulatorHTTPClient(emulator))


@pytest.fixture
def shop(cli: Any) -> Any:
    """The command line of a backend with a URL where nobody listens."""
    cli.environ["CREDITS_API_URL"] = "http://127.0.0.1:9"
    return cli


def endpoints(shop: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shop("webhooks", "list", "--json").report["endpoints"]
    return rows


def test_register_makes_the_endpoint_alone_and_list_shows_it(shop: Any, client: stripe.StripeClient) -> None:
    assert endpoints(shop) == []
    assert shop("webhooks", "register").exit_code == 0
    assert shop("webhooks", "register", "--json").report["changes"] == 0

    assert [(row["managed"], row["secret"], row["status"]) for row in endpoints(shop)] == [(True, "held", "enabled")]
    assert client.v1.products.list().data == []
    assert "creditctl" in shop("webhooks", "list").stdout


def test_an_endpoint_is_switched_off_and_on_and_deleted(shop: Any) -> None:
    made = shop("webhooks", "register", "--json").report["endpoint"]
    assert shop("webhooks", "disable", made, "--json").report["endpoint"]["status"] == "disabled"
    assert shop("webhooks", "enable", made, "--json").report["endpoint"]["status"] == "enabled"
    assert shop("webhooks", "delete", made, "--json").report == {"deleted": made}

    assert endpoints(shop) == []
    assert shop("webhooks", "delete", made, "--json").exit_code == 4


def test_a_deletion_whose_answer_was_cut_off_is_not_told_as_a_failure(shop: Any, emulator: Emulator) -> None:
    made = shop("webhooks", "register", "--json").report["endpoint"]
    emulator.services.faults.add({"kind": "cut_after", "method": "DELETE", "count": 1})

    assert shop("webhooks", "delete", made, "--json").report == {"deleted": made}
    assert endpoints(shop) == []


def test_a_rotation_waits_for_a_delivery_and_then_ends(
    shop: Any, emulator: Emulator, client: stripe.StripeClient, clock: Any
) -> None:
    from creditctl.emulator.protocol.wire import Reply

    shop("setup")
    before = (shop.folder / ".env").read_text()
    assert shop("webhooks", "rotate", "--json").report["stage"] == "overlap"
    assert shop("setup", "--check").exit_code == 0
    waiting = shop("webhooks", "rotate", "--json")
    assert (waiting.exit_code, waiting.document["findings"][0]["code"]) == (1, "rotation.waiting")
    assert len(endpoints(shop)) == 2

    clock.now += 60
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "https://example.com/",
            "line_items": [{"price": client.v1.prices.list({"limit": 1}).data[0].id, "quantity": 1}],
        }
    )
    client.v1.checkout.sessions.expire(session.id)

    def accepted(_url: str, _headers: Mapping[str, str], _body: bytes) -> Reply:
        return Reply(200)

    emulator.pump(send=accepted)
    done = shop("webhooks", "rotate", "--json")

    assert (done.exit_code, done.report["stage"]) == (0, "done")
    assert done.report["event"].startswith("evt_")
    assert [row["secret"] for row in endpoints(shop)] == ["held"]
    after = (shop.folder / ".env").read_text()
    assert after != before
    assert "," not in after
    assert shop("setup", "--check").exit_code == 0


def test_a_rotation_can_be_ended_without_waiting(shop: Any) -> None:
    shop("setup")
    shop("webhooks", "rotate")
    assert shop("webhooks", "rotate", "--now", "--json").report["stage"] == "done"
    assert len(endpoints(shop)) == 1


def test_there_is_nothing_to_rotate_without_an_endpoint(shop: Any) -> None:
    outcome = shop("webhooks", "rotate", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "webhooks.nothing_to_rotate")


def test_a_probe_that_nobody_answers_is_unreachable(shop: Any) -> None:
    shop("setup")
    outcome = shop("webhooks", "probe", "--json")

    assert outcome.exit_code == 5
    assert {check["status"] for check in outcome.report["checks"]} == {"unknown"}


def test_without_a_url_there_is_nothing_to_register_or_probe(cli: Any) -> None:
    for command in ("register", "probe", "rotate"):
        outcome = cli("webhooks", command, "--json")
        assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "webhooks.no_url")


@pytest.mark.parametrize(
    "command",
    [("register",), ("rotate",), ("disable", "ID"), ("enable", "ID"), ("delete", "ID")],
    ids=lambda command: command[0],
)
def test_nothing_happens_to_a_live_endpoint_unconfirmed(shop: Any, clock: Any, command: tuple[str, ...]) -> None:
    from creditctl.emulator.app import Emulator
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    live_key = "sk_live_" + "emulator0000000000"
    live_emulator = Emulator(clock=clock, seed=1, livemode=True)
    shop.transport = lambda: EmulatorHTTPClient(live_emulator)
    del shop.environ["STRIPE_API_BASE"]
    shop.environ |= {"STRIPE_SECRET_KEY": live_key, "CREDITS_API_URL": "https://api.example.com"}
    live = stripe.StripeClient(live_key, http_client=EmulatorHTTPClient(live_emulator))
    account = live.v1.accounts.retrieve_current().id
    assert shop("webhooks", "register", "--mode", "live", "--confirm", account).exit_code == 0
    (made,) = live.v1.webhook_endpoints.list().data
    if command == ("register",):
        live.v1.webhook_endpoints.update(made.id, {"disabled": True})
    before = [str(endpoint) for endpoint in live.v1.webhook_endpoints.list().data]
    words = ["webhooks", *(made.id if word == "ID" else word for word in command)]

    for options in ((), ("--yes",), ("--mode", "live", "--yes"), ("--mode", "live", "--confirm", "acct_wrong")):
        refused = shop(*words, *options, "--json")
        assert (refused.exit_code, refused.document["error"]["type"]) == (3, "guard")
    assert [str(endpoint) for endpoint in live.v1.webhook_endpoints.list().data] == before
    assert shop(*words, "--mode", "live", "--confirm", account).exit_code == 0
    live_emulator.close()
