"""What findings are about in all: each payment once, each currency by itself, information not at all."""

from __future__ import annotations

from creditctl.core.findings import Finding, Severity, Stake
from creditctl.payments.stakes import Stakes, stakes_of
from tests.support.payment_shop import Shop


def finding(subject: str, stake: Stake | None, severity: Severity = Severity.HIGH, *evidence: str) -> Finding:
    return Finding("reconcile.wrong_amount", severity, subject, "text", "fix", stake, evidence)


def test_a_payment_counts_once_and_currencies_stay_apart() -> None:
    total = stakes_of(
        [
            finding("pi_1", Stake(1000, 1000, "usd"), Severity.HIGH, "pi_1"),
            finding("pi_1", Stake(0, 100, "usd"), Severity.MEDIUM, "pi_1", "cs_1"),
            finding("pi_2", Stake(500, 1000, "jpy"), Severity.LOW, "pi_2"),
            finding("re_1", Stake(10, 100, "usd"), Severity.HIGH, "pi_3"),
            finding("re_2", Stake(20, 200, "usd"), Severity.HIGH, "pi_3"),
            finding("user u", Stake(7)),
            finding("pi_4", Stake(9999, 9999, "usd"), Severity.INFO, "pi_4"),
            finding("stripe", None),
        ]
    )

    assert total == Stakes(1537, (("jpy", 1000), ("usd", 1300)))
    assert total.words == "1,537 credits, 1,000 JPY, $13.00"
    assert stakes_of([]).words == ""


def test_a_report_has_the_totals_and_each_finding_its_proof(sound: Shop) -> None:
    key = sound.pay("pro", "u7")
    session = sound.session_of(key)["id"]
    report = sound.reconcile()
    (found,) = report.findings

    assert found.stake == Stake(13_500, 10_000, "usd")
    assert found.evidence == (key, session, f"ch_{key}")
    assert found.as_dict()["at_stake"] == {"credits": 13_500, "amount": 10_000, "currency": "usd"}
    assert report.as_dict()["at_stake"] == {"credits": 13_500, "amounts": {"usd": 10_000}}
    assert sound.repair(report).as_dict()["at_stake"] == {"credits": 0, "amounts": {}}
