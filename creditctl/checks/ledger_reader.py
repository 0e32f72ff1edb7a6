"""What checks ask of a ledger: the part of `creditctl.ledger` that they read."""

from __future__ import annotations

from typing import Protocol

from creditctl.ledger.models import Attestation, Delivery, Entry, Run, StoredFinding


class LedgerReader(Protocol):
    """A ledger, as far as checks need one."""

    @property
    def account(self) -> str: ...

    @property
    def livemode(self) -> bool: ...

    def purchase_of(self, payment_key: str) -> Entry | None: ...

    def runs(self, kind: str | None = None, limit: int = 20) -> list[Run]: ...

    def attestations(self, item: str | None = None) -> list[Attestation]: ...

    def findings(self, status: str | None = "open") -> list[StoredFinding]: ...

    def deliveries(
        self, event_id: str | None = None, outcome: str | None = None, after_id: int = 0, limit: int = 100
    ) -> list[Delivery]: ...
