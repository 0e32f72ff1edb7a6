"""docs/emulator-api.md and docs/emulator-control.md say of the emulator what it does."""

from __future__ import annotations

import re
import runpy
import typing
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.emulator.control.api import CONTROLS
from creditctl.emulator.resources.table import ROUTES

ROOT = Path(__file__).resolve().parents[2]
API, CONTROL = ((ROOT / "docs" / name).read_text() for name in ("emulator-api.md", "emulator-control.md"))
PAGE: dict[str, Any] = runpy.run_path(str(ROOT / ".ci" / "emulator_api_docs.py"))


def test_every_route_and_every_control_has_its_section() -> None:
    assert [
        f"{entry.method} {entry.pattern}" for entry in ROUTES if f"#### {entry.method} {entry.pattern}\n" not in API
    ] == []
    headings = re.findall(r"^## (\S+) /_emulator", CONTROL, re.M)
    assert len(headings) == len(CONTROLS)


def test_every_line_has_one_of_three_standings() -> None:
    rows = [line for line in API.partition("## Endpoints\n")[2].splitlines() if line.startswith("| `")]

    assert len(rows) > 300
    assert [row for row in rows if row.split(" | ")[-1] not in ("recorded |", "documented |", "unconfirmed |")] == []
    assert [row for row in rows if not re.search(r"acted on|refused", row)] == []


ELSEWHERE = ("processing", "requires_action", "uncollectible", "void")
"""States that one kind never reaches and another does, or a list is filtered by."""


def test_a_state_that_is_called_reached_is_written_somewhere_and_the_others_nowhere() -> None:
    text = PAGE["sources"]()
    for (kind, _), states in PAGE["STATES"].items():
        for state in states:
            assert (f'"{state}"' in text) == ((kind, state) not in PAGE["NEVER_REACHED"]) or state in ELSEWHERE


@pytest.mark.parametrize(
    ("kind", "field", "owner"),
    [
        ("Checkout session", "status", stripe.checkout.Session),
        ("Checkout session", "payment_status", stripe.checkout.Session),
        ("Payment intent", "status", stripe.PaymentIntent),
        ("Setup intent", "status", stripe.SetupIntent),
        ("Charge", "status", stripe.Charge),
        ("Dispute", "status", stripe.Dispute),
    ],
)
def test_the_states_are_those_of_the_sdks_types(kind: str, field: str, owner: type) -> None:
    literals = [part for part in _parts(owner.__annotations__[field]) if isinstance(part, str)]

    assert sorted(literals) == sorted(PAGE["STATES"][kind, field])


def _parts(hint: object) -> list[object]:
    inner = typing.get_args(hint)
    return [hint] if not inner else [leaf for part in inner for leaf in _parts(part)]


def test_what_is_left_out_is_named_with_its_answer() -> None:
    left_out = API.partition("## Endpoints that are left out")[2]

    assert "| GET /v1/subscriptions | an empty list |" in left_out
    assert "| POST /v1/payment_links | 404 |" in left_out
    assert "POST /v1/refunds |" not in left_out
