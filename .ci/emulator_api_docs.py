"""The page docs/emulator-api.md: what the emulator acts on, refuses or leaves out, from routes, schemas and states."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields as fields_of
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from creditctl.emulator.api.routes import Route
from creditctl.emulator.documented.data_files import read_bytes, read_lines
from creditctl.emulator.protocol.fields import Field
from creditctl.emulator.protocol.versions import API_VERSION
from creditctl.emulator.resources.billing.tax_id_formats import formats
from creditctl.emulator.resources.billing.tax_ids import TYPES
from creditctl.emulator.resources.table import ROUTES
from creditctl.emulator.storage.older_versions import NOT_RENDERED, RENDERED
from creditctl.emulator.webhooks.event_types import EVENT_TYPES

ROOT = Path(__file__).resolve().parent.parent
EMULATOR = ROOT / "creditctl" / "emulator"
RECORDINGS = [ROOT / "tests" / "emulator" / name for name in ("test_recorded.py", "test_recorded_facts.py")]
HEADING = f"""# What the emulator covers

Made by `make docs` from the emulator's routes and schemas (version {API_VERSION}) and from the types of stripe-python.
What is sent is acted on and shown again, or it is refused with the emulator's name in the message; nothing is taken in
silence. Each line has its standing:

- **recorded**: a public recording of Stripe's test mode has it, and `tests/emulator/test_recorded.py` or
  `tests/emulator/test_recorded_facts.py` repeats it
- **documented**: Stripe's API reference or its SDK's types have it
- **unconfirmed**: neither; it follows from what is near it

`make parity` compares the emulator with your own account in test mode, for those who have a key.
"""
STATES = {
    ("Checkout session", "status"): ("open", "complete", "expired"),
    ("Checkout session", "payment_status"): ("unpaid", "paid", "no_payment_required"),
    ("Payment intent", "status"): (
        "requires_payment_method",
        "requires_confirmation",
        "requires_action",
        "processing",
        "requires_capture",
        "succeeded",
        "canceled",
    ),
    ("Setup intent", "status"): (
        "requires_payment_method",
        "requires_confirmation",
        "requires_action",
        "processing",
        "succeeded",
        "canceled",
    ),
    ("Invoice", "status"): ("draft", "open", "paid", "uncollectible", "void"),
    ("Charge", "status"): ("pending", "succeeded", "failed"),
    ("Refund", "status"): ("pending", "succeeded", "failed", "canceled", "requires_action"),
    ("Dispute", "status"): (
        "warning_needs_response",
        "warning_under_review",
        "warning_closed",
        "needs_response",
        "under_review",
        "won",
        "lost",
        "prevented",
        "appeal_needs_response",
        "appeal_under_review",
    ),
    ("Payout", "status"): ("pending", "in_transit", "paid", "failed", "canceled"),
    ("Balance transaction", "status"): ("pending", "available"),
    ("Webhook endpoint", "status"): ("enabled", "disabled"),
}
"""The states that Stripe documents, of the objects that are here."""
NEVER_REACHED = {
    ("Setup intent", "processing"): "of mandates, which are not here",
    ("Invoice", "uncollectible"): "of invoices that wait for their payment, which are not here",
    ("Invoice", "void"): "of invoices that wait for their payment, which are not here",
    ("Refund", "requires_action"): "of bank transfers, which are not here",
    ("Dispute", "prevented"): "of dispute prevention, which is not here",
    ("Dispute", "appeal_needs_response"): "appeals are not here",
    ("Dispute", "appeal_under_review"): "appeals are not here",
}
"""Documented states that no object here gets into, and why."""


VERSIONS_HEADING = """
## Older API versions

For the answers of a request with an older `Stripe-Version`, and for the events of an endpoint that is pinned to one.
`creditctl emulator --api-version 2020-08-27` makes a version the account's own: for requests and endpoints that name
none, as those of stripe-node before 12 and stripe-python before 6, which pin no version.

| until | what | |
|---|---|---|
"""
VERSIONS_END = """
Other changes of Stripe's changelog do not touch what is here, or are not rendered. A version that Stripe never had is
refused; later monthly versions of the newest name are taken for it.
"""
LEFT_OUT_HEADING = """
## Endpoints that are left out

All are documented. Lists answer as those of an account that has none; the rest is 404 with the emulator's name.

| endpoint | answer |
|---|---|
"""
UNKNOWN_IDS = """
## Lists by an id that never was

| list | answer | standing |
|---|---|---|
| invoices by `customer` | refused: no such customer | recorded |
| balance transactions by `payout` | refused: no such payout | recorded |
| refunds by `charge`, `payment_intent` | refused: no such charge, no such payment_intent | unconfirmed |
| any other | an empty list | unconfirmed |
"""
TAX_IDS_HEADING = """
## Tax ids

How a value is checked where a tax id is given, by call or on the Checkout page; blanks, dots, hyphens and slashes do
not count. Stripe checks the form of a value and publishes an example for most types, no rule: "documented" is the form
of that example, "unconfirmed" is wider, since the country writes others as well. `eu_vat` and `gb_vat` follow their
country (European Commission, VIES). What Stripe has verified (`au_abn`, `eu_vat`, `gb_vat`) is pending first, and the
documented numbers for tests decide: 000000000 is verified, 111111111 is not, 222222222 stays pending. Any other is
verified (unconfirmed).

| type | example | form | standing |
|---|---|---|---|
"""
SHARED = frozenset({"expand", "limit", "starting_after", "ending_before"})
"""Parameters that Stripe documents once for all: "Expanding responses", "Pagination"."""


class Line(NamedTuple):
    """One parameter of one endpoint."""

    name: str
    treatment: str
    standing: str


def api_page() -> str:
    """The whole page."""
    documented: dict[str, Any] = json.loads(read_bytes("parameters.json"))
    groups = itertools.groupby(sorted(ROUTES, key=lambda entry: (_family(entry.pattern), entry.pattern)), _family_of)
    sections = "".join(_family_section(family, entries, documented) for family, entries in groups)
    return (
        HEADING
        + _states()
        + _events()
        + _versions()
        + _tax_ids()
        + UNKNOWN_IDS
        + f"\n## Endpoints\n{sections}"
        + _left_out()
    )


# endpoints and parameters


def _family(pattern: str) -> str:
    parts = pattern.strip("/").split("/")
    return "/".join(parts[1:3]) if parts[1] in ("checkout", "radar") else parts[1]


def _family_of(entry: Route) -> str:
    return _family(entry.pattern)


def _family_section(family: str, entries: Iterable[Route], documented: Mapping[str, Any]) -> str:
    return f"\n### {family}\n" + "".join(_endpoint(entry, documented) for entry in entries)


def _endpoint(entry: Route, documented: Mapping[str, Any]) -> str:
    name = f"{entry.method} {_starred(entry.pattern)}"
    known = documented.get(name)
    standing = _standing(known is not None, recorded_calls().get(name) is not None)
    lines = list(_lines(name, entry, known or {}))
    rows = "".join(f"| `{line.name}` | {line.treatment} | {line.standing} |\n" for line in lines)
    table = f"\n| parameter | | standing |\n|---|---|---|\n{rows}" if rows else "\nNo parameters.\n"
    return f"\n#### {entry.method} {entry.pattern}\n\n{standing}; a restricted key needs `{entry.permission}`.\n{table}"


def _starred(pattern: str) -> str:
    return re.sub(r"\{\w+\}", "*", pattern)


def _lines(name: str, entry: Route, known: Mapping[str, Any]) -> Iterator[Line]:
    """Every parameter that the endpoint knows, and every documented one that it does not."""
    here = dict(_flat_fields(entry.fields))
    there = dict(_flat_documented(known))
    sent = recorded_calls().get(name, frozenset())
    for parameter in sorted({*here, *there}):
        spec = here.get(parameter)
        # Below what is refused as a whole, or taken as a whole, nothing needs a line of its own.
        if spec is None and (_covered(parameter, here) or any(name not in here for name in _parents(parameter))):
            continue
        recorded = parameter in sent or any(name.startswith(f"{parameter}[") for name in sent)
        named = parameter in there or parameter in SHARED or _covered(parameter, here)
        yield Line(parameter, _treatment(spec), _standing(named, recorded))


def _covered(parameter: str, known: Mapping[str, Any]) -> bool:
    """Whether a parameter lies below one that takes a whole hash, such as metadata."""
    whole = ("Metadata", "Range", "ByCurrency", "OfAnotherMode")
    return any(type(known.get(parent)).__name__ in whole for parent in _parents(parameter))


def _parents(parameter: str) -> list[str]:
    return [parameter[: found.start()] for found in re.finditer(r"\[", parameter)]


def _flat_fields(schema: Mapping[str, Field], prefix: str = "") -> Iterator[tuple[str, Field]]:
    for key, spec in schema.items():
        name = f"{prefix}[{key}]" if prefix else key
        yield name, spec
        held = {part.name: getattr(spec, part.name) for part in fields_of(spec)}
        inner = held.get("item") or spec
        yield from _flat_fields(getattr(inner, "fields", {}), name)


def _flat_documented(known: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, bool]]:
    for key, below in known.items():
        if key == "*":
            continue
        name = f"{prefix}[{key}]" if prefix else key
        yield name, True
        yield from _flat_documented(below, name)


def _treatment(spec: Field | None) -> str:
    kind = "" if spec is None else type(spec).__name__
    if spec is None or kind == "OfAnotherMode":
        return "refused"
    return "acted on, required" if spec.required else "acted on"


def _standing(documented: bool, recorded: bool) -> str:
    if recorded:
        return "recorded"
    return "documented" if documented else "unconfirmed"


@lru_cache(maxsize=1)
def recorded_calls() -> dict[str, frozenset[str]]:
    """The calls that the tests of recordings make, each with the parameters that they send."""
    found: dict[str, set[str]] = {}
    for node in itertools.chain.from_iterable(ast.walk(ast.parse(path.read_text())) for path in RECORDINGS):
        given = [_text(part) for part in node.args] if isinstance(node, ast.Call) else []
        if len(given) >= 2 and given[0] in ("GET", "POST", "DELETE") and given[1].startswith("/v1/"):
            form = [part.partition("=")[0] for part in "".join(given[2:]).split("&") if "=" in part]
            sent = found.setdefault(f"{given[0]} {given[1]}", set())
            sent.update(re.sub(r"\[[0-9]*\]", "", key) for key in form)
    return {name: frozenset(names) for name, names in found.items()}


def _text(node: ast.expr) -> str:
    """A text as it is written, `*` for whatever is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "*"


# states, events, versions, what is left out


def _states() -> str:
    rows = [
        f"| {kind} | `{field}` | `{state}` | {_reached(kind, state)} |\n"
        for (kind, field), states in STATES.items()
        for state in states
    ]
    return "\n## States\n\n| object | field | state | |\n|---|---|---|---|\n" + "".join(rows)


def _reached(kind: str, state: str) -> str:
    why = NEVER_REACHED.get((kind, state))
    return "reached, documented" if why is None else f"never reached: {why}"


def sources() -> str:
    """The emulator's own source, without its generated data."""
    return "\n".join(path.read_text() for path in sorted(EMULATOR.rglob("*.py")) if path.name != "event_types.py")


EVENT_ORDER = """
| order of events | standing |
|---|---|
| of a payment: its intent, its charge, the intent's success, `charge.updated` later | recorded |
| of a Checkout session: the payment's events before `checkout.session.completed` | recorded |
| of a session's invoice: its events one after the other, and before or after those of the session | unconfirmed |

Deliveries are sent side by side, here as at Stripe: no receiver may rely on any order. `pending_webhooks` in a delivery
is the number of endpoints that were without the event when it went out (documented), itself included.
"""


def _events() -> str:
    text = sources()
    made = sorted(name for name in EVENT_TYPES if f'"{name}"' in text)
    listed = "".join(f"- `{name}`\n" for name in made)
    rest = f"\nThe other {len(EVENT_TYPES) - len(made)} types can be subscribed to, and never come.\n"
    return f"\n## Events that are made here\n\n{listed}{rest}{EVENT_ORDER}"


def _versions() -> str:
    rendered = "".join(f"| {day} | {what} | rendered |\n" for day, what in RENDERED)
    left = "".join(f"| {day} | {what} | not rendered |\n" for day, what in NOT_RENDERED)
    return VERSIONS_HEADING + rendered + left + VERSIONS_END


def _tax_ids() -> str:
    rows = [
        f"| `{type_}` | {known.example} | `{escaped(known.pattern)}` | {known.standing} |\n"
        for type_, known in sorted(formats().items())
    ]
    unchecked = [f"`{type_}`" for type_ in TYPES if type_ not in {*formats(), "eu_vat", "gb_vat"}]
    return TAX_IDS_HEADING + "".join(rows) + f"\nTaken as they are, unconfirmed: {', '.join(unchecked)}.\n"


def escaped(pattern: str) -> str:
    """A pattern as it stands in a table, where a bar would end the cell."""
    return pattern.replace("|", "\\|")


def _left_out() -> str:
    here = {f"{entry.method} {_starred(entry.pattern)}" for entry in ROUTES}
    found = [
        (method, pattern, answers)
        for method, pattern, answers, *_ in read_lines("endpoints.txt")
        if f"{method} {_starred(pattern)}" not in here
    ]
    rows = [f"| {method} {pattern} | {_answer(method, answers)} |\n" for method, pattern, answers in found]
    return LEFT_OUT_HEADING + "".join(rows)


def _answer(method: str, answers: str) -> str:
    return "an empty list" if method == "GET" and answers in ("list", "search") else "404"
