"""Odd bodies: made from the body that was declared, whatever its fields are called."""

from __future__ import annotations

import json

from creditctl.simulation.play.odd_bodies import ODD_VALUES, PLAIN_BODIES, infinite_bodies, odd_bodies

DECLARED = '{"item": {"pack": "small", "tags": ["x"]}, "locale": "en"}'


def test_each_value_of_the_declared_body_is_replaced_where_it_stands() -> None:
    bodies = odd_bodies(DECLARED)

    assert bodies[: len(PLAIN_BODIES)] == list(PLAIN_BODIES)
    assert len(bodies) == len(PLAIN_BODIES) + 3 * len(ODD_VALUES)
    assert json.dumps({"item": {"pack": None, "tags": ["x"]}, "locale": "en"}).encode() in bodies
    assert json.dumps({"item": {"pack": "small", "tags": [-1]}, "locale": "en"}).encode() in bodies
    assert b'{"item": {"pack": 1e999, "tags": ["x"]}, "locale": "en"}' in infinite_bodies(DECLARED)


def test_a_body_that_is_no_json_object_has_only_the_plain_ones() -> None:
    assert odd_bodies("pack=small") == odd_bodies('"small"') == list(PLAIN_BODIES)
    assert infinite_bodies("pack=small") == []
