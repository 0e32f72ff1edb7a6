"""Page docs/taxonomy.md: every kind of difference that reconcile tells apart, from the registry of codes."""

from __future__ import annotations

from creditctl.core.codes import CodeInfo, all_codes
from creditctl.core.findings import Severity
from creditctl.payments.finding_codes import PREFIX, REPAIRABLE, SEVERITIES

HEADING = """# What reconcile finds

Made by `make docs`; `creditctl explain CODE` says the same of one code, and `tests/payments/test_taxonomy.py` plants
each.

`creditctl reconcile` compares every payment on Stripe with the ledger, or with an application's own rows. Stripe's
objects are the truth, never its events: a payment whose event came late, was lost, or was never made at all is found
all the same. Each finding has a severity, a sentence, what to do next, the credits and the money at stake
(`at_stake`), and the ids that prove it (`evidence`); the report has the totals. Low and info are no failure: exit 0.

What **a repair** settles, `creditctl reconcile --repair` posts: `--repair --dry-run` lists it, `--max-repairs` and
`--max-credits` cap it, and each entry names its run, its reason and the entry that it corrects. It posts under the
keys that a webhook uses, so that twice, or beside a webhook that comes after all, is the same as once. It never posts
what needs **a person**, and nothing at all from lists that do not tie out, in a ledger that was tampered with, or
where the names of payments are read wrongly. What settles **itself** is only worth knowing.

Younger than the grace period (15 minutes, or `grace_seconds` under `[reconcile]`) a difference is in flight. Now is the
later of what this machine and Stripe's answers say, and a time that lies further in the future than the grace period
excuses nothing: clocks that disagree hide no payment. Windows are half-open, in UTC.

A finding is dismissed for what was at stake when a run saw it last. The same or less of it stays quiet. More credits,
more money, another currency, or too few where too many were dismissed, is open again, told as new ("Dismissed at 1,000
credits, now 6,000 credits"), and never repaired by itself; once it is back at what was dismissed, it is dismissed
again. A finding that is over is dismissed for nothing. A ledger of an older version takes for its dismissals what a run
or a webhook had noted of them; where nothing was, the first run notes it, and tells only of what grows afterwards.
"""
GROUPS = {
    "Credits": (
        *("missing_credit", "pending_not_completed", "in_flight", "duplicate_credit", "wrong_amount", "wrong_user"),
        *("orphan_credit", "mapping_fault", "not_paid_credit", "undecided_credit", "credited_before_paid", "mode_mix"),
        *("not_ours_credit", "negative_balance"),
    ),
    "Refunds and disputes": (
        *("refund_not_taken", "refund_failed_not_returned", "refund_over_taken", "refund_over_returned"),
        *("refund_pending", "dispute_not_held"),
        *("dispute_lost_not_taken", "dispute_won_not_returned", "clawback_wrong_user", "clawback_without_credit"),
    ),
    "Payments": (
        *("unattributed_payment", "payment_by_hand", "double_payment", "fraud_warning", "amount_mismatch"),
        *("currency_mismatch", "package_mismatch"),
    ),
    "An application's own rows": ("row_changed", "row_gone", "user_mapping", "balance_mismatch"),
    "The run and the ledger": (
        *("pull_incomplete", "unreadable_object", "run_failed", "ledger_tampered", "settled_finding"),
    ),
}
DECISIONS = """
## Paid, but what it is worth a person has to say

These are found by the webhook too, and credited by nobody until `creditctl ledger resolve` does: the finding names
user, credits and amount as far as the payment says them.
"""
ELSEWHERE = """
## What has no code of its own

- An event that was lost, or marked as handled while its credits never came, is `reconcile.missing_credit`, and repaired
  like any other: the message says whether the event waits for an endpoint, for none any more, or was never made. Our
  own webhook cannot mark one: entry and delivery are one transaction.
- A fee other than expected is no finding: what Stripe takes depends on card, country and contract, which no object
  says. `--html` has fees and net by currency, and balance transactions that do not come to the amounts are
  `reconcile.pull_incomplete`.
- A buyer whom the application does not know is no finding: neither Stripe nor rows of credits list users. Such a
  payment is `reconcile.missing_credit` and names its user; users that are written otherwise in most rows are
  `reconcile.user_mapping`.
- A payment at the edge of a day or a window: windows are half-open, in UTC, and a payment is looked at in each into
  which its session, an entry, a refund or a dispute of it falls, so that none is left out between two.
"""
COLUMNS = "\n| code | severity | settled by | what is so | what to do |\n|---|---|---|---|---|\n"


def taxonomy_page() -> str:
    """Every code of reconciliation in its group, then what only a person can decide."""
    grouped = [name for names in GROUPS.values() for name in names]
    if sorted(grouped) != sorted(SEVERITIES):
        raise SystemExit(f".ci/taxonomy_docs.py groups not just these codes: {set(grouped) ^ set(SEVERITIES)}")
    codes = all_codes()
    parts = [f"\n## {title}\n{COLUMNS}{_rows(codes, names)}" for title, names in GROUPS.items()]
    decided = [info for code, info in codes.items() if code.startswith("fulfilment.") and info.severities]
    rows = "".join(_row(info, "a person") for info in decided)
    return HEADING + "".join(parts) + DECISIONS + COLUMNS + rows + ELSEWHERE


def _rows(codes: dict[str, CodeInfo], names: tuple[str, ...]) -> str:
    return "".join(_row(codes[f"{PREFIX}{name}"], _settled_by(name)) for name in names)


def _settled_by(name: str) -> str:
    if name in REPAIRABLE:
        return "a repair"
    return "itself" if SEVERITIES[name] is Severity.INFO else "a person"


def _row(info: CodeInfo, settled_by: str) -> str:
    severities = ", ".join(str(each) for each in info.severities)
    return f"| `{info.code}` | {severities} | {settled_by} | {info.meaning} | {info.mend} |\n"
