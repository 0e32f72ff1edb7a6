"""Compression of the objects that a pull keeps: raw deflate with a preset dictionary, for they are small and alike.

Source: RFC 1951, and the documentation of Python's zlib, "compressobj", zdict.
"""

from __future__ import annotations

import zlib

_MARK = b"\x01"
"""What is kept begins with the number of its dictionary; JSON, as an object of older files is kept, begins with `{`."""

# Fields of the lists as they are kept, the most frequent ones last. What was compressed needs the very same text to be
# read again: another text is another dictionary, with another number.
_DICTIONARY = b"".join(
    (
        b'{"id":"du_","object":"dispute","status":"needs_response","amount":1000,"currency":"usd","reason":"fraudulent",',
        b'"payment_intent":"pi_","charge":"ch_","balance_transactions":[{"id":"txn_","object":"balance_transaction",',
        b'"amount":-1000,"fee":1500,"net":-2500}],"is_charge_refundable":false}',
        b'{"id":"re_","created":17,"object":"refund","status":"succeeded","amount":1000,"currency":"usd",',
        b'"reason":"requested_by_customer","failure_reason":null,"payment_intent":"pi_","charge":"ch_",',
        b'"balance_transaction":"txn_","failure_balance_transaction":null}',
        b'{"id":"txn_","created":17,"object":"balance_transaction","type":"refund","reporting_category":"refund",',
        b'"type":"charge","reporting_category":"charge","amount":1000,"currency":"eur","currency":"usd",',
        b'"exchange_rate":null,"fee":59,"net":941,"source":{"id":"ch_","object":"charge","created":17,',
        b'"payment_intent":"pi_"}}',
        b'{"id":"pi_","created":17,"object":"payment_intent","status":"requires_payment_method","status":"succeeded",',
        b'"amount":1000,"amount_received":1000,"amount_capturable":0,"capture_method":"automatic_async",',
        b'"cancellation_reason":null,"currency":"usd","metadata":{},"livemode":true,"latest_charge":{"id":"ch_",',
        b'"object":"charge","created":17,"status":"succeeded","amount":1000,"amount_captured":1000,',
        b'"amount_refunded":0,"captured":true,"refunded":false,"currency":"usd","disputed":false,',
        b'"balance_transaction":"txn_","payment_intent":"pi_","payment_method_details":{"type":"card"}}}',
        b'{"id":"cs_live_","id":"cs_test_","created":17,"object":"checkout.session","status":"expired",',
        b'"payment_status":"unpaid","status":"complete","payment_status":"paid","mode":"payment",',
        b'"amount_subtotal":1000,"amount_total":1000,"currency":"usd","payment_intent":"pi_","invoice":null,',
        b'"client_reference_id":"user_","metadata":{"package":"starter","credits":"1000",',
        b'"user_id":"user_"},"livemode":false,"success_url":"https://example.com/success?session_id=',
        b'{CHECKOUT_SESSION_ID}","recovered_from":null,"payment_link":null,"total_details":{"amount_discount":0,',
        b'"amount_shipping":0,"amount_tax":0}}',
    )
)


def compressed_body(body: bytes) -> bytes:
    """A JSON object as it is kept."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 8, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    return _MARK + packer.compress(body) + packer.flush()


def plain_body(kept: bytes) -> bytes:
    """A JSON object that was kept, compressed or as it was. Errors: zlib.error for what is neither."""
    if not kept.startswith(_MARK):
        return kept
    return zlib.decompressobj(-zlib.MAX_WBITS, _DICTIONARY).decompress(kept[len(_MARK) :])
