"""A connection to Stripe whose answers are scripted and whose waits are written down."""

from __future__ import annotations

from pathlib import Path

import pytest
import stripe

from creditctl.core.settings import merge_settings
from creditctl.stripe_api.audit import AuditLog
from creditctl.stripe_api.client import StripeConnection, connect
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY
from tests.support.stripe_connections import OpenDoor


@pytest.fixture
def slept() -> list[float]:
    """How long the transport waited before each further try."""
    return []


@pytest.fixture
def open_door(tmp_path: Path, slept: list[float]) -> OpenDoor:
    def build(transport: stripe.HTTPClient, key: str = TEST_KEY, **values: str) -> StripeConnection:
        settings = merge_settings({"STRIPE_SECRET_KEY": key, **values}, {}, env_file=Path(".env"), folder=tmp_path)
        return connect(
            settings,
            sleep=slept.append,
            chance=lambda: 0.0,
            transport=transport,
            audit=AuditLog(tmp_path / "audit.jsonl", lambda: NOW, "this"),
            clock=lambda: NOW,
        )

    return build
