"""The form codec: every spelling that clients use, and the round trip."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.emulator.protocol.forms import Tree, decode, encode


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("name=Starter+pack&active=true", {"name": "Starter pack", "active": "true"}),
        ("metadata[credits]=1000", {"metadata": {"credits": "1000"}}),
        ("metadata%5Bcredits%5D=1000", {"metadata": {"credits": "1000"}}),
        ("images[]=a&images[]=b", {"images": ["a", "b"]}),
        ("images[0]=a&images[1]=b", {"images": {"0": "a", "1": "b"}}),
        ("line_items[0][price]=p&line_items[0][quantity]=2", {"line_items": {"0": {"price": "p", "quantity": "2"}}}),
        (
            "items[][a]=1&items[][b]=2&items[][a]=3",
            {"items": [{"a": "1", "b": "2"}, {"a": "3"}]},
        ),
        (
            "items[][a][b]=1&items[][a][c]=2&items[][d]=3&items[][a][b]=4&items[][d]=5",
            {"items": [{"a": {"b": "1", "c": "2"}, "d": "3"}, {"a": {"b": "4"}, "d": "5"}]},
        ),
        (
            "items[][a][][b]=1&items[][a][][c]=2&items[][a][][b]=3&items[][k]=4&items[][k]=5&items[][a][][b]=6",
            {"items": [{"a": [{"b": "1", "c": "2"}, {"b": "3"}], "k": "4"}, {"k": "5", "a": [{"b": "6"}]}]},
        ),
        ("created%5Bgte%5D=17", {"created": {"gte": "17"}}),
        ("description=", {"description": ""}),
        ("metadata=&metadata[a]=1", {"metadata": {"a": "1"}}),
        ("", {}),
        ("broken[=1", {"broken[": "1"}),
        ("name=%C3%A9%E2%82%AC", {"name": "é€"}),
    ],
)
def test_decodes_what_clients_send(text: str, tree: Tree) -> None:
    assert decode(text) == tree


_KEYS = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=8)
_TREES = st.dictionaries(
    _KEYS,
    st.recursive(
        st.text(st.characters(codec="utf-8"), max_size=12),
        lambda inner: st.dictionaries(_KEYS, inner, min_size=1, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(_TREES)
def test_encoding_comes_back(tree: Tree) -> None:
    assert decode(encode(tree)) == tree


@given(st.lists(st.sampled_from(["a", "=", "&", "%", "%41", "%e9", "+", "ü", "%C3%BC", ";"]), max_size=8).map("".join))
def test_names_and_values_are_read_as_the_standard_library_reads_them(text: str) -> None:
    assert decode(text) == dict(parse_qsl(text, keep_blank_values=True, errors="replace"))


@given(st.lists(st.text(max_size=5), min_size=1, max_size=12))
def test_a_list_keeps_its_order(values: list[str]) -> None:
    decoded: Any = decode(encode({"images": list(values)}))
    assert [decoded["images"][key] for key in sorted(decoded["images"], key=int)] == values
