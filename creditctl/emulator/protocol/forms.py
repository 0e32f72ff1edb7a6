"""Form bodies and query strings with brackets, as every Stripe client variant writes them.

Source: stripe-python 16.1 `_encode`, Stripe CLI requests, curl examples in the Stripe API reference.
"""

from functools import lru_cache
from typing import Union
from urllib.parse import quote_plus, unquote

from creditctl.emulator.protocol.errors import StripeError, bad_parameter

Node = Union[str, dict[str, "Node"], list["Node"]]  # noqa: UP007 - a recursive alias needs the quoted form
Tree = dict[str, Node]


def decode(text: str) -> Tree:
    """Turn `a[b][0]=1&c[]=2` into nested dicts; `[]` makes lists, numeric indexes stay dict keys.

    A name that is used in two ways (`a=1&a[b]=2`, `a[0]=1&a[]=2`) is refused, since one of them would be dropped.
    Errors: StripeError. Source: Rack, which reads Stripe's forms, refuses them too; the words are ours.
    """
    tree: Tree = {}
    plain = "+" not in text and "%" not in text
    for piece in text.split("&"):
        if not piece:
            continue
        key, _, value = piece.partition("=")
        if not plain:
            key, value = _plain(key), _plain(value)
        path = _split(key) if "[" in key else ()
        if len(path) > 1:
            _insert(tree, path, value)
        elif key in tree and isinstance(tree[key], dict | list):
            raise _used_twice(key)
        else:
            tree[key] = value
    return tree


def readable(text: str) -> Tree:
    """A form, empty where it can't be read: for those that only look at what others answer."""
    try:
        return decode(text)
    except StripeError:
        return {}


def _plain(text: str) -> str:
    """A name or value without its escapes; most have none."""
    if "+" in text:
        text = text.replace("+", " ")
    return unquote(text, errors="replace") if "%" in text else text


@lru_cache(maxsize=8192)
def _split(key: str) -> tuple[str, ...]:
    head, bracket, rest = key.partition("[")
    if not bracket or not head or not rest.endswith("]"):
        return (key,)
    return (head, *rest[:-1].split("]["))


def _insert(tree: Tree, path: tuple[str, ...], value: str) -> None:
    node: Node = tree
    for index, part in enumerate(path[:-1]):
        node = _child(node, part, path[index + 1 :])
    if isinstance(node, list):
        node.append(value)
    elif isinstance(node, dict):
        if isinstance(node.get(path[-1]), dict | list):
            raise _used_twice(path[0])
        node[path[-1]] = value


def _child(node: Node, part: str, rest: tuple[str, ...]) -> Node:
    """The container below `part`, made when it is missing or was empty, which is how some clients clear first."""
    wanted: type = list if rest[0] == "" else dict
    if isinstance(node, list):
        return _list_child(node, wanted, rest)
    assert isinstance(node, dict)
    child = node.get(part)
    if child is None or child == "":
        child = wanted()
        node[part] = child
    elif not isinstance(child, wanted):
        raise _used_twice(part)
    return child


def _used_twice(name: str) -> StripeError:
    return bad_parameter(f"Invalid request: `{name}` is a value in one place and a hash or list in another.", name)


def _list_child(node: list[Node], wanted: type, rest: tuple[str, ...]) -> Node:
    """In `items[][a]=1&items[][b][c]=2` a key that the last item has already, also further down, opens the next item.

    Source: Rack, `params_hash_has_key?`; stripe-ruby and stripe-php wrote lists of hashes so in earlier years.
    """
    last = node[-1] if node else None
    if isinstance(last, dict) and wanted is dict and not _has(last, rest):
        return last
    child: Node = wanted()
    node.append(child)
    return child


def _has(node: Node, path: tuple[str, ...]) -> bool:
    """Whether a value stands at a path; one that leads through a list adds to that list."""
    if "" in path:
        return False
    for part in path:
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
    return True


def encode(tree: Tree) -> str:
    """The inverse of `decode`, with numeric indexes for lists."""
    return "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in _pairs(tree, ""))


def _pairs(node: Node, prefix: str) -> list[tuple[str, str]]:
    if isinstance(node, str):
        return [(prefix, node)]
    items = node.items() if isinstance(node, dict) else ((str(i), item) for i, item in enumerate(node))
    pairs: list[tuple[str, str]] = []
    for key, child in items:
        pairs += _pairs(child, f"{prefix}[{key}]" if prefix else key)
    return pairs
