"""Texts of answers: what a backend says in words about a delivery that it refuses, where its status says too little."""

from __future__ import annotations

import re

from creditctl.provisioning.probing.responses import ProbeResponse

_CHANGING = re.compile(r"[0-9a-fA-F-]{8,}|\d+")
_NO_SIGNATURE = re.compile(
    r"unable to extract timestamp|no stripe-signature header value|stripe.?signature\W+(header\W+)?(is\W+)?"
    r"(missing|required|not found)|(missing|no|without)\W+(the\W+)?stripe.?signature",
    re.IGNORECASE,
)
_PARSED = re.compile(r"payload must be provided as a string|parsed javascript object", re.IGNORECASE)
_PAGE = re.compile(r"\s*(<!doctype html|<html)", re.IGNORECASE)


def misses_signature(response: ProbeResponse) -> bool:
    """Whether it says that there was no signature.

    Source: stripe-python, `WebhookSignature.verify_header`; stripe-node, `Webhooks.ts`.
    """
    return _NO_SIGNATURE.search(response.body) is not None


def was_given_an_object(response: ProbeResponse) -> bool:
    """Whether it says that the body was parsed before it was verified. Source: stripe-node, `Webhooks.ts`."""
    return _PARSED.search(response.body) is not None


def is_page(response: ProbeResponse) -> bool:
    """Whether the answer is a page for people."""
    return _PAGE.match(response.body) is not None


def says_the_same(one: ProbeResponse, other: ProbeResponse) -> bool:
    """Whether two answers are one, but for ids and times in them."""
    texts = {(each.status, _CHANGING.sub("", each.body)) for each in (one, other)}
    return len(texts) == 1
