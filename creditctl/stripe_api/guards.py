"""Guards: what has to be said before anything is written with a live key."""

from __future__ import annotations

from collections.abc import Callable

from creditctl.core.errors import GuardRefused
from creditctl.core.modes import Mode
from creditctl.stripe_api.client import StripeConnection


def confirm_live_writes(
    door: StripeConnection, *, expected: Mode | None, confirm: str | None, ask: Callable[[str], str] | None = None
) -> None:
    """Lets a command write in live mode once the operator named both the mode and the account.

    Shape:  `expected` is --mode, `confirm` is --confirm; `ask` prompts on a terminal, None where nobody can answer.
    Errors: GuardRefused naming the option that is missing or does not fit; nothing to do in test or on the emulator.
    """
    if door.mode is not Mode.LIVE:
        return
    if expected is not Mode.LIVE:
        raise GuardRefused(
            "This would write to a live Stripe account.",
            code="guard.live_mode",
            fix="Say that you mean it with --mode live (and --confirm acct_…).",
        )
    account = door.required_account_id
    typed = confirm if confirm is not None else _ask(ask, account)
    if typed != account:
        raise GuardRefused(
            f"The key belongs to account {account}, but {typed or 'nothing'} was confirmed.",
            code="guard.confirm",
            fix="Check which account you mean; nothing was written.",
        )
    door.allow_live_writes()


def _ask(ask: Callable[[str], str] | None, account: str) -> str:
    if ask is None:
        raise GuardRefused(
            f"Writing to the live account {account} has to be confirmed.",
            code="guard.confirm",
            fix=f"Add --confirm {account}; --yes alone is not enough for a live key.",
        )
    return ask(f"This changes the live account {account}. Type its id to go on: ").strip()
