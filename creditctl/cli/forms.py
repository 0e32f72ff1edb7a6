"""Forms of an answer beside table and `--json`: JSON lines and CSV, streamed to stdout, and no two forms at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from creditctl.cli.output import Answer
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
    exit_code: ExitCode = ExitCode.OK,
) -> Answer:
    """Entries, balances or findings as lines of data on stdout.

    Shape: CSV has a header and every column of an entry; with `columns` it has these.
    """
    from creditctl.ledger.exporting import write_csv, write_json_lines
    from creditctl.ledger.hashchain.chain import COLUMNS

    if as_csv or columns:
        write_csv(rows, columns or COLUMNS, said.wiring.stdout, for_people=True)
    else:
        write_json_lines(rows, said.wiring.stdout)
    return Answer.streamed(exit_code)
