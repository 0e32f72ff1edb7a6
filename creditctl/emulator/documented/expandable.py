"""Expandable fields by object: which paths in it hold an id that may become an object.

Source: `ExpandableField` in the types of stripe-python; `_ON_THE_WIRE` has what recorded answers show beyond them.
"""

from functools import lru_cache

from creditctl.emulator.documented.data_files import read_lines

_ON_THE_WIRE = {
    "charge": ("destination", "dispute", "invoice"),
    "dispute": ("balance_transactions",),
    "invoice": ("charge", "payment_intent", "total_tax_amounts.tax_rate"),
    "line_item": ("tax_amounts.tax_rate",),
    "payment_intent": ("invoice", "source"),
    "product": ("tax_code",),
}
"""Keys that the types left out and the wire has, or had. Source: recorded answers; Stripe changelog, 2025-03-31."""


@lru_cache(maxsize=1)
def documented_paths() -> dict[str, frozenset[str]]:
    """Every expandable path by the kind of object that it lies in."""
    return {kind: frozenset(paths) for kind, *paths in read_lines("expandable_fields.txt")}


@lru_cache(maxsize=1)
def _passages() -> frozenset[tuple[str, str]]:
    """The plain parts of objects on the way to an expandable field."""
    return frozenset(
        (kind, ".".join(parts[:length]))
        for kind, paths in (*documented_paths().items(), *_ON_THE_WIRE.items())
        for parts in (path.split(".") for path in paths)
        for length in range(1, len(parts))
    )


def is_expandable(kind: str, path: str, *, shown: bool) -> bool:
    """Whether a path in an object of this kind holds an id, or a whole object, of another; `shown`: it is there.

    What the types left out can be expanded where the version of the answer still has it.
    """
    return path in documented_paths().get(kind, ()) or (shown and path in _ON_THE_WIRE.get(kind, ()))


def leads_further(kind: str, path: str) -> bool:
    """Whether an expandable field lies below this path."""
    return (kind, path) in _passages()
