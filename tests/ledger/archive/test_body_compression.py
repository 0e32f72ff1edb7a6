"""What was compressed is read again as it was, by every later version too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from creditctl.ledger.archive.body_compression import compressed_body, plain_body

BODY = (
    b'{"id":"txn_1","created":1786544521,"object":"balance_transaction","type":"charge","reporting_category":"charge",'
    b'"amount":70000,"currency":"usd","exchange_rate":null,"fee":2060,"net":67940,"source":{"id":"ch_1",'
    b'"object":"charge","created":1786544521,"payment_intent":"pi_1"}}'
)
KEPT = bytes.fromhex(
    "01432ad70d5193938599a98989a99121b1053c8945b6b901f61480bb883632308355d766e6962606d88a6943422508c257d8929a2130d30100"
)
"""The same as the first version wrote it."""


@given(st.binary(max_size=400).map(lambda some: b"{" + some))
def test_anything_comes_back(body: bytes) -> None:
    assert plain_body(compressed_body(body)) == body


def test_an_object_is_kept_in_a_third_of_its_size() -> None:
    assert len(compressed_body(BODY)) * 3 < len(BODY)


def test_what_an_older_version_kept_is_read() -> None:
    """As JSON, or compressed: another dictionary would read it as something else, and needs another number."""
    assert plain_body(BODY) == BODY
    assert plain_body(KEPT) == BODY
