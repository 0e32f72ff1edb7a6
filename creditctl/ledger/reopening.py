"""Ledger of a server: where its file is moved, deleted or replaced, it refuses until what stands there is proven.

Every reading and transaction passes here, so that the file can be closed when nobody is using it. A loss is logged in
one line, and so is what stands in the way of opening the file anew, and that it was opened.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from creditctl.core.errors import CreditctlError, LedgerError
from creditctl.ledger.sqlite.standing_file import FileIdentity, FileMoved, remove_stale_log
from creditctl.ledger.store import Ledger
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.ledger.view import LedgerView

_DRAIN_SECONDS = 5.0
_RETRY_SECONDS = 1.0
"""How soon what stands there is looked at again after it would not do: proving it takes time where it is large."""


class ReopeningLedger:
    """A ledger file that is opened anew after it was lost; safe to use from several threads.

    Shape:  `log` takes one line.
    Errors: as `Ledger`; FileMoved from the moment in which the loss is seen until the file is verified and open again.
    """

    def __init__(
        self, ledger: Ledger, log: Callable[[str], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.account, self.livemode, self.named_since = ledger.account, ledger.livemode, ledger.named_since
        self._ledger = ledger
        self._log = log
        self._monotonic = monotonic
        self._next_try = monotonic()
        self._state = threading.Condition()
        self._users = 0
        self._lost: LedgerError | None = None
        self._released: FileIdentity | None = None
        self._last_said = ""
        self._reopening = threading.Lock()

    @contextmanager
    def transaction(self, wait_seconds: float | None = None) -> Iterator[LedgerTransaction]:
        """One writing transaction, as `Ledger.transaction`."""
        with self._used() as ledger, ledger.transaction(wait_seconds) as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[LedgerView]:
        """One reading transaction, as `Ledger.reading`."""
        with self._used() as ledger, ledger.reading() as view:
            yield view

    def close(self) -> None:
        """Closes the file that is open now; none may be using it. One that was moved gets all that was committed."""
        try:
            self._ledger.require_standing()
        except FileMoved:
            with suppress(LedgerError):
                self._ledger.release()
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _used(self) -> Iterator[Ledger]:
        ledger = self._enter()
        try:
            yield ledger
        except FileMoved as error:
            self._lose(error)
            raise
        finally:
            with self._state:
                self._users -= 1
                self._state.notify_all()

    def _enter(self) -> Ledger:
        while True:
            with self._state:
                lost = self._lost
                if lost is None:
                    self._users += 1
                    return self._ledger
            self._open_again(lost)

    def _lose(self, error: FileMoved) -> None:
        with self._state:
            if self._lost is not None:
                return
            self._lost = error
        self._say(f"ERROR: {error.message} Nothing is written until the file there is verified and opened anew.")

    def _open_again(self, lost: LedgerError) -> None:
        """Opens what stands there now. Errors: FileMoved while that cannot be done, or another thread is at it."""
        if not self._reopening.acquire(blocking=False):
            raise lost
        try:
            self._try(lost)
        finally:
            self._reopening.release()

    def _try(self, lost: LedgerError) -> None:
        if self._lost is None:
            return
        if not self._ledger.path.exists() or self._monotonic() < self._next_try:
            raise lost
        try:
            fresh = self._verified()
        except (CreditctlError, OSError) as error:
            self._next_try = self._monotonic() + _RETRY_SECONDS
            self._say(f"ERROR: The ledger {self._ledger.path} cannot be opened anew: {error}")
            raise lost from error
        self._tell(fresh)
        with self._state:
            self._ledger, self._lost, self._released = fresh, None, None

    def _verified(self) -> Ledger:
        self._release()
        fresh = self._ledger.open_again()
        try:
            with fresh.reading() as view:
                found = view.verify()
            if not found.ok:
                raise LedgerError(
                    f"it does not verify ({found.faults[0].message}).",
                    code="ledger.tampered",
                    fix="Run `creditctl ledger verify`, and restore a backup.",
                )
        except BaseException:
            fresh.close()
            raise
        return fresh

    def _release(self) -> None:
        """Closes the lost file, once nobody uses it; what it left at the path does not belong to the new one."""
        if self._released is None:
            with self._state:
                if not self._state.wait_for(lambda: self._users == 0, _DRAIN_SECONDS):
                    raise LedgerError("requests of before are still at it.", code="ledger.locked")
            self._released = self._ledger.release()
        if self._released is None:
            raise LedgerError(
                "another process holds the file that was there before.",
                code="ledger.locked",
                fix="Stop what has the file open.",
            )
        remove_stale_log(self._ledger.path, self._released)

    def _tell(self, fresh: Ledger) -> None:
        with fresh.reading() as view:
            count, missing = view.count(), self._missing(view)
        opened = f"The ledger {fresh.path} was verified and opened anew: {count:,} entries."
        self._last_said = ""
        if missing:
            self._log(f"WARNING: {opened} Entries that were written before are not in it: run `creditctl reconcile`.")
        else:
            self._log(f"INFO: {opened}")

    def _missing(self, view: LedgerView) -> bool:
        """Whether the last entry that was written here is not in the file."""
        head = self._ledger.last_written
        entry = view.entry(head.count) if head is not None and head.count else None
        return head is not None and head.count > 0 and (entry is None or entry.hash != head.hash)

    def _say(self, line: str) -> None:
        """One line for each state: a server is asked many times a second."""
        if line != self._last_said:
            self._last_said = line
            self._log(line)
