"""Forms of an answer beside table and `--json`: JSON lines and CSV, streamed to stdout, and no two forms at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, TextIO

from creditctl.cli.output import Answer, plain_stream
from creditctl.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from creditctl.cli.output import Conversation


def require_one_form(said: Conversation, **forms: bool) -> None:
    """Refuses two forms of output at once. Errors: UsageError."""
    chosen = [name for name, wanted in (*forms.items(), ("json", said.as_json)) if wanted]
    if len(chosen) > 1:
        raise UsageError(
            f"--{chosen[0]} and --{chosen[1]} are two forms of the same answer.", code="usage.form", fix="Choose one."
        )


def write_line(said: Conversation, row: Mapping[str, Any]) -> None:
    """One JSON object on a line of stdout, at once, for answers that come as they happen."""
    said.wiring.stdout.write(json.dumps(row, ensure_ascii=True, default=str) + "\n")
    said.wiring.stdout.flush()


def stream_rows(
    said: Conversation,
    rows: Iterable[Mapping[str, Any]],
    *,
    as_csv: bool = False,
    columns: Sequence[str] = (),
    exact: bool = False,
    exit_code: ExitCode = ExitCode.OK,
) -> Answer:
    """Entries, balances or findings as lines of data on stdout.

    Shape: CSV has a header and every column of an entry; with `columns` it has these. In a file or a pipe it is UTF-8,
           and `exact` keeps what does not print; a terminal never gets that.
    """
    from creditctl.ledger.exporting import write_csv, write_json_lines
    from creditctl.ledger.hashchain.chain import COLUMNS

    if as_csv or columns:
        shown = said.wiring.stdout.isatty()
        if not shown:
            _as_utf8(plain_stream(said.wiring.stdout))
        write_csv(rows, columns or COLUMNS, said.wiring.stdout, for_people=shown or not exact)
    else:
        write_json_lines(rows, said.wiring.stdout)
    return Answer.streamed(exit_code)


def _as_utf8(stream: TextIO) -> None:
    """Lets a stream write UTF-8, whatever the locale: a name that this one lacks would be lost."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="replace")
