"""Vanished payments: an earlier reading of an application's rows had them, and since [source] changed they lack a row.

A row that is gone between two like readings is a change of its own; after a change of the settings, or of the database
that a variable names, rows are not compared one by one, and only what became of their payments can be told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from creditctl.payments.finding_codes import ClassifiedFinding, for_person
from creditctl.payments.source.collective import Told, told_together
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import PaymentState

ROW_GONE = "row_gone"
"""That booked rows are gone, without its prefix."""

SOURCE = "source"
"""How the subject of a finding about all rows begins."""

_FEWEST = 3


def vanished_payments(
    keeper: SourceKeeper,
    names: Mapping[str, str],
    states: Mapping[str, PaymentState],
    told: Collection[str],
    known: Collection[str],
) -> Iterator[ClassifiedFinding]:
    """One finding where several payments lost their rows at once.

    Shape: `told` are the rows whose change is told anyway, `known` the subjects of such findings so far.
    """
    missing = {key for key, state in states.items() if state is PaymentState.MISSING}
    if len(missing) < _FEWEST:
        return
    lost: dict[str, int] = {}
    for kept in keeper.rows.gone_purchases():
        payment = names.get(str(kept.row.payment_key), str(kept.row.payment_key))
        if kept.row.row_id not in told and payment in missing:
            lost[payment] = kept.gone or 0
    for each in told_together(((moment, key) for key, moment in lost.items()), f"{SOURCE} settings", known):
        if len(each.items) >= _FEWEST:
            yield _lost(each)


def _lost(told: Told[str]) -> ClassifiedFinding:
    text = (
        f"{len(told.items):,} payments that the application had booked have no row any more since [source], or the "
        f"database that it reads, is another; {min(told.items)} is one."
    )
    fix = "Look whether [source] and its variable name the right database and table, and whether `where` fits"
    return for_person(ROW_GONE, SOURCE, text, fix, subject=told.subject)
