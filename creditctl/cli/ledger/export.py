"""`creditctl ledger export`: every entry with every column, as CSV or JSON lines, to stdout or a new file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, command
from creditctl.cli.forms import stream_rows


class ExportFormat(StrEnum):
    """How entries are written to a file."""

    CSV = "csv"
    JSON_LINES = "jsonl"


@command(ledger=FileUse.REQUIRED)
def export(
    session: Session,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="CSV with a header, or one JSON object a line.")
    ] = ExportFormat.CSV,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file, instead of stdout.", metavar="FILE")
    ] = None,
) -> Answer:
    """Write every entry with every column, in order, as it stands in the ledger; one consistent view, streamed.

    With --json and without --output the entries stand in the document: for small ledgers.
    """
    ledger = session.ledger
    if output is not None:
        return _to_file(session, form, session.wiring.folder / output)
    with ledger.reading() as view:
        if session.as_json:
            entries = list(view.export())
            return Answer({"count": len(entries), "entries": entries})
        return stream_rows(session, view.export(), as_csv=form is ExportFormat.CSV, exact=True)


def _to_file(session: Session, form: ExportFormat, path: Path) -> Answer:
    from creditctl.cli.render import ledger as render
    from creditctl.ledger.exporting import new_file, write_csv, write_json_lines
    from creditctl.ledger.hashchain.chain import COLUMNS

    with new_file(path) as stream, session.ledger.reading() as view:
        rows = view.export()
        count = write_csv(rows, COLUMNS, stream) if form is ExportFormat.CSV else write_json_lines(rows, stream)
    report = {"file": str(path), "format": str(form), "count": count}
    return Answer(report, lambda console: render.exported(console, path, count))
