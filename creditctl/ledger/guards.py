"""The guard before entries that a person posts to a live ledger."""

from __future__ import annotations

from collections.abc import Callable

from creditctl.core.errors import GuardRefused
from creditctl.core.modes import Mode
from creditctl.ledger.store import Ledger


def confirm_entries(
    ledger: Ledger,
    *,
    mode: Mode | None,
    expected: Mode | None,
    confirm: str | None,
    ask: Callable[[str], str] | None = None,
) -> None:
    """Lets a person's entries into a live ledger once both the mode and the account were named.

    Shape:  `mode` is what the settings say, None where there is no key; `expected` is --mode, `confirm` --confirm;
            `ask` prompts on a terminal, None where nobody can answer.
    Errors: GuardRefused naming the option that is missing or does not fit; a ledger of test mode needs none.
    """
    if confirm is not None and confirm != ledger.account:
        raise _other_account(ledger, confirm)
    if not ledger.livemode:
        return
    wanted = Mode.EMULATOR if mode is Mode.EMULATOR else Mode.LIVE
    if expected is not wanted:
        raise GuardRefused(
            "This would post to a live ledger.",
            code="guard.live_mode",
            fix=f"Say that you mean it with --mode {wanted} (and --confirm {ledger.account}).",
        )
    if confirm is None:
        typed = _ask(ask, ledger)
        if typed != ledger.account:
            raise _other_account(ledger, typed)


def _ask(ask: Callable[[str], str] | None, ledger: Ledger) -> str:
    if ask is None:
        raise GuardRefused(
            f"Posting to the live ledger of {ledger.account} has to be confirmed.",
            code="guard.confirm",
            fix=f"Add --confirm {ledger.account}; --yes alone is not enough for a live ledger.",
        )
    return ask(f"This posts to the live ledger of {ledger.account}. Type the account's id to go on: ").strip()


def _other_account(ledger: Ledger, typed: str) -> GuardRefused:
    return GuardRefused(
        f"The ledger belongs to account {ledger.account}, but {typed or 'nothing'} was confirmed.",
        code="guard.confirm",
        fix="Check which account you mean; nothing was written.",
    )
