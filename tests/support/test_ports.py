"""Ports for servers in processes: two at a time are two, and nothing that binds any port gets one of them."""

from __future__ import annotations

import socket

from tests.support.ports import free_port


def test_each_is_another_and_can_be_bound_by_whoever_was_given_it() -> None:
    ports = [free_port() for _ in range(20)]
    assert len(set(ports)) == 20
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[0]))
        assert ports[0] not in {free_port() for _ in range(20)}
