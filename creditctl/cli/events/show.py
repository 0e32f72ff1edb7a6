"""`creditctl events show`: one event, what it is about, and what our ledger did with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, command
from creditctl.cli.events.event_filter import ArchiveOption, JsonLinesOption
from creditctl.cli.events.session import open_files
from creditctl.cli.forms import require_one_form, write_line
from creditctl.core.errors import UsageError
from creditctl.core.keys import redact
from creditctl.core.stripe_ids import require_id

if TYPE_CHECKING:
    from creditctl.ledger.archive.models import EventRecord


@command(stripe=StripeUse.REQUIRED, ledger=FileUse.IF_THERE, archive=FileUse.IF_THERE)
def show(
    session: Session,
    event_id: Annotated[str, typer.Argument(help="The event, evt_…", metavar="EVENT")],
    archive: ArchiveOption = False,
    as_json_lines: JsonLinesOption = False,
) -> Answer:
    """Show one event: what it is about, what our ledger did with it, and the whole body."""
    from creditctl.cli.render import events as render

    require_one_form(session, jsonl=as_json_lines)
    open_files(session)
    report = _one(session, event_id, archive=archive)
    if as_json_lines:
        write_line(session, report["body"])
        return Answer.streamed()
    return Answer(report, lambda console: render.show(console, report))


def _one(session: Session, event_id: str, *, archive: bool) -> dict[str, Any]:
    from creditctl.events.browse import find
    from creditctl.events.event_view import EventView

    require_id(event_id, "The event")
    found = find(None if archive else session.stripe.client, session.archive, event_id)
    if found is None:
        raise UsageError(
            f"Neither Stripe nor the archive knows an event {event_id}.",
            code="events.unknown",
            fix="Check the id and the mode. Stripe forgets events after 30 days.",
        )
    record, source = found
    # A payment's client_secret stands in its events; it opens the payment, so it is cut down like every secret.
    body = json.loads(redact(record.body.decode()))
    return {"event": EventView(record).as_row(), "source": source, **_in_ledger(session, record), "body": body}


def _in_ledger(session: Session, record: EventRecord) -> dict[str, Any]:
    """What our ledger holds because of an event; None where there is no ledger."""
    if session.ledger_if_there is None:
        return {"deliveries": None, "entries": None, "findings": None}
    from creditctl.events.ledger_effect import entries_of_event

    with session.ledger.reading() as view:
        deliveries = view.deliveries(event_id=record.id, limit=100)
        entries, findings = entries_of_event(view, record), view.findings(None)
    return {
        "deliveries": [
            {"received": each.received, "outcome": each.outcome, "reason": each.reason, "entry": each.entry_id}
            for each in deliveries
        ],
        "entries": [entry.as_dict() for entry in entries],
        "findings": [each.as_dict() for each in findings if each.source_event == record.id],
    }
