"""List and retrieve actions: pagination, cursors and filters, shared by nearly every kind of object.

Source: Stripe API reference, "Pagination".
"""

from collections.abc import Callable, Mapping
from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.routes import Action
from creditctl.emulator.protocol.errors import invalid, no_such
from creditctl.emulator.protocol.fields import Field, Limit, Text
from creditctl.emulator.protocol.schema import Range
from creditctl.emulator.protocol.wire import ListPage
from creditctl.emulator.storage.object_types import ObjectType
from creditctl.emulator.storage.store import Condition, Row, body_value, column

PAGE_FIELDS: Mapping[str, Field] = {
    "limit": Limit(),
    "starting_after": Text(),
    "ending_before": Text(),
}

Condense = Callable[[Any], Condition]


class ListFilter:
    """A list parameter and the SQL condition that it becomes."""

    def __init__(self, field: Field, condition: Condense, refers: ObjectType | None = None) -> None:
        self.field = field
        self.condition = condition
        self.refers = refers
        """The kind of the object that the value names: one that never was is refused instead of listing nothing."""


def by_column(name: str, field: Field | None = None, refers: ObjectType | None = None) -> ListFilter:
    """A filter on an index column (owner, parent, label)."""
    return ListFilter(field or Text(), lambda value: column(name, value), refers)


def by_body(path: str, field: Field | None = None) -> ListFilter:
    """A filter on a value in the body."""
    return ListFilter(field or Text(), lambda value: body_value(path, value))


def by_any(name: str, field: Field) -> ListFilter:
    """A filter on a column by a list of values."""
    return ListFilter(field, lambda values: (f"{name} IN ({', '.join('?' * len(values)) or 'NULL'})", values))


def by_created() -> ListFilter:
    """The `created` filter: a time or bounds."""
    return ListFilter(Range(), lambda bounds: within("created", bounds))


def within(expression: str, bounds: list[tuple[str, int]]) -> Condition:
    """An SQL condition from pairs of operator and value."""
    clause = " AND ".join(f"{expression} {operator} ?" for operator, _ in bounds) or "1"
    return clause, [value for _, value in bounds]


def list_fields(filters: Mapping[str, ListFilter]) -> dict[str, Field]:
    """The parameters of a list endpoint."""
    return {**PAGE_FIELDS, **{name: entry.field for name, entry in filters.items()}}


def listing(
    kind: ObjectType,
    filters: Mapping[str, ListFilter],
    *,
    base: Callable[[RequestContext], list[Condition]] | None = None,
    url: Callable[[RequestContext], str] | None = None,
    counted: bool = False,
) -> Callable[[RequestContext], ListPage]:
    """The list action of a kind; some lists say how many items they hold."""

    def action(context: RequestContext) -> ListPage:
        _require_known(context, filters)
        conditions = base(context) if base else []
        conditions += [filters[name].condition(v) for name, v in context.params.items() if name in filters]
        # Bodies go out as they are stored; only the envelope is written.
        rows, more = page(context, kind, conditions)
        return ListPage(url(context) if url else kind.url, [row.body for row in rows], more, counted)

    return action


def _require_known(context: RequestContext, filters: Mapping[str, ListFilter]) -> None:
    """Refuse a filter by an object that never was; one that was deleted has its history. Errors: StripeError."""
    for name, value in context.params.items():
        kind = filters[name].refers if name in filters else None
        if kind is None or value is None:
            continue
        row = context.services.store.get(context.scope.id, value)
        if row is None or row.kind != kind.name:
            raise context.missing(kind, value, name, 400)


def page(context: RequestContext, kind: ObjectType, conditions: list[Condition]) -> tuple[list[Row], bool]:
    """The rows of the page that limit and cursors ask for."""
    params = context.params
    after, before = params.get("starting_after"), params.get("ending_before")
    refuse_both(after, before)
    cursor = None
    for name in ("starting_after", "ending_before"):
        if name in params:
            cursor = _cursor(context, kind, params[name], name)
    limit = params.get("limit", 10)
    return context.services.store.page(context.scope.id, kind, conditions, limit, cursor, before is not None)


def refuse_both(after: str | None, before: str | None) -> None:
    """A page goes one way only; Source: recorded refusal, which names no parameter."""
    if after and before:
        raise invalid(
            "Received both starting_after and ending_before parameters. Please pass in only one.", executed=False
        )


def _cursor(context: RequestContext, kind: ObjectType, object_id: str, param: str) -> Row:
    row = context.services.store.get(context.scope.id, object_id)
    if row is None or row.kind != kind.name:
        raise no_such(kind.title, object_id, param, status=400)
    return row


def retrieve(kind: ObjectType, param: str | None = None) -> Action:
    """The retrieve action of a kind."""

    def action(context: RequestContext) -> bytes:
        return context.fetch_row(kind, context.args[0], param).body

    return action
