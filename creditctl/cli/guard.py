"""Questions to a person, and the live guard bound to a Stripe connection or a ledger: the one asker of the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from creditctl.core.errors import GuardRefused
from creditctl.core.live_guard import (
    DELIVERY_WORDS,
    LEDGER_WORDS,
    STRIPE_WORDS,
    Ask,
    GuardedWrite,
    confirm_live,
    require_account,
)
from creditctl.core.modes import Mode
from creditctl.core.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.cli.output import Conversation
    from creditctl.ledger.store import Ledger
    from creditctl.stripe_api.client import StripeConnection


_MOST_IN_REFUSAL = 3


def asker(said: Conversation, *, yes: bool = False) -> Ask | None:
    """How to ask a person; None without a terminal, with `--json`, or where `--yes` wants no question."""
    if yes or said.as_json or not said.wiring.stdin.isatty():
        return None

    def ask(question: str) -> str:
        said.err.print(question, end="", soft_wrap=True)
        return said.wiring.stdin.readline()

    return ask


def agrees(ask: Ask, question: str) -> bool:
    """Whether a person answers yes; anything else is a no."""
    return ask(question).strip().lower() in ("y", "yes")


def confirm_live_writes(
    stripe: StripeConnection, *, expected: Mode | None, confirm: str | None, ask: Ask | None = None
) -> None:
    """Lets a command write in live mode once the operator named both the mode and the account.

    Errors: GuardRefused naming the option that is missing or does not fit; nothing to do in test or on the emulator.
    """
    live = stripe.mode is Mode.LIVE
    write = GuardedWrite(STRIPE_WORDS, live, lambda: stripe.required_account_id)
    confirm_live(write, expected=expected, confirm=confirm, ask=ask)
    if live:
        stripe.allow_live_writes()


def confirm_changes(
    stripe: StripeConnection, *, expected: Mode | None, confirm: str | None, yes: bool, ask: Ask | None
) -> None:
    """Asks before Stripe is changed: the account's id in live, yes or no in test, nothing on the emulator.

    Errors: GuardRefused naming the option that would have answered.
    """
    confirm_live_writes(stripe, expected=expected, confirm=confirm, ask=ask)
    if stripe.mode is not Mode.TEST or yes:
        return
    if ask is None:
        raise GuardRefused(
            "This changes a Stripe account, and nobody is there to be asked.", code="guard.yes", fix="Add --yes."
        )
    if not agrees(ask, "Apply these changes? [y/N] "):
        raise GuardRefused("Nothing was changed.", code="guard.declined", fix="Run it again when you are ready.")


class AgreementWords(NamedTuple):
    """How a person is asked: what was not done without them, what is asked, and what --yes does."""

    done: str
    question: str
    does: str


POSTING = AgreementWords("posted", "Post this? [y/N] ", "posts it")
FORGETTING = AgreementWords("removed", "Remove this for good? [y/N] ", "removes it")
DELIVERING = AgreementWords("delivered", "Deliver these? [y/N] ", "delivers them")


def agrees_to_post(
    said: Conversation, lines: Sequence[str], *, yes: bool, ask: Ask | None, words: AgreementWords = POSTING
) -> bool:
    """Shows what will be posted or delivered (user, credits, amount), and whether a person agrees; or `--yes` does.

    Errors: GuardRefused where nobody can be asked and nobody said `--yes`; nothing is done then.
    """
    if ask is None and not yes:
        raise GuardRefused(
            f"Nothing was {words.done}, because nobody is there to be asked. {_in_one_line(lines)}",
            code="guard.yes",
            fix=f"If that is right, the same command with --yes {words.does}.",
        )
    for line in lines:
        said.say(line)
    return ask is None or agrees(ask, words.question)


def confirm_deliveries(
    stripe: StripeConnection, *, expected: Mode | None, confirm: str | None, ask: Ask | None = None
) -> None:
    """Lets events be delivered to a live backend once both the mode and the account were named; Stripe stays locked.

    Errors: GuardRefused naming the option that is missing or does not fit.
    """
    write = GuardedWrite(DELIVERY_WORDS, stripe.livemode, lambda: stripe.required_account_id)
    confirm_live(write, expected=expected, confirm=confirm, ask=ask)


def _in_one_line(lines: Sequence[str]) -> str:
    """The first lines of what would be posted, as one sentence that says how many it leaves out."""
    shown = [line.strip().rstrip(".") for line in lines[:_MOST_IN_REFUSAL]]
    hidden = len(lines) - len(shown)
    return "; ".join([*shown, f"and {plural(hidden, 'more line')}"] if hidden else shown) + "."


def confirm_entries(
    ledger: Ledger, *, mode: Mode | None, expected: Mode | None, confirm: str | None, ask: Ask | None = None
) -> None:
    """Lets a person's entries into a live ledger once both the mode and the account were named.

    Shape:  `mode` is what the settings say, None where there is no key.
    Errors: GuardRefused naming the option that is missing or does not fit; a ledger of test mode needs none, but takes
            no wrong account.
    """
    wanted = Mode.EMULATOR if mode is Mode.EMULATOR else Mode.LIVE
    write = GuardedWrite(LEDGER_WORDS, ledger.livemode, lambda: ledger.account, wanted)
    if confirm is not None:
        require_account(write, confirm)
    confirm_live(write, expected=expected, confirm=confirm, ask=ask)
