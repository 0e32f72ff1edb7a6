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
    "01432abe0d51538d8599a98989a99121b1e5388925b3b901f688c65d121b1998c16a6533734b13036ca5b121a18202e12b6c29ca1098b700"
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
