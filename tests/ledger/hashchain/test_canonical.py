"""Fast canonical JSON: the same bytes as the documented one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from creditctl.ledger.hashchain.canonical import canonical_bytes, fast_entry_hash
from creditctl.ledger.hashchain.chain import canonical, entry_hash

TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1)


@given(st.tuples(*[TEXTS | NUMBERS] * 18), st.text("0123456789abcdef", min_size=64, max_size=64))
def test_the_fast_canonical_json_is_the_documented_one(values: tuple[object, ...], previous: str) -> None:
    assert canonical_bytes(values) == canonical(values).encode()
    assert fast_entry_hash(previous, values) == entry_hash(previous, values)
