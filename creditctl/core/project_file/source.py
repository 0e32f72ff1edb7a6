"""`[source]`: where an application keeps its own entries, and how its columns and words map to ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from creditctl.core.project_file.faults import nearest_key, shown
from creditctl.core.project_file.tables import TomlTable

SOURCE_COLUMNS = (
    "id", "created", "user_id", "kind", "credits", "amount", "currency", "payment_key", "livemode", "status",
    "corrects",
)  # fmt: skip
"""Our names of what a row of a source can say."""

_NEEDLESS_COLUMNS = ("amount", "currency", "livemode", "status", "corrects")
"""What need not be in a row: `amount = []` says that the column of that name is none."""

SOURCE_KINDS = ("purchase", "refund", "refund_reversal", "dispute", "dispute_reversal", "adjustment", "usage")
"""The kinds of `core/entitlement/settlement.py:EntryKind`, which is not imported here: its room is above this one."""

_SOURCE_KEYS = (
    "url_env", "file", "table", "query", "where", "amounts", "credit_decimals", "zone", "updated", "other", "recipe",
    "row_security", "columns", "users", "status", "kind", "rule", "balance",
)  # fmt: skip
_MOST_CREDIT_DECIMALS = 9
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")


class AmountUnit(StrEnum):
    """Unit of a source's amounts: 12.50 is major, 1250 is minor."""

    MAJOR = "major"
    MINOR = "minor"


class OtherRows(StrEnum):
    """What to do with rows that no kind fits; where the file does not say, they stop the run."""

    IGNORE = "ignore"


class RowStatus(StrEnum):
    """What a status of the application's means: not yet, booked, never."""

    PENDING = "pending"
    DONE = "done"
    VOID = "void"


class UserForm(StrEnum):
    """How a source's user ids are written otherwise on Stripe, where a rule says it."""

    UUID = "uuid"


@dataclass(frozen=True, slots=True)
class SourceUsers:
    """`[source.users]`: how their user is written on Stripe. Shape: at most one of the four."""

    form: UserForm | None = None
    prefix: str | None = None
    query: str | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRule:
    """One `[[source.rule]]`: rows for which `when` holds are of `kind`; `amount` names their column of the amount."""

    when: str
    kind: str
    amount: str | None = None


@dataclass(frozen=True, slots=True)
class SourceBalance:
    """`[source.balance]`: a cached balance, to compare with the sum of the entries."""

    table: str
    user_id: str
    column: str


@dataclass(frozen=True, slots=True)
class SourceSection:
    """`[source]`. Shape: `columns` maps our names to theirs, several in order of preference, none where no column
    says it; `status` and `kind` map their values to ours. What is None or empty was not written; a recipe may fill it.
    """

    url_env: str | None = None
    file: str | None = None
    table: str | None = None
    query: str | None = None
    where: str | None = None
    amounts: AmountUnit | None = None
    credit_decimals: int | None = None
    zone: str | None = None
    updated: str | None = None
    other: OtherRows | None = None
    recipe: str | None = None
    row_security: bool = False
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    users: SourceUsers = field(default_factory=SourceUsers)
    status: Mapping[str, RowStatus] = field(default_factory=dict)
    kind: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[SourceRule, ...] = ()
    balance: SourceBalance | None = None

    @property
    def url_variable(self) -> str | None:
        """The variable that holds the URL of its database; None for a file."""
        return None if self.file is not None else self.url_env or "DATABASE_URL"


def read_source(table: TomlTable | None) -> SourceSection | None:
    """`[source]` with its tables, None where the file has none."""
    if table is None:
        return None
    table.refuse_unknown(_SOURCE_KEYS)
    _judge_place(table)
    return SourceSection(
        url_env=table.env_name("url_env"),
        file=table.text("file"),
        table=table.text("table"),
        query=table.text("query"),
        where=table.text("where"),
        amounts=table.choice("amounts", AmountUnit),
        credit_decimals=table.whole("credit_decimals", least=0, most=_MOST_CREDIT_DECIMALS),
        zone=table.matching("zone", _ZONE, 'the name of a time zone, such as "Europe/Berlin"'),
        updated=table.text("updated"),
        other=table.choice("other", OtherRows),
        recipe=table.matching("recipe", _SLUG, "the name of a recipe"),
        row_security=table.flag("row_security"),
        columns=_columns(table.table("columns")),
        users=_users(table.table("users")),
        status=_status(table.table("status")),
        kind=_kinds(table.table("kind")),
        rules=tuple(_rule(rule) for rule in table.tables("rule")),
        balance=_balance(table.table("balance")),
    )


def _judge_place(table: TomlTable) -> None:
    """Rows come from one place: a database by table or query, or a file."""
    for key, others in (("file", ("url_env", "table", "query", "row_security")), ("table", ("query",))):
        for other in others:
            if key in table.values and other in table.values:
                table.fault(other, f"cannot stand beside {table.label}{key}: rows come from one place")


def _columns(table: TomlTable | None) -> dict[str, tuple[str, ...]]:
    if table is None:
        return {}
    table.refuse_unknown(SOURCE_COLUMNS)
    return {
        name: table.texts(name, or_none=name in _NEEDLESS_COLUMNS) for name in SOURCE_COLUMNS if name in table.values
    }


def _users(table: TomlTable | None) -> SourceUsers:
    if table is None:
        return SourceUsers()
    keys = ("form", "prefix", "query", "file")
    table.refuse_unknown(keys)
    if len([key for key in keys if key in table.values]) > 1:
        table.faults.add(table.path, "source.users must have one of form, prefix, query and file")
    return SourceUsers(table.choice("form", UserForm), table.text("prefix"), table.text("query"), table.text("file"))


def _status(table: TomlTable | None) -> dict[str, RowStatus]:
    words = {} if table is None else {value: table.choice(value, RowStatus) for value in table.values}
    return {value: word for value, word in words.items() if word is not None}


def _kinds(table: TomlTable | None) -> dict[str, str]:
    words = {} if table is None else {value: _kind(table, value) for value in table.values}
    return {value: word for value, word in words.items() if word is not None}


def _kind(table: TomlTable, key: str) -> str | None:
    value = table.values.get(key)
    if isinstance(value, str) and value in SOURCE_KINDS:
        return value
    hint = nearest_key(value, SOURCE_KINDS) if isinstance(value, str) else ""
    table.fault(key, f"must be one of our kinds, not {shown(value)}{hint}")
    return None


def _rule(table: TomlTable) -> SourceRule:
    table.refuse_unknown(("when", "kind", "amount"))
    if "when" not in table.values:
        table.fault("when", "is missing")
    return SourceRule(table.text("when") or "", _kind(table, "kind") or "", table.text("amount"))


def _balance(table: TomlTable | None) -> SourceBalance | None:
    if table is None:
        return None
    keys = ("table", "user_id", "column")
    table.refuse_unknown(keys)
    for key in keys:
        if key not in table.values:
            table.fault(key, "is missing")
    return SourceBalance(*(table.text(key) or "" for key in keys))
