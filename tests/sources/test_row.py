"""What an imported row may say, and the sentence for everything that it may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st

from creditctl.core.errors import UsageError
from creditctl.ledger.hashchain.chain import COLUMNS
from creditctl.sources.row import OtherMode, RowReader, parse_kinds
from creditctl.sources.source import FIELDS
from creditctl.sources.values.bad_value import BadRow
from tests.support.clock import NOW

GOOD: dict[str, Any] = {
    "id": "7",
    "created": "1790000000",
    "user_id": "user1",
    "kind": "purchase",
    "credits": "1000",
    "amount": "1000",
    "currency": "usd",
    "payment_key": "pi_1",
    "package": "starter",
    "livemode": "false",
}


WRITTEN = dict(zip(COLUMNS[2:18], range(16), strict=True))


def read(row_field: str | None = "id", kinds: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    reader = RowReader("app", row_field, "acct_1", False, kinds or {})
    row = GOOD | changes
    content = reader(12, [row.get(name) for name in FIELDS])
    return {name: content[place] for name, place in WRITTEN.items()}


def test_a_row_becomes_the_content_of_an_entry() -> None:
    assert read() == {
        "created": NOW,
        "user_id": "user1",
        "kind": "purchase",
        "credits": 1000,
        "amount": 1000,
        "currency": "usd",
        "payment_key": "pi_1",
        "session_id": None,
        "object_id": None,
        "package": "starter",
        "idempotency_key": "import:app:7",
        "source_event": None,
        "corrects": None,
        "account": "acct_1",
        "livemode": 0,
        "note": None,
    }


@pytest.mark.parametrize(
    ("created", "seconds"),
    [
        (NOW, NOW),
        (NOW + 0.5, NOW),
        (f"{NOW}000", NOW),
        ("21.09.2026 14:13:20", NOW),
        ("2026-09-21T14:13:20Z", NOW),
        ("2026-09-21 14:13:20", NOW),
        ("2026-09-21T16:13:20.750+02:00", NOW),
        (datetime(2026, 9, 21, 14, 13, 20, 999_999), NOW),  # noqa: DTZ001 - databases give such times
        (datetime(2026, 9, 21, 16, 13, 20, tzinfo=timezone(timedelta(hours=2))), NOW),
        (datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC), NOW),
    ],
)
def test_times_are_understood_as_numbers_texts_and_values(created: object, seconds: int) -> None:
    assert read(created=created)["created"] == seconds


@pytest.mark.parametrize("credits", ["1000.00", "1,000", 1000.0, Decimal("1000.00"), "1 000"])
def test_whole_credits_are_taken_however_their_column_is_made(credits: object) -> None:
    assert read(credits=credits)["credits"] == 1000


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": "10.00"}, "amount '10.00' is not a whole number, in minor units"),
        ({"amount": 1000.0}, "amount 1000.0 is not a whole number"),
        ({"amount": Decimal("10.00")}, "not a whole number"),
        ({"credits": "1e3"}, "credits '1e3' is not a whole number"),
        ({"credits": "1_000"}, "not a whole number"),
        ({"credits": "1,000.50"}, "not a whole number"),
        ({"credits": "١٠٠"}, "not a whole number"),
        ({"credits": True}, "not a whole number"),
        ({"credits": ""}, "not a whole number"),
        ({"credits": 10**16}, "out of range"),
        ({"credits": "-1000"}, "credits -1000 of a purchase should be positive"),
        ({"credits": "0"}, "a purchase of no credits"),
        ({"kind": "refund", "amount": "-5"}, "credits 1000 of a refund should be negative"),
        ({"kind": "dispute", "credits": "-5"}, "amount 1000 of a dispute should be negative"),
        ({"kind": "Purchase"}, "kind 'Purchase' is none of purchase, refund"),
        ({"kind": ["purchase"]}, "is none of"),
        ({"kind": None}, "is none of"),
        ({"currency": "dollar"}, "not a three-letter code"),
        ({"currency": ""}, "an amount needs a currency"),
        ({"created": "yesterday"}, "not a time"),
        ({"created": "9" * 30}, "not a time"),
        ({"created": "²"}, "not a time"),
        ({"user_id": ""}, "user_id is not a text of 1 to 200 characters"),
        ({"user_id": "x" * 201}, "user_id is not a text"),
        ({"user_id": "a\0b"}, "NUL"),
        ({"user_id": b"abc"}, "user_id is not a text"),
        ({"user_id": True}, "user_id is not a text"),
        ({"payment_key": None}, "a purchase needs a payment_key"),
        ({"livemode": "maybe"}, "livemode 'maybe' is neither true nor false"),
        ({"livemode": ""}, "neither true nor false"),
        ({"id": None}, "it has no id"),
        ({"id": "9" * 201}, "longer than 200"),
        ({"kind": "usage", "credits": "-5", "amount": "500", "currency": "usd"}, "using credits brings no money in"),
    ],
)
def test_what_no_entry_may_say_is_refused_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRow, match=reason.replace("(", r"\(")):
        read(**changes)


def test_a_refused_class_of_rows_is_refused_every_time() -> None:
    reader = RowReader("app", "id", "acct_1", False, {})
    row = [(GOOD | {"kind": "gift"}).get(name) for name in FIELDS]

    for _ in range(2):
        with pytest.raises(BadRow, match="gift"):
            reader(1, row)


@pytest.mark.parametrize("livemode", ["true", "TRUE", "1", 1, True, "live", "t"])
def test_a_row_of_the_other_mode_says_so(livemode: object) -> None:
    with pytest.raises(OtherMode, match="this ledger is of test mode"):
        read(livemode=livemode)


def test_numbers_and_ids_from_a_database_are_taken() -> None:
    uid = UUID("12345678-1234-5678-1234-567812345678")

    content = read(user_id=42, credits=Decimal(5500), amount=4500, livemode=False, id=uid)

    assert (content["user_id"], content["credits"], content["amount"]) == ("42", 5500, 4500)
    assert content["idempotency_key"] == f"import:app:{uid}"


def test_a_row_is_told_apart_by_its_id_its_key_or_its_line() -> None:
    assert read("id")["idempotency_key"] == "import:app:7"
    assert read("idempotency_key", idempotency_key="k-1")["idempotency_key"] == "import:app:k-1"
    assert read(None)["idempotency_key"] == "import:app:12"


def test_the_applications_own_key_is_not_lost() -> None:
    assert read("id", idempotency_key="k-1")["note"] == "application key k-1"
    assert read("id", idempotency_key="k-1", note="gift")["note"] == "gift (application key k-1)"
    assert read("idempotency_key", idempotency_key="k-1", note="gift")["note"] == "gift"


def test_kinds_are_translated() -> None:
    assert read(kind="topup", kinds=parse_kinds(["topup=purchase"]))["kind"] == "purchase"


@pytest.mark.parametrize("texts", [["topup"], ["topup=gift"], ["=purchase"], ["a=usage", "a=refund"]])
def test_a_translation_that_makes_no_sense_is_refused(texts: list[str]) -> None:
    with pytest.raises(UsageError, match="--map-kind"):
        parse_kinds(texts)


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1)


def test_a_payment_known_by_its_session_is_recognised_by_that_session() -> None:
    assert read(payment_key="cs_test_1")["session_id"] == "cs_test_1"
    assert read(payment_key="cs_test_1", session_id="cs_test_2")["session_id"] == "cs_test_2"


@pytest.mark.parametrize("user", [" ", "a" * 201])
def test_a_user_id_that_fulfilment_would_refuse_is_refused(user: str) -> None:
    with pytest.raises(BadRow, match="user_id"):
        read(user_id=user)


@pytest.mark.parametrize("field", ["payment_key", "session_id"])
def test_a_session_of_the_other_mode_is_refused_for_it_would_hide_that_its_payment_was_credited(field: str) -> None:
    with pytest.raises(BadRow, match=f"{field} is a session that is live, and its livemode says otherwise"):
        read("id", None, **{field: "cs_live_1"})


@pytest.mark.parametrize("key", ["pi_1", "cs_test_1", "ch_1", "py_1"])
def test_a_payment_is_named_by_stripes_id_of_it(key: str) -> None:
    assert read(payment_key=key)["payment_key"] == key


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("in_1", "an invoice"),
        ("txn_1", "a balance transaction"),
        ("https://dashboard.stripe.com/payments/pi_1", "a link"),
        ("order-17", "--own-keys"),
        (" pi_1", "is no id of a payment"),
    ],
)
def test_what_names_no_payment_is_refused_with_the_reason(key: str, reason: str) -> None:
    with pytest.raises(BadRow, match=reason):
        read(payment_key=key)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("payment_key", "pi_" + "1" * 10_000), ("payment_key", "cs_" + "1" * 253), ("object_id", "re_" + "1" * 253)),
        *(("session_id", "cs_test_" + "1" * 253), ("source_event", "e" * 256), ("idempotency_key", "o" * 256)),
    ],
)
def test_what_is_longer_than_any_id_is_refused_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(BadRow, match=f"{name} is longer than 255 characters") as caught:
        read("id", None, **{name: value})
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["payment_key", "note", "user_id", "session_id", "object_id", "idempotency_key", "source_event", "kind"]
)
def test_a_client_secret_gets_neither_into_the_ledger_nor_into_the_message(name: str) -> None:
    secret = "pi_1A_secret_B2C3D4E5F6"
    row = GOOD | {name: secret}
    with pytest.raises(BadRow) as caught:
        RowReader("app", "id", "acct_1", False, {})(1, [row.get(field) for field in FIELDS])
    assert secret not in str(caught.value)


def test_an_applications_own_key_is_kept_where_the_operator_says_so() -> None:
    reader = RowReader("app", "id", "acct_1", False, {}, own_keys=True)
    row = GOOD | {"payment_key": "order-17"}
    assert reader(1, [row.get(name) for name in FIELDS]).payment_key == "order-17"
    with pytest.raises(BadRow, match="an invoice"):
        reader(1, [(GOOD | {"payment_key": "in_1"}).get(name) for name in FIELDS])
