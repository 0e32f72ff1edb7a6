"""Memory of a pull beside the ledger of a command: read where there is an archive, made with the first answer kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from creditctl.cli.command import Session


@dataclass(frozen=True, slots=True)
class PullMemory:
    """Payments without a session, as `reconciliation.inquiry.SessionlessPayments` says; a dry run keeps nothing."""

    session: Session

    def known(self) -> frozenset[str]:
        """Those that an earlier run kept."""
        from creditctl.cli.ledger.source import archive_beside_ledger
        from creditctl.ledger.archive.location import archive_exists, archive_path
        from creditctl.ledger.archive.sessionless import SessionlessStore

        if not archive_exists(archive_path(self.session.ledger_path)):
            return frozenset()
        return SessionlessStore(archive_beside_ledger(self.session)).known()

    def keep(self, intents: Iterable[str]) -> None:
        """Keeps some more, beside the ledger."""
        from creditctl.cli.ledger.source import archive_beside_ledger
        from creditctl.ledger.archive.sessionless import SessionlessStore

        learned = list(intents)
        if learned and not self.session.dry_run:
            SessionlessStore(archive_beside_ledger(self.session)).keep(learned)
