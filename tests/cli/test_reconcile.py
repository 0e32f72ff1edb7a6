"""`creditctl reconcile` against the emulator: lost webhooks are found, repaired, and late ones change nothing."""

from __future__ import annotations

import io
import re
import shlex
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from creditctl.cli.app import run
from creditctl.cli.wiring import Wiring
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.ledger.store import Ledger
from creditctl.reconciliation.lock import only_one
from tests.support.keys import live_key
from tests.support.ledger_calls import read
from tests.support.market import Market
from tests.support.scripted_stripe import Scripted, ScriptedStripe, answers, by_path, emulated, is_write, lost

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli, Outcome


def codes(outcome: Outcome) -> list[str]:
    return [finding["code"] for finding in outcome.document["findings"]]


def test_a_shop_whose_webhooks_arrive_is_clean(cli: Cli, market: Market) -> None:
    paid = market.buy("pro")
    market.buy(user="u2", token="tok_chargeDeclined")
    market.client.v1.refunds.create(params={"payment_intent": str(paid.payment_intent), "amount": 2500})
    market.deliver()
    market.clock.now += 3600
    outcome = cli("reconcile", "--json")
    assert outcome.exit_code == 0, outcome.stdout
    assert outcome.document["ok"] is True
    assert outcome.document["mode"] == "emulator"
    assert outcome.document["findings"] == []
    assert outcome.report["pulled"] == {"checkout_sessions": 2, "payment_intents": 2, "refunds": 1, "disputes": 0}
    assert market.balances() == {"u1": 13_500 - 3_375}
    assert set(market.statuses) == {200}


def test_lost_webhooks_are_found_repaired_and_late_ones_change_nothing(cli: Cli, market: Market) -> None:
    refunded, whole = market.buy("pro", "u1"), market.buy("basic", "u2")
    market.deliver()
    market.losing = True
    lost = market.buy("business", "u3")
    disputed = market.buy("starter", "u4", token="tok_createDispute")
    market.client.v1.refunds.create(params={"payment_intent": str(refunded.payment_intent), "amount": 5000})
    market.client.v1.refunds.create(params={"payment_intent": str(whole.payment_intent)})
    market.deliver()
    market.clock.now += 3600
    market.losing = False

    found = cli("reconcile", "--json")
    assert found.exit_code == 1
    assert found.document["ok"] is False
    assert sorted(codes(found)) == ["reconcile.missing_credit"] * 2 + ["reconcile.refund_not_taken"] * 2
    subjects = {finding["subject"] for finding in found.document["findings"]}
    assert {lost.payment_intent, disputed.payment_intent} <= subjects
    assert market.balances() == {"u1": 13_500, "u2": 5_500}

    planned = cli("reconcile", "--dry-run", "--json")
    assert planned.exit_code == 0
    assert market.balances() == {"u1": 13_500, "u2": 5_500}

    repaired = cli("reconcile", "--repair", "--yes", "--json")
    assert repaired.exit_code == 0, repaired.stdout
    assert len(repaired.report["repaired"]) == 4
    assert [r["credits"] for r in repaired.report["repaired"]] == [r["credits"] for r in planned.report["repairs"]]
    after = {"u1": 6_750, "u2": 0, "u3": 35_000, "u4": 0}
    assert market.balances() == after

    count = read(market.ledger).count()
    market.clock.now += 4 * 86_400
    market.deliver()  # what was lost is tried again, days later
    assert market.statuses
    assert set(market.statuses) == {200}
    assert market.balances() == after
    assert read(market.ledger).count() == count
    assert cli("reconcile").exit_code == 0
    assert read(market.ledger).verify().ok


def test_a_dispute_won_and_a_refund_that_failed_unheard_give_back(cli: Cli, market: Market) -> None:
    disputed, refunded = market.buy("pro", "u1", "tok_createDispute"), market.buy("basic", "u2", "tok_refundFail")
    market.client.v1.refunds.create(params={"payment_intent": str(refunded.payment_intent)})
    market.deliver()
    assert market.balances() == {"u1": 0, "u2": 0}
    market.losing = True
    (dispute,) = market.client.v1.disputes.list(params={"payment_intent": str(disputed.payment_intent)}).data
    market.client.v1.disputes.update(
        dispute.id, params={"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    )
    market.clock.now += 7 * 86_400
    market.deliver()

    found = cli("reconcile", "--json")
    assert codes(found) == ["reconcile.dispute_won_not_returned", "reconcile.refund_failed_not_returned"]
    assert cli("reconcile", "--repair", "--yes").exit_code == 0
    assert market.balances() == {"u1": 13_500, "u2": 5_500}
    assert cli("reconcile").exit_code == 0


def test_the_grace_period_is_a_setting_that_an_option_overrides(cli: Cli, market: Market) -> None:
    market.losing = True
    market.buy()
    market.deliver()
    market.clock.now += 60
    (cli.folder / "creditctl.toml").write_text("[reconcile]\ngrace_seconds = 0\n")

    assert codes(cli("reconcile", "--json")) == ["reconcile.missing_credit"]
    assert codes(cli("reconcile", "--grace-seconds", "900", "--json")) == ["reconcile.in_flight"]


def test_a_payment_of_this_minute_is_on_its_way_and_no_failure(cli: Cli, market: Market) -> None:
    market.losing = True
    market.buy()
    market.deliver()
    market.clock.now += 60
    outcome = cli("reconcile")
    assert outcome.exit_code == 0
    assert "reconcile.in_flight" in outcome.stdout
    strict = cli("reconcile", "--grace-seconds", "30", "--json")
    assert strict.exit_code == 1
    assert codes(strict) == ["reconcile.missing_credit"]


def import_purchase(market: Market, key: str, user: str, credits: int = 1000) -> int:
    """A row of an application's own, as an import brings it; its entry."""
    draft = EntryDraft(
        created=market.clock.now,
        user_id=user,
        kind=EntryKind.PURCHASE,
        credits=credits,
        amount=1000,
        currency="usd",
        payment_key=key,
        session_id=None,
        object_id=None,
        package=None,
        idempotency_key=f"import:app:{key}:{user}",
    )
    with market.ledger.transaction() as tx:
        return tx.post(draft).entry.id


def test_grace_is_measured_by_the_clock_that_is_ahead_so_that_nothing_hides_and_nobody_is_accused_early(
    cli: Cli, market: Market
) -> None:
    """The emulator is put forward: a payment of its last minutes is young, however far in the future it lies here."""
    market.emulator.move_clock(7200)
    market.losing = True
    paid = market.buy()
    market.deliver()

    assert codes(cli("reconcile", "--json")) == ["reconcile.in_flight"]
    assert "younger than the grace period" in cli("trace", str(paid.payment_intent)).stdout
    market.emulator.move_clock(1200)
    assert codes(cli("reconcile", "--json")) == ["reconcile.missing_credit"]
    assert "younger than the grace period" not in cli("trace", str(paid.payment_intent)).stdout


def test_a_mapping_fault_is_named_offline_too_and_nobody_new_is_accused(cli: Cli, market: Market) -> None:
    """Entries under numbers of their own beside payments that lack as many; one after the lists were kept is none."""
    market.losing = True
    for number in range(3):
        market.buy(user=f"u{number}")
        import_purchase(market, f"order-{number}", f"u{number}")
    market.clock.now += 3600
    online = codes(cli("reconcile", "--json"))
    import_purchase(market, "order-9", "u9")
    offline = cli("reconcile", "--offline", "--json")

    assert sorted(online) == [
        *["reconcile.mapping_fault"],
        *["reconcile.missing_credit"] * 3,
        *["reconcile.orphan_credit"] * 3,
    ]
    assert sorted(codes(offline)) == sorted(online)
    (fault,) = [each for each in offline.document["findings"] if each["code"] == "reconcile.mapping_fault"]
    assert "3 entries" in fault["message"]
    assert "the kept lists do not show" in fault["message"]
    assert offline.report["payments"] == 3


def test_what_needs_a_person_is_shown_worst_first_with_its_command(cli: Cli, market: Market) -> None:
    entry = import_purchase(market, "pi_forged", "u9")
    market.clock.now += 3600
    outcome = cli("reconcile", "--repair", "--yes")
    assert outcome.exit_code == 1
    assert "critical reconcile.orphan_credit pi_forged" in outcome.stdout
    command = (
        f"creditctl ledger adjust --user u9 --credits -1000 --corrects {entry} --key {entry}:-1000:u9 --reason TEXT"
    )
    assert f"`{command}`" in outcome.stdout
    assert "needs a person" in outcome.stdout
    assert market.balances() == {"u9": 1000}


def test_a_long_list_is_cut_for_people_and_whole_in_json(cli: Cli, market: Market) -> None:
    for number in range(53):
        import_purchase(market, f"pi_forged{number}", "u9")
    market.clock.now += 3600
    outcome = cli("reconcile")
    assert outcome.stdout.count("critical reconcile.orphan_credit") == 50
    assert "and 3 more findings" in outcome.stdout
    assert len(cli("reconcile", "--json").document["findings"]) == 53


def commands(finding: dict[str, str]) -> list[list[str]]:
    """The ready commands in a finding's fix, without the alternative that comes after "or"."""
    return [shlex.split(text) for text in re.findall(r"`creditctl (.*?)`", finding["fix"].partition("; or")[0])]


def test_the_printed_commands_put_right_what_a_person_has_to_decide(cli: Cli, market: Market) -> None:
    market.losing = True
    stolen, doubled = (str(market.buy(user=user).payment_intent) for user in ("u1", "o'brien; --yes"))
    market.deliver()
    import_purchase(market, stolen, "thief")
    import_purchase(market, doubled, "o'brien; --yes")
    import_purchase(market, f"{doubled}", "o'brien;  --yes")
    import_purchase(market, "pi_forged", "u9")
    market.clock.now += 3600
    outcome = cli("reconcile", "--json")
    assert codes(outcome) == ["reconcile.orphan_credit", "reconcile.wrong_user", "reconcile.wrong_user"]
    for finding in outcome.document["findings"]:
        for command in commands(finding):
            done = cli(*command, "--yes")
            assert done.exit_code == 0, done.stderr
    after = cli("reconcile", "--json")
    assert after.exit_code == 0
    assert set(codes(after)) == {"reconcile.settled_finding"}
    assert {user: credits for user, credits in market.balances().items() if credits} == {
        "u1": 1000,
        "o'brien; --yes": 1000,
    }
    for finding in after.document["findings"]:
        (command,) = commands(finding)
        assert cli(*command, "--yes").exit_code == 0
    assert cli("reconcile", "--json").document["findings"] == []


def test_what_is_as_it_should_be_is_dismissed_with_the_printed_command(cli: Cli, market: Market) -> None:
    import_purchase(market, "pi_gift", "u9")
    market.clock.now += 3600
    (finding,) = cli("reconcile", "--json").document["findings"]
    dismissal = re.findall(r"`creditctl (ledger resolve .*?)`", finding["fix"])
    assert cli(*shlex.split(dismissal[0])).exit_code == 0
    assert cli("reconcile").exit_code == 0


def test_a_window_is_understood_and_shown(cli: Cli, market: Market) -> None:
    market.losing = True
    market.buy()
    market.deliver()
    market.clock.now += 3 * 86_400
    assert cli("reconcile", "--since", "1d").exit_code == 0
    outcome = cli("reconcile", "--since", "4d", "--until", "2026-12-31", "--json")
    assert outcome.exit_code == 1
    assert outcome.report["window"]["until"] == "2026-12-31T00:00:00Z"


@pytest.mark.parametrize(
    "arguments",
    [("--since", "soon"), ("--since", "1d", "--until", "2d"), ("--since", "2099-01-01"), ("--since", "0d")],
)
def test_a_window_that_means_nothing_is_a_usage_error(cli: Cli, market: Market, arguments: tuple[str, ...]) -> None:
    outcome = cli("reconcile", *arguments, "--json")
    assert outcome.exit_code == 2
    assert outcome.document["error"]["type"] == "usage"


def test_too_many_repairs_are_refused(cli: Cli, market: Market) -> None:
    market.losing = True
    market.buy()
    market.buy()
    market.deliver()
    market.clock.now += 3600
    outcome = cli("reconcile", "--repair", "--yes", "--max-repairs", "1", "--json")
    assert outcome.exit_code == 3
    assert outcome.document["error"]["code"] == "reconcile.too_many_repairs"
    assert read(market.ledger).count() == 0


def broken(emulator: Emulator, path: str, fault: Scripted) -> ScriptedStripe:
    """The emulator with one path that answers an error, or not at all."""
    http = ScriptedStripe(emulator)
    http.on(answers(fault), path=f"{path}*")
    return http


@pytest.mark.parametrize("fault", [lost(), 429, 500, 503], ids=["None", "429", "500", "503"])
@pytest.mark.parametrize("path", ["/v1/checkout/sessions", "/v1/payment_intents", "/v1/refunds", "/v1/disputes"])
def test_a_fault_of_stripe_in_the_middle_is_exit_5_and_posts_nothing(
    cli: Cli, market: Market, path: str, fault: Scripted
) -> None:
    market.losing = True
    market.buy()
    market.deliver()
    market.clock.now += 3600
    cli.transport = lambda: broken(market.emulator, path, fault)
    outcome = cli("reconcile", "--repair", "--yes", "--json")
    assert outcome.exit_code == 5
    assert outcome.document["error"]["type"] == "unreachable"
    assert read(market.ledger).count() == 0
    (kept,) = read(market.ledger).runs("reconcile")
    assert not kept.ok


def test_the_kept_error_of_a_failed_run_holds_no_value_of_a_secret(
    cli: Cli, market: Market, emulator: Emulator
) -> None:
    password = "hunter22" + "Correct0Horse"
    cli.environ["PROXY_PASSWORD"] = password
    http = ScriptedStripe(emulated(emulator))
    http.on(
        answers(lost(f"proxy http://app:{password}@127.0.0.1 says no", should_retry=False)),
        when=lambda request: request.path.endswith("/refunds"),
    )
    cli.transport = lambda: http
    outcome = cli("reconcile", "--json")

    assert outcome.exit_code == 5
    (kept,) = read(market.ledger).runs("reconcile")
    assert not kept.ok
    assert kept.report["error"]
    assert password not in str(kept.report)


@pytest.mark.parametrize("options", [(), ("--repair", "--yes"), ("--dry-run",)], ids=["plain", "repair", "dry run"])
def test_a_ledger_that_was_tampered_with_is_said_by_each_run_and_repaired_by_none(
    cli: Cli, market: Market, options: tuple[str, ...]
) -> None:
    market.buy()
    market.deliver()
    market.losing = True
    market.buy(user="u2")
    market.clock.now += 3600
    with closing(sqlite3.connect(market.ledger.path)) as connection:
        connection.executescript(
            "DROP TRIGGER credit_transactions_no_update; UPDATE credit_transactions SET credits = 9000;"
        )
    outcome = cli("reconcile", *options, "--json")

    assert outcome.exit_code == 6
    assert "reconcile.ledger_tampered" in codes(outcome)
    assert "reconcile.missing_credit" in codes(outcome)
    assert read(market.ledger).count() == 1


def test_a_second_run_at_the_same_time_is_refused(cli: Cli, market: Market) -> None:
    with only_one(market.ledger.path):
        outcome = cli("reconcile", "--json")
    assert outcome.exit_code == 3
    assert outcome.document["error"]["type"] == "lock"


def test_without_a_ledger_there_is_nothing_to_compare(cli: Cli) -> None:
    outcome = cli("reconcile", "--json")
    assert outcome.exit_code == 6
    assert outcome.document["error"]["code"] == "ledger.missing"
    for way in ("creditctl ledger init", "[source]"):
        assert way in outcome.document["error"]["fix"], "an application may keep the credits itself"


def test_another_mode_than_expected_is_refused(cli: Cli, market: Market) -> None:
    outcome = cli("reconcile", "--mode", "live", "--json")
    assert outcome.exit_code == 3
    assert outcome.document["error"]["code"] == "guard.mode"


class Terminal(io.StringIO):
    """A keyboard at which somebody sits."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_repair_posts_nothing_where_nobody_can_be_asked(cli: Cli, market: Market, form: tuple[str, ...]) -> None:
    market.losing = True
    paid = market.buy()
    market.deliver()
    market.clock.now += 3600

    refused = cli("reconcile", "--repair", *form)
    listed = cli("reconcile", "--repair", "--dry-run", *form)

    assert (refused.exit_code, listed.exit_code, read(market.ledger).count()) == (3, 0, 0)
    assert "--yes" in (refused.document["error"]["fix"] if form else refused.stderr)
    assert str(paid.payment_intent) in listed.stdout
    assert cli("reconcile", "--repair", "--yes", *form).exit_code == 0
    assert read(market.ledger).count() == 1


@pytest.mark.parametrize(("answer", "posted"), [("y\n", 1), ("yes\n", 1), ("n\n", 0), ("\n", 0), ("", 0)])
def test_on_a_terminal_the_plan_is_shown_and_asked_about(cli: Cli, market: Market, answer: str, posted: int) -> None:
    market.losing = True
    paid = market.buy()
    market.deliver()
    market.clock.now += 3600
    code, stderr = at_a_terminal(cli, answer, "reconcile", "--repair")
    assert f"purchase:{paid.payment_intent}" in stderr.replace("\n", "")
    assert read(market.ledger).count() == posted
    assert code == (0 if posted else 1)


def at_a_terminal(cli: Cli, answer: str, *arguments: str) -> tuple[int, str]:
    stderr = io.StringIO()
    wiring = Wiring(
        environ=cli.environ,
        folder=cli.folder,
        stdin=Terminal(answer),
        stdout=io.StringIO(),
        stderr=stderr,
        clock=cli.clock,
        sleep=cli.clock.sleep,
        transport=cli.transport,
    )
    return run(list(arguments), wiring), stderr.getvalue()


LIVE_ACCOUNT = "acct_live0000000000"


def live_stripe(session: dict[str, Any]) -> ScriptedStripe:
    """A live account that is empty but for one paid session, and to which nothing is written."""
    empty = {"object": "list", "data": [], "has_more": False}
    account = {"id": LIVE_ACCOUNT, "object": "account"}
    found = by_path({"/v1/account": account, "/v1/checkout/sessions": {**empty, "data": [session]}}, otherwise=empty)
    http = ScriptedStripe(found)
    http.on(answers(AssertionError("nothing is written to Stripe")), when=is_write)
    return http


LiveReconcile = Callable[..., tuple["Outcome", int]]
"""Runs `reconcile` on the live account. Shape: how it ended, and how many entries the ledger has."""


@pytest.fixture
def live(offline_cli: Cli, tmp_path: Path) -> LiveReconcile:
    """Runs reconcile with a live key over one lost payment; how it ended, and how many entries there are."""
    session = {
        "id": "cs_live_1",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "no_payment_required",
        "mode": "payment",
        "amount_subtotal": 1000,
        "amount_total": 0,
        "currency": "usd",
        "payment_intent": None,
        "client_reference_id": "u1",
        "metadata": {"managed_by": "creditctl", "user_id": "u1", "package": "starter", "credits": "1000"},
        "livemode": True,
        "created": offline_cli.clock.now - 86_400,
    }
    offline_cli.environ["STRIPE_SECRET_KEY"] = live_key("example" + "0" * 17)
    offline_cli.transport = lambda: live_stripe(session)
    path = tmp_path / "creditctl.db"
    Ledger.open(path, account=LIVE_ACCOUNT, livemode=True, clock=offline_cli.clock).close()

    def reconcile(*arguments: str) -> tuple[Outcome, int]:
        outcome = offline_cli("reconcile", *arguments, "--json")
        with Ledger.open(path, account=None, livemode=None, clock=offline_cli.clock) as ledger:
            return outcome, read(ledger).count()

    return reconcile


def test_comparing_a_live_account_needs_no_confirmation(live: LiveReconcile) -> None:
    outcome, entries = live()
    assert (outcome.exit_code, entries) == (1, 0)
    assert codes(outcome) == ["reconcile.missing_credit"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--yes",),
        ("--mode", "live"),
        ("--mode", "live", "--yes"),
        ("--confirm", LIVE_ACCOUNT),
        ("--mode", "live", "--confirm", "acct_other"),
        ("--mode", "live", "--confirm", LIVE_ACCOUNT),
    ],
)
def test_a_live_repair_without_mode_account_and_yes_is_refused(live: LiveReconcile, arguments: tuple[str, ...]) -> None:
    outcome, entries = live("--repair", *arguments)
    assert (outcome.exit_code, entries) == (3, 0)
    assert outcome.document["error"]["type"] == "guard"


def test_a_live_repair_with_mode_and_account(live: LiveReconcile) -> None:
    outcome, entries = live("--repair", "--mode", "live", "--confirm", LIVE_ACCOUNT, "--yes")
    assert (outcome.exit_code, entries) == (0, 1)
