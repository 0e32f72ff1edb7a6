"""Parameters of controls: query and JSON body as one tree, read against the same schemas as /v1."""

from typing import Any

import msgspec

from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Integer
from creditctl.emulator.protocol.forms import Node, Tree, decode
from creditctl.emulator.protocol.schema import Listing
from creditctl.emulator.protocol.wire import Request


class Names(Listing):
    """A list of names, also as one text with commas."""

    def parse(self, node: Node, param: str) -> list[Any]:
        given: Node = node
        if isinstance(node, str):
            given = [name.strip() for name in node.split(",") if name.strip()]
        return Listing.parse(self, given, param)


def number_in_path(text: str) -> int:
    """The number of a delivery, fault or hold in a path. Errors: StripeError."""
    return Integer().parse(text, "id")


def read_tree(request: Request) -> Tree:
    """The parameters of a request as a form tree; those of the body win over those of the query.

    Errors: StripeError for a body that is no JSON object.
    """
    tree = decode(request.query)
    return tree | _json_tree(request.body) if request.body else tree


def _json_tree(body: bytes) -> Tree:
    try:
        given = msgspec.json.decode(body)
        if not isinstance(given, dict):
            raise invalid("The body must be a JSON object.", executed=False)
        return {name: _node(value) for name, value in given.items() if value is not None}
    except msgspec.DecodeError as error:
        raise invalid(f"The body is no JSON: {error}", executed=False) from error
    except RecursionError:
        raise invalid("The body is nested beyond measure.", executed=False) from None


def _node(value: Any) -> Node:
    """A JSON value as a form would carry it; null becomes the empty text, which fields refuse or take as unset."""
    if isinstance(value, dict):
        return {name: _node(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_node(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
