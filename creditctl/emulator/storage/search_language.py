"""Stripe's search query language, from text to SQL conditions.

Source: Stripe docs, "Search": field, operator, value; one kind of connective a query; no parentheses.
"""

import re
from collections.abc import Mapping

import msgspec

from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.storage.store import Condition

_TERM = re.compile(
    r"""\s*(?P<minus>-?)
    (?P<field>[A-Za-z_][A-Za-z0-9_.]*)
    (?:\[(?P<key>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\])?
    \s*(?P<operator>:|~|>=|<=|>|<)\s*
    (?P<value>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s"']+)""",
    re.VERBOSE,
)
_CONNECTIVE = re.compile(r"\s+(AND|OR)(?=\s)|\s+(?=\S)", re.IGNORECASE)
_BARE = re.compile(r"-?\d+(?:\.\d+)?|true|false", re.IGNORECASE)
"""What needs no quotation marks. Source: Stripe docs, "Search"; the words of the refusal are unconfirmed."""
SHORTEST_SUBSTRING = 3
_BOOLEANS = {"true": 1, "false": 0}
_EXACT = frozenset({":"})
_STRING = frozenset({":", "~"})
_OPERATORS: Mapping[str, frozenset[str]] = {
    "boolean": _EXACT,
    "metadata": _EXACT,
    "number": frozenset({":", ">", "<", ">=", "<="}),
    "refunded": _EXACT,
    "text": _STRING,
    "token": _EXACT,
    "words": _STRING,
}
"""What each type of field can be compared with. Source: Stripe docs, "Search": "Using an unsupported operator, such as
specifying greater than (>) on a string, returns an error"; tokens are exact, strings have substrings too."""


class Term(msgspec.Struct, frozen=True):
    """One condition of a query."""

    field: str
    key: str | None
    operator: str
    value: str | None
    negated: bool


def parse(query: str) -> tuple[list[Term], str]:
    """The terms of a query and the connective between them."""
    terms: list[Term] = []
    connectives: set[str] = set()
    place = 0
    text = query.strip()
    while place < len(text):
        match = _TERM.match(text, place)
        if match is None:
            raise _malformed(query)
        terms.append(_term(match))
        place = match.end()
        link = _CONNECTIVE.match(text, place)
        if link is None:
            break
        connectives.add((link.group(1) or "AND").upper())
        place = link.end()
    if place < len(text) or not terms:
        raise _malformed(query)
    if len(connectives) > 1:
        raise invalid("You can't combine AND and OR clauses in a search query.", param="query", executed=False)
    return terms, connectives.pop() if connectives else "AND"


def _malformed(query: str) -> StripeError:
    return invalid(
        f'We were unable to parse your search query: {query}. Try using the format `metadata["key"]:"value"` to '
        'query for metadata or `field:"value"` to query for other fields.',
        param="query",
        executed=False,
    )


def _term(match: re.Match[str]) -> Term:
    raw = match["value"]
    quoted = raw[0] in "\"'"
    value = _unquote(raw) if quoted else raw
    missing = not quoted and raw.lower() == "null"
    if not (quoted or missing or _BARE.fullmatch(raw)):
        raise invalid(
            f'Search values that are text must stand in quotation marks: `{match["field"]}:"{raw}"`.',
            param="query",
            executed=False,
        )
    key = _unquote(match["key"]) if match["key"] else None
    return Term(match["field"], key, match["operator"], None if missing else value, match["minus"] == "-")


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def condition(terms: list[Term], connective: str, fields: Mapping[str, str], resource: str) -> Condition:
    """One SQL condition for a parsed query; `fields` gives each searchable field of the resource its type."""
    parts = [_clause(term, fields, resource) for term in terms]
    clause = f" {connective} ".join(part for part, _ in parts)
    return f"({clause})", [value for _, values in parts for value in values]


def _clause(term: Term, fields: Mapping[str, str], resource: str) -> tuple[str, list[str | int]]:
    kind = fields.get(term.field)
    if kind is None or (kind == "metadata") != (term.key is not None):
        raise _unsupported_field(term.field, resource)
    if term.operator not in _OPERATORS[kind] or (term.value is None and term.operator != ":"):
        raise invalid(f"Field `{term.field}` can't be compared with `{term.operator}`.", param="query", executed=False)
    path = f"$.{term.field}" if term.key is None else f'$.metadata."{term.key.replace(chr(34), "")}"'
    expression = f"json_extract(CAST(body AS TEXT), '{path.replace(chr(39), chr(39) * 2)}')"
    clause, values = _refunded(term) if kind == "refunded" else _comparison(term, kind, expression)
    # A missing value compares as NULL, which must count as false: else a negated term would drop the object.
    return (f"NOT coalesce({clause}, 0)" if term.negated else clause), values


def _unsupported_field(field: str, resource: str) -> StripeError:
    """Source: stripe-ruby-mock/stripe-ruby-mock spec/shared_stripe_examples/price_examples.rb, run against Stripe."""
    return invalid(
        f"Field `{field}` is an unsupported search field for resource `{resource}`. See "
        f"http://stripe.com/docs/search#query-fields-for-{resource.replace('_', '-')} for a list of supported fields.",
        param="query",
        executed=False,
    )


def _refunded(term: Term) -> tuple[str, list[str | int]]:
    """How far a charge was refunded. Source: Stripe docs, "Search": true is in full, false in part, null not at all."""
    part = "json_extract(CAST(body AS TEXT), '$.amount_refunded')"
    whole = "json_extract(CAST(body AS TEXT), '$.refunded')"
    if term.value is None:
        return f"{part} = 0", []
    told = term.value.lower()
    return (f"({whole} = 0 AND {part} > 0)", []) if told == "false" else (f"{whole} = ?", [_BOOLEANS.get(told, -1)])


def _comparison(term: Term, kind: str, expression: str) -> tuple[str, list[str | int]]:
    if term.value is None:
        return f"{expression} IS NULL", []
    if kind == "number":
        if not re.fullmatch(r"-?\d+", term.value):
            raise invalid(f"Field `{term.field}` takes a number.", param="query", executed=False)
        return f"{expression} {'=' if term.operator == ':' else term.operator} ?", [int(term.value)]
    if kind == "boolean":
        return f"{expression} = ?", [_BOOLEANS.get(term.value.lower(), -1)]
    return _text_comparison(term, kind, expression)


def _text_comparison(term: Term, kind: str, expression: str) -> tuple[str, list[str | int]]:
    value = term.value or ""
    if term.operator == "~":
        if len(value) < SHORTEST_SUBSTRING:
            raise invalid(
                f"Substring search needs at least {SHORTEST_SUBSTRING} characters.", param="query", executed=False
            )
        return f"instr(lower({expression}), lower(?)) > 0", [value]
    if kind == "words":
        words = [word.replace("_", "\\_") for word in re.findall(r"\w+", value.lower())]
        pattern = "%".join(["", *(f" {word} " for word in words), ""]).replace(" % ", " %") if words else ""
        return f"(' ' || lower({expression}) || ' ') LIKE ? ESCAPE '\\'", [pattern]
    return f"lower({expression}) = lower(?)", [value]
