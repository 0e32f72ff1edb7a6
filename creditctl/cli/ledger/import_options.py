"""Options of `creditctl ledger import` that say where rows are and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from creditctl.cli.ledger.import_source import SourceOptions
from creditctl.core.project_file.source import AmountUnit

UrlEnvOption = Annotated[
    str | None,
    typer.Option("--url-env", help="The variable that holds the database URL, password included.", metavar="NAME"),
]
TableOption = Annotated[
    str | None,
    typer.Option("--table", help="The table, or schema.table.", show_default="credit_transactions; --guess finds one"),
]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="csv or jsonl, where the file's name does not say it.")
]
DelimiterOption = Annotated[str | None, typer.Option("--delimiter", help="Between the columns of a CSV file.")]
NameOption = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Name of the source; the same name means the same rows.",
        show_default="of the file or table",
    ),
]
MapOption = Annotated[
    list[str] | None, typer.Option("--map", help="A column that is called otherwise.", metavar="ours=theirs")
]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="One value for all rows.", metavar="ours=value")]
KindOption = Annotated[
    list[str] | None, typer.Option("--map-kind", help="A kind that is called otherwise.", metavar="theirs=ours")
]
WhereOption = Annotated[
    str | None,
    typer.Option("--where", help="Only rows for which this holds: status = 'done'.", metavar="CONDITION"),
]
AmountsOption = Annotated[
    AmountUnit | None,
    typer.Option("--amounts", help="major: 12.50 means 1250 cents.", show_default="minor, or what [source] says"),
]


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Where rows are and how they are read: each field is an option of the command."""

    url_env: UrlEnvOption = None
    table: TableOption = None
    form: FormatOption = None
    delimiter: DelimiterOption = None
    name: NameOption = None
    renamed: MapOption = None
    constants: SetOption = None
    kinds: KindOption = None
    where: WhereOption = None
    amounts: AmountsOption = None

    def of(self, source: str | None) -> SourceOptions:
        """The options for a file or database, read. Errors: UsageError for a map that is none."""
        from creditctl.sources.source import ColumnMap

        columns = ColumnMap.parse(self.renamed or (), self.constants or ())
        named = (source, self.url_env, self.table, self.form, self.delimiter, self.name)
        return SourceOptions(*named, columns, bool(self.kinds), self.where, self.amounts)
