"""The page of a reconciliation: everything on it as text that a finance person reads, for the template to place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl import __version__
from creditctl.cli.render.reconcile import window_words
from creditctl.cli.report_files.chart import HEIGHT, WIDTH, Chart, bar_chart
from creditctl.cli.report_files.page import page
from creditctl.core.modes import Mode
from creditctl.core.money import format_amount, minor_units_per_major
from creditctl.core.text import plural
from creditctl.core.when import age_text, iso_time
from creditctl.payments.source.amounts import credits_text
from creditctl.payments.stakes import stakes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from creditctl.reconciliation.open_findings import OpenFinding
    from creditctl.reconciliation.report import ReconcileReport
    from creditctl.reconciliation.statement.credits import CreditTotals, PackageLine
    from creditctl.reconciliation.statement.days import SalesByTime
    from creditctl.reconciliation.statement.money import MoneyTotals
    from creditctl.reconciliation.statement.statement import Statement

_MOST_FINDINGS = 10_000
_MOST_UNFOLDED = 100
_MOST_CHARTS = 4
_UNKNOWN = "not known"


def report_page(
    report: ReconcileReport, statement: Statement | None, *, account: str, deployment: str | None, mode: Mode | None
) -> str:
    """The page. Shape: without a statement, where not everything could be read, it shows no totals."""
    tied = report.basis.tie_out
    return page(
        "reconcile.html",
        account=account,
        deployment=deployment,
        mode=str(mode or "unknown"),
        live=mode is Mode.LIVE,
        window=window_words(report),
        finished=iso_time(report.finished),
        clean=report.clean,
        verdict=_verdict(report),
        at_stake=stakes_of(report.findings).words,
        gaps=report.basis.gaps,
        statement=None if statement is None else _statement(statement),
        books="the ledger" if report.source is None else "the application's own rows",
        width=WIDTH,
        height=HEIGHT,
        **_findings(report.findings, mode),
        payments=plural(report.payments, "payment"),
        entries=f"{report.entries:,} {'entry' if report.entries == 1 else 'entries'}",
        took=age_text(max(0, report.finished - report.started)),
        by=report.by or "somebody",
        tied=tied["note"] or f"Tied by {plural(tied['balance_transactions'], 'balance transaction')}.",
        repaired=plural(len(report.repaired), "payment") if report.repaired else "",
        version=__version__,
    )


def _verdict(report: ReconcileReport) -> str:
    if not report.complete:
        return "Incomplete: not all of Stripe could be read, so there are no totals, and no payment is judged."
    if report.clean:
        return "Everything agrees: each payment has its credits, and each refund and dispute was followed."
    found = ", ".join(f"{count} {severity}" for severity, count in report.severities.items())
    return f"{plural(len(report.findings), 'finding')}, {report.new} new: {found}."


def _statement(statement: Statement) -> dict[str, Any]:
    sales = statement.sales
    return {
        "money": [_money(total) for total in statement.money],
        "credits": list(_credits(statement.credits)),
        "tie": _tie(statement),
        "packages": [_package(line) for line in statement.packages],
        "unit": sales.unit,
        "charts": list(_charts(sales)),
        "spans": [
            {
                "first": str(span.first),
                "payments": f"{span.payments:,}",
                "amounts": ", ".join(format_amount(amount, currency) for currency, amount in span.amounts.items()),
                "credits": f"{span.credits:,}",
            }
            for span in sales.spans
        ],
    }


def _money(total: MoneyTotals) -> dict[str, str]:
    def shown(amount: int | None) -> str:
        return _UNKNOWN if amount is None else format_amount(amount, total.currency)

    so_far, note = "", ""
    if total.without_fee:
        so_far = "" if total.fees is None else " so far"
        note = (
            f"The fees of {plural(total.without_fee, 'payment')} are not known: they are shown where the balance "
            "transaction was read, and is in the same currency. Those of the last moments come with the next run."
        )
    return {
        "currency": total.currency.upper(),
        "payments": plural(total.payments, "payment"),
        "gross": shown(total.gross),
        "refunds": shown(total.refunds),
        "disputes": shown(total.disputes),
        "kept": shown(total.kept),
        "fees": shown(total.fees) + so_far,
        "net": shown(total.net) + so_far,
        "note": note,
    }


def _credits(credits: CreditTotals) -> Iterator[dict[str, object]]:
    rows = (
        ("Outstanding before", credits.opening),
        ("+ Sold", credits.sold),
        ("− Taken back for refunds and disputes", -credits.taken_back),
        ("± Corrections", credits.corrected),
        ("− Used", -credits.used),
    )
    for name, value in rows:
        yield {"name": name, "value": credits_text(value, credits.scale), "sum": False}
    yield {"name": "= Outstanding", "value": credits_text(credits.outstanding, credits.scale), "sum": True}


def _tie(statement: Statement) -> str:
    """What the entries say was sold, against what Stripe's sales are worth."""
    worth, sold, scale = statement.worth, statement.credits.sold, statement.credits.scale
    apart = sold - worth * scale
    if not apart:
        return f"By Stripe these sales are worth {worth:,} credits, as many as were given."
    count = plural(abs(apart), "credit") if scale == 1 else f"{credits_text(abs(apart), scale)} credits"
    lacking = f"{count} {'too few' if apart < 0 else 'more'}"
    why = "The findings below, or corrections by hand, say why."
    return f"By Stripe these sales are worth {worth:,} credits; {lacking} were given. {why}"


def _package(line: PackageLine) -> dict[str, str]:
    def shown(amount: int | None) -> str:
        return "–" if amount is None else format_amount(amount, line.currency)

    return {
        "package": line.package,
        "payments": f"{line.payments:,}",
        "credits": f"{line.credits:,}",
        "amount": shown(line.amount),
        "per_thousand": shown(line.per_thousand),
        "catalogue": shown(line.catalogue),
    }


def _charts(sales: SalesByTime) -> Iterator[Chart]:
    """A chart for each currency, and one of credits."""
    if not sales.spans:
        return
    currencies = sorted({currency for span in sales.spans for currency in span.amounts})
    for currency in currencies[: _MOST_CHARTS - 1]:
        points = [(str(span.first), span.amounts.get(currency, 0)) for span in sales.spans]
        title = f"Sales by {sales.unit}, {currency.upper()}"
        least = minor_units_per_major(currency)
        yield bar_chart(f"sales-{currency}", title, points, _amounts(currency), step_least=least)
    credits = [(str(span.first), span.credits) for span in sales.spans]
    yield bar_chart("credits", f"Credits sold by {sales.unit}", credits, lambda value: f"{value:,}")


def _amounts(currency: str) -> Any:
    return lambda amount: format_amount(amount, currency)


def _findings(found: Sequence[OpenFinding], mode: Mode | None) -> dict[str, Any]:
    """The first findings as they are, the next ones by their kind, for the page to fold, and how many that leaves."""
    first, next_ones = found[:_MOST_UNFOLDED], found[_MOST_UNFOLDED:_MOST_FINDINGS]
    by_kind: dict[tuple[str, str], list[dict[str, object]]] = {}
    for each in next_ones:
        by_kind.setdefault((str(each.severity), each.code), []).append(_finding(each, mode))
    return {
        "findings": [_finding(each, mode) for each in first],
        "kinds": [
            {"severity": severity, "code": code, "count": f"{len(those):,}", "findings": those}
            for (severity, code), those in by_kind.items()
        ],
        "shown": f"{len(first):,}",
        "count": f"{len(found):,}",
        "folded": f"{len(next_ones):,}" if next_ones else "",
        "more": f"{len(found) - _MOST_FINDINGS:,}" if len(found) > _MOST_FINDINGS else "",
    }


def _finding(finding: OpenFinding, mode: Mode | None) -> dict[str, object]:
    return {
        "severity": str(finding.severity),
        "code": finding.code,
        "new": finding.new,
        "subject": finding.subject,
        "link": dashboard_link(finding, mode),
        "since": iso_time(finding.first_seen),
        "stake": stakes_of([finding]).words,
        "message": finding.message,
        "fix": [(place % 2 == 1, text) for place, text in enumerate(finding.fix.split("`")) if text],
    }


def dashboard_link(finding: OpenFinding, mode: Mode | None) -> str:
    """Where the Dashboard shows a finding's payment; empty on an emulator, and for what is about no payment intent.

    Source: Stripe's Dashboard: a payment stands at /payments/pi_…, and in test mode at /test/payments/pi_….
    """
    key = finding.payment_key or finding.subject
    if mode not in (Mode.LIVE, Mode.TEST) or not key.startswith(("pi_", "ch_", "py_")) or not _is_word(key):
        return ""
    return f"https://dashboard.stripe.com/{'' if mode is Mode.LIVE else 'test/'}payments/{key}"


def _is_word(key: str) -> bool:
    return key.isascii() and key.replace("_", "").isalnum()
