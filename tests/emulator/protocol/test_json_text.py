"""JSON is written by one library as another one formats it, in every depth, whatever stands in it."""

import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.emulator.protocol.json_text import deeper, indented, indented_item, item_alone, written, written_item

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
# Percentages and sizes: beyond these bounds the libraries write exponents, which differ.
FRACTIONS = st.floats(0.001, 1e12)
LEAVES = st.none() | st.booleans() | st.integers(-(10**25), 10**25) | FRACTIONS
VALUES = st.recursive(
    LEAVES | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_an_object_is_the_same_text_wherever_it_comes_from(value: dict[str, object]) -> None:
    compact = msgspec.json.encode(value)
    alone, item = written(value), written_item(value)

    assert json.loads(alone) == value
    assert alone == indented(alone)
    assert (item_alone(item), indented_item(compact)) == (alone, item)
    # Two levels down in a list, and two more in the event that holds it.
    assert written([[value]]) == b"[\n  [\n    %b\n  ]\n]" % item
    assert written([[[[value]]]]).count(deeper(item)) == 1


def test_what_orjson_refuses_is_written_all_the_same() -> None:
    assert written({"n": 2**64, "m": {}}) == b'{\n  "n": 18446744073709551616,\n  "m": {}\n}'
