"""Rows of applications in the words of [source]."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import (
    AmountUnit,
    OtherRows,
    RowStatus,
    SourceRule,
    SourceSection,
    SourceUsers,
    UserForm,
)
from creditctl.ledger.archive.source_models import SourceRow
from creditctl.sources.mapping.row_mapper import Habits, RowMapper
from creditctl.sources.mapping.signs import Outside
from creditctl.sources.mapping.users import UserNames
from creditctl.sources.mapping.words import UnknownWord
from creditctl.sources.values.bad_value import BadRow
from tests.support.clock import NOW

ROW: dict[str, Any] = {
    "id": 7,
    "created": NOW,
    "user_id": "u1",
    "kind": "purchase",
    "credits": 1000,
    "amount": 1000,
    "currency": "USD",
    "payment_key": "pi_1a",
}


def mapped(row: dict[str, Any] | None = None, **settings: Any) -> SourceRow:
    raw = {**ROW, **(row or {})}
    users = settings.get("users", SourceUsers())
    mapper = RowMapper(SourceSection(table="t", **settings), list(raw), users=UserNames(users))
    found = mapper(raw)
    assert isinstance(found, SourceRow)
    return found


def test_columns_of_our_names_need_no_line() -> None:
    assert mapped() == SourceRow(
        "7", NOW, "u1", "u1", "purchase", "done", 1000, False, 1000, "usd", "pi_1a", None, None, None
    )


def test_a_column_that_a_line_names_for_something_else_is_not_ours_by_its_name_too() -> None:
    """`amount` counts credits there, and `status` says the kind: neither is money or a status."""
    row = {"amount": 5500, "status": "topup", "kind": None}

    found = mapped(row, columns={"credits": ("amount",), "kind": ("status",)}, kind={"topup": "purchase"})

    assert (found.credits, found.amount, found.kind, found.status) == (5500, None, "purchase", "done")
    assert mapped({"id": "pi_1a"}, columns={"payment_key": ("id",)}).row_id == "pi_1a"


def test_a_column_that_is_called_as_ours_may_be_none() -> None:
    row = {"amount": 1000, "livemode": True, "status": "gold", "corrects": "x"}

    found = mapped(row, columns=dict.fromkeys(("amount", "livemode", "status", "currency", "corrects"), ()))

    assert (found.amount, found.livemode, found.status, found.currency, found.corrects) == (
        None, None, "done", None, None,
    )  # fmt: skip


def test_exact_names_win_over_paths_and_case() -> None:
    columns = {"user_id": ("meta.user",), "payment_key": ("stripeId", "Meta.charge")}
    row = {"meta.user": "dotted", "meta": '{"user": "path"}', "stripeId": "", "Meta": {"charge": "ch_1a"}}

    found = mapped(row, columns=columns)

    assert (found.user_id, found.payment_key) == ("dotted", "ch_1a")


@pytest.mark.parametrize(
    ("key", "payment", "returned"),
    [
        ("pi_1a", "pi_1a", None),
        ("cs_test_a1", "cs_test_a1", None),
        ("stripe:pi_1a", "pi_1a", None),
        ("dp_1a:reinstated", "dp_1a", "dp_1a"),
        ("re_1a", "re_1a", "re_1a"),
        ("pi_1a_" + "secret_xyz0123456789", "pi_1a", None),
        ("order-17", "order-17", None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_payment_is_named_by_any_id_in_a_key(key: str | None, payment: str | None, returned: str | None) -> None:
    found = mapped({"payment_key": key})
    assert (found.payment_key, found.object_id) == (payment, returned)


@pytest.mark.parametrize(
    ("key", "payment"),
    [
        (["cs_test_1a", "pi_1a"], "cs_test_1a"),
        ('["cs_test_1a"]', "cs_test_1a"),
        (b"pi_1a", "pi_1a"),
        (b"pi_1a\0\0\0", "pi_1a"),
        (UUID(int=255).bytes, str(UUID(int=255))),
        (b"\xff\x01", "ff01"),
        ([], None),
        ("[]", None),
        ("{}", None),
        ([None, "order 7"], "order 7"),
    ],
)
def test_a_key_may_be_a_list_or_bytes(key: object, payment: str | None) -> None:
    assert mapped({"payment_key": key}).payment_key == payment


def test_several_keys_name_payment_and_refund() -> None:
    found = mapped({"refund": "re_9a", "kind": "refund"}, columns={"payment_key": ("payment_key", "refund")})
    assert (found.payment_key, found.object_id, found.credits, found.amount) == ("pi_1a", "re_9a", -1000, -1000)


@pytest.mark.parametrize(
    ("kind", "credits", "signed", "contrary"),
    [
        ("purchase", 5, 5, False), ("purchase", -5, 5, True), ("usage", 5, -5, True), ("usage", -5, -5, False),
        ("refund", "5", -5, True), ("dispute_reversal", 5, 5, False), ("adjustment", -5, -5, False),
    ],
)  # fmt: skip
def test_signs_follow_from_the_kind(kind: str, credits: object, signed: int, contrary: bool) -> None:
    found = mapped({"kind": kind, "credits": credits})
    assert (found.credits, found.contrary) == (signed, contrary)


def test_kinds_statuses_and_rules_are_translated() -> None:
    settings: dict[str, Any] = {
        "kind": {"TOPUP": "purchase", "spend": "usage"},
        "columns": {"status": ("state",)},
        "status": {"completed": RowStatus.DONE, "Open": RowStatus.PENDING},
        "rules": (SourceRule("kind = 'x' and credits = 0", "refund", "total"),),
    }

    assert mapped({"kind": "topup", "state": "COMPLETED"}, **settings | {"rules": ()}).kind == "purchase"
    assert mapped({"kind": "Usage", "state": "open", "total": 1}, **settings).status == "pending"
    by_rule = mapped({"kind": "x", "credits": 0, "state": "completed", "total": 450}, **settings)
    assert (by_rule.kind, by_rule.amount) == ("refund", -450)
    with pytest.raises(UnknownWord, match="kind 'gift'"):
        mapped({"kind": "gift", "state": "open", "total": 1}, **settings)
    with pytest.raises(UnknownWord, match="status 'lost'"):
        mapped({"kind": "spend", "state": "lost", "total": 1}, **settings)


def test_rows_that_are_no_entries_are_outside() -> None:
    section = SourceSection(table="t", where="deleted is null", other=OtherRows.IGNORE)
    mapper = RowMapper(section, [*ROW, "deleted"])

    assert mapper({**ROW, "deleted": "2026-01-01"}) == Outside("7")
    assert mapper({**ROW, "deleted": None, "kind": "gift"}) == Outside("7")


@pytest.mark.parametrize(
    ("text", "row", "live"),
    [
        ("!is_test", {"is_test": 1}, False),
        ("!is_test", {"is_test": "f"}, True),
        ("env = 'production'", {"env": "production"}, True),
        ("!env = 'production'", {"env": "production"}, False),
        ("m.live", {"m": {"live": False}}, False),
        ("m.live", {"m": {}}, None),
    ],
)
def test_the_mode_is_told_in_any_way(text: str, row: dict[str, Any], live: bool | None) -> None:
    assert mapped(row, columns={"livemode": (text,)}).livemode is live


@pytest.mark.parametrize(
    ("amount", "currency", "unit", "meant"),
    [
        ("10.00", "usd", AmountUnit.MAJOR, 1000),
        (10.5, "usd", AmountUnit.MAJOR, 1050),
        ("1,000", "jpy", AmountUnit.MAJOR, 1000),
        ("1.5", "kwd", AmountUnit.MAJOR, 1500),
        ("12", None, AmountUnit.MAJOR, 1200),
        (1000.0, "usd", None, 1000),
        ("1000.00", "usd", None, 1000),
        (None, "usd", None, None),
    ],
)
def test_amounts_are_exact(amount: object, currency: str | None, unit: AmountUnit | None, meant: int | None) -> None:
    assert mapped({"amount": amount, "currency": currency}, amounts=unit).amount == meant


def test_credits_may_have_decimals() -> None:
    assert mapped({"credits": "1,000.25"}, credit_decimals=2).credits == 100_025
    assert mapped({"credits": 1000.0}).credits == 1000
    with pytest.raises(BadRow, match="credit_decimals"):
        mapped({"credits": "0.25"})


@pytest.mark.parametrize(
    "row",
    [
        {"amount": "10.50"}, {"created": "soon"}, {"currency": "dollars"}, {"id": None}, {"credits": None},
        {"credits": 10**18}, {"user_id": ["a"]}, {"user_id": "a\0"},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(BadRow):
        mapped(row)


def test_users_are_written_as_on_stripe() -> None:
    dashed = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"

    assert mapped(users=SourceUsers(prefix="eu:")).user_id == "eu:u1"
    found = mapped({"user_id": dashed.replace("-", "").upper()}, users=SourceUsers(form=UserForm.UUID))
    assert (found.owner, found.user_id) == (dashed.replace("-", "").upper(), dashed)
    assert mapped({"user_id": None}).user_id is None
    assert UserNames(known={"5": "auth0|x"}).on_stripe("5") == "auth0|x"


def test_times_without_a_zone_are_of_the_zone_and_doubts_are_counted() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    mapper = RowMapper(SourceSection(table="t"), list(ROW), zone=berlin, habits=Habits(month_first=True))

    for created in ("2026-10-25 02:30:00", "10/25/2026 02:30", "10/25/2026 12:30"):
        mapper({**ROW, "created": created})

    assert mapper.doubtful == 2


def test_columns_that_are_missing_are_named() -> None:
    with pytest.raises(ConfigurationError, match="no column for: credits, payment_key"):
        RowMapper(SourceSection(table="t"), ["id", "created", "user_id", "kind"])
    with pytest.raises(ConfigurationError, match="no column 'gone'"):
        mapped(columns={"user_id": ("gone",)})


def test_only_what_is_needed_is_read() -> None:
    section = SourceSection(table="t", where="m.a = 1", columns={"livemode": ("!test",)}, updated="changed")
    mapper = RowMapper(section, [*ROW, "m", "test", "changed", "email", "ip_address"])

    assert set(mapper.columns) == {*ROW, "m", "test", "changed"}
    assert RowMapper(section, None).columns[:2] == ("id", "created")
