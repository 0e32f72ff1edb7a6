"""Connections to the emulator, clients that die at a chosen change, and catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from creditctl.core.catalog import Catalog, parse_catalog
from creditctl.core.settings import merge_settings
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.stripe_api.audit import AuditLog
from creditctl.stripe_api.client import StripeConnection, connect
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY
from tests.support.provisioning import Catalogs, Doors, Mortal
from tests.support.scripted_stripe import Killed, ScriptedStripe, answers, is_write

BASE = "http://127.0.0.1:12111"


@pytest.fixture
def make_door(emulator: Emulator, tmp_path: Path, clock: Clock) -> Iterator[Doors]:
    """Doors to the emulator: `make_door(key=…, transport=…)`."""
    opened: list[StripeConnection] = []

    def build(transport: stripe.HTTPClient | None = None, key: str = TEST_KEY, **values: str) -> StripeConnection:
        settings = merge_settings(
            {"STRIPE_SECRET_KEY": key, "STRIPE_API_BASE": BASE, **values}, {}, env_file=Path(".env"), folder=tmp_path
        )
        door = connect(
            settings,
            sleep=clock.sleep,
            chance=lambda: 1.0,
            transport=transport or EmulatorHTTPClient(emulator),
            audit=AuditLog(tmp_path / "audit.jsonl", clock, "this"),
        )
        opened.append(door)
        return door

    yield build
    for door in opened:
        door.close()


@pytest.fixture
def door(make_door: Doors) -> StripeConnection:
    """One door to the emulator."""
    return make_door()


@pytest.fixture
def mortal(emulator: Emulator) -> Mortal:
    """Transports that die at a chosen change: `mortal(3, after=True)`."""

    def build(dies_at: int, *, after: bool) -> ScriptedStripe:
        transport = ScriptedStripe(emulator)
        transport.on(answers(Killed(), committed=after), when=is_write, at=dies_at)
        return transport

    return build


@pytest.fixture
def make_catalog() -> Catalogs:
    """A catalogue of packages from (slug, credits, amount) rows."""

    def build(*rows: tuple[str, int, int], currency: str = "usd") -> Catalog:
        lines = [f'currency = "{currency}"']
        for number, (slug, credits, amount) in enumerate(rows, start=1):
            lines += ["[[package]]", f"number = {number}", f'slug = "{slug}"', f'name = "{slug.title()}"']
            lines += [f"credits = {credits}", f"amount = {amount}"]
        return parse_catalog("\n".join(lines))

    return build
