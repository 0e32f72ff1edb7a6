"""URLs that a path is added to, and hosts that only this network reaches."""

from __future__ import annotations

import pytest

from creditctl.core.urls import fault_of, is_private_host, port_of, split_url


@pytest.mark.parametrize(
    "text",
    ["http://a.example\n", " http://a.example", "http://a\tb.example", "http://\u200ba.example", "http://[broken"],
)
def test_no_url(text: str) -> None:
    assert split_url(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://a.example", ""),
        ("http://127.0.0.1:8000/base/", ""),
        ("ftp://a.example", "http:// or https://"),
        ("https://", "http:// or https://"),
        ("a.example", "http:// or https://"),
        ("https://a.example:0", "port"),
        ("https://a.example:99999", "port"),
        ("https://u:p@a.example", "user name"),
        ("https://a.example?x=1", "query"),
        ("https://a.example#x", "fragment"),
    ],
)
def test_what_makes_a_url_unusable(text: str, words: str) -> None:
    url = split_url(text)

    assert url is not None
    assert words in fault_of(url)
    assert bool(words) == bool(fault_of(url))


def test_a_port_is_said_or_meant() -> None:
    ports = [port_of(url) for url in map(split_url, ("https://a", "http://a", "http://a:81")) if url is not None]

    assert ports == [443, 80, 81]


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("localhost", True),
        ("backend", True),
        ("backend.internal", True),
        ("10.0.0.5", True),
        ("::1", True),
        ("api.example.com", False),
        ("api.example.com.", False),
        ("8.8.8.8", False),
    ],
)
def test_hosts_of_this_network(host: str, private: bool) -> None:
    assert is_private_host(host) is private
