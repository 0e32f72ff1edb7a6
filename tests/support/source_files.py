"""Files to import from, and what a source says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from creditctl.sources.files import FileSource, open_file
from creditctl.sources.source import FIELDS, ColumnMap
from creditctl.sources.values.bad_value import BadRow

HEADER = "created,user_id,kind,credits,amount,currency,payment_key,livemode"
ROW = "1790000000,u1,purchase,1000,1000,usd,pi_1,false"


def opened(path: Path, columns: ColumnMap | None = None, **options: Any) -> FileSource:
    return open_file(path, columns or ColumnMap(), **{"format": None, "name": None, "delimiter": None} | options)


def written(folder: Path, text: str | bytes, name: str = "app.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def said(source: FileSource) -> list[tuple[int | str, Any]]:
    return [
        (line, str(values) if isinstance(values, BadRow) else dict(zip(FIELDS, values, strict=True)))
        for line, values in source.rows()
    ]
