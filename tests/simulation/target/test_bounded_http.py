"""Answers without an end: a backend under test may send what it likes, and we read no more than we need."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from creditctl.simulation.target.bounded_http import MOST_BYTES, MOST_SECONDS, request_bounded


def endless(sent: list[int]) -> httpx.Client:
    def body() -> Iterator[bytes]:
        while True:
            sent.append(1)
            yield b"0" * 1_000_000

    return httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(200, content=body())))


def test_an_endless_answer_is_read_up_to_a_size() -> None:
    sent: list[int] = []

    answer = request_bounded(endless(sent), "GET", "http://backend/")

    assert (answer.status_code, len(answer.text)) == (200, MOST_BYTES)
    assert len(sent) < 10


def test_an_answer_that_drips_ends_with_a_timeout() -> None:
    moments = iter([0.0, 1.0, MOST_SECONDS + 1])

    with pytest.raises(httpx.ReadTimeout):
        request_bounded(endless([]), "GET", "http://backend/", monotonic=lambda: next(moments))


def test_status_place_and_letters_stay() -> None:
    headers = {"content-type": "text/plain; charset=latin-1", "location": "/there", "content-encoding": "identity"}
    answers = httpx.MockTransport(
        lambda _request: httpx.Response(303, headers=headers, content="Müller".encode("latin-1"))
    )

    answer = request_bounded(httpx.Client(transport=answers), "POST", "http://backend/", content=b"{}")

    assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/there", "Müller")
