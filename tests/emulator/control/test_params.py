"""Parameters of controls: a JSON body and a query say the same."""

import json
from typing import Any

import pytest

from creditctl.emulator.control.params import Names, read_tree
from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.protocol.fields import Text
from creditctl.emulator.protocol.forms import Node
from creditctl.emulator.protocol.wire import Request

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({"days": 3}, "days=3"),
        ({"probability": 0.25}, "probability=0.25"),
        ({"paused": True}, "paused=true"),
        ({"permissions": ["a", "b"]}, "permissions[]=a&permissions[]=b"),
        ({"card": None}, ""),
        ({"nested": {"a": 1}}, "nested[a]=1"),
    ],
)
def test_json_and_query_are_one_tree(given: dict[str, Any], query: str) -> None:
    as_json = read_tree(Request("POST", "/_emulator/x", "", JSON, json.dumps(given).encode()))
    as_query = read_tree(Request("GET", "/_emulator/x", query))

    assert as_json == as_query


def test_the_body_wins_over_the_query() -> None:
    assert read_tree(Request("POST", "/_emulator/x", "a=1&b=2", JSON, b'{"a": 3}')) == {"a": "3", "b": "2"}


@pytest.mark.parametrize("depth", [900, 100_000])
def test_a_body_nested_beyond_measure_is_refused_and_no_bug(depth: int) -> None:
    body = b'{"a":' * depth + b"1" + b"}" * depth
    with pytest.raises(StripeError, match="nested beyond measure"):
        read_tree(Request("POST", "/_emulator/x", "", JSON, body))


@pytest.mark.parametrize("node", ["a, b", ["a", "b"], {"0": "a", "1": "b"}])
def test_names_are_read_from_lists_and_from_text(node: Node) -> None:
    assert Names(item=Text()).read(node, "names") == ["a", "b"]


def test_names_that_are_a_hash_are_refused() -> None:
    with pytest.raises(StripeError, match="Invalid array"):
        Names(item=Text()).read({"a": "b"}, "names")
