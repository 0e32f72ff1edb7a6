"""Guess of the webhook's path: of the one endpoint that hears of payments; none where several could be meant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.provisioning.scaffold.endpoints import guess_endpoint
from creditctl.provisioning.state import EndpointState

PAID = ("checkout.session.completed",)
HERE = EndpointState("we_1", "https://api.shop.example/hooks/", PAID)


@pytest.mark.parametrize(
    ("endpoints", "api_url", "path"),
    [
        ([HERE], None, "/hooks/"),
        ([HERE], "https://API.shop.example/", "/hooks/"),
        ([HERE], "https://other.example", None),
        ([HERE, replace(HERE, id="we_2", url="https://other.example/x")], None, None),
        ([HERE, replace(HERE, id="we_2", url="https://other.example/x")], "https://other.example", "/x"),
        ([replace(HERE, status="disabled")], None, None),
        ([replace(HERE, enabled_events=("*",))], None, "/hooks/"),
        ([replace(HERE, enabled_events=("invoice.paid",))], None, None),
        ([replace(HERE, url="https://api.shop.example/h?token=x")], None, None),
        ([replace(HERE, url="https://api.shop.example")], None, "/"),
        ([], None, None),
    ],
)
def test_whose_path_it_is(endpoints: list[EndpointState], api_url: str | None, path: str | None) -> None:
    guess = guess_endpoint(endpoints, api_url)

    assert (None if guess is None else guess.path) == path
