"""Reads the data files of documented facts; each is read when it is first needed.

Source: the types of stripe-python, by `.ci/sdk_shapes.py`; a test compares them with the installed SDK. What no type
says is written by hand and names its source in its heading (`tax_id_formats.txt`).
"""

from pathlib import Path

_FOLDER = Path(__file__).parent


def read_lines(name: str) -> list[list[str]]:
    """The lines of a data file as words, without its heading."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if not line.startswith("#")]


def read_bytes(name: str) -> bytes:
    """A data file as it is."""
    return (_FOLDER / name).read_bytes()
