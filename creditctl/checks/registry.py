"""Check registry: the assembled list of all checks, of which the commands show selections; and how they are run."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import partial

import stripe

from creditctl.checks.answers import CheckAnswer, unknown
from creditctl.checks.check import Check
from creditctl.checks.checklist import CHECKLIST
from creditctl.checks.context import Context
from creditctl.checks.doctor import DOCTOR_CHECKS
from creditctl.checks.env.checks import ENV_CHECKS
from creditctl.checks.env.model import EnvView
from creditctl.checks.selection import select
from creditctl.core.checks import CheckResult
from creditctl.core.errors import CreditctlError, Unreachable
from creditctl.provisioning.probing.side_by_side import run_side_by_side
from creditctl.stripe_api.errors import translate


def _on_context(check: Check[EnvView]) -> Check[Context]:
    return Check(check.id, check.title, lambda context: check.ask(context.env), group=check.group)


ALL_CHECKS: tuple[Check[Context], ...] = (
    *(_on_context(check) for check in ENV_CHECKS),
    *CHECKLIST,
    *DOCTOR_CHECKS,
)
"""Every check, each with an id of its own: `<family>.<name>`, the family being that of the command that shows it."""


def select_checks(names: Iterable[str]) -> tuple[Check[Context], ...]:
    """Selects checks of any family. Errors: as `select`."""
    return select(ALL_CHECKS, names)


def run_checks(
    checks: Iterable[Check[Context]], context: Context, *, seconds: float | None = None
) -> list[CheckResult]:
    """Runs a selection of checks, in its order; what could not be looked at is `unknown`, with the reason.

    Shape: with `seconds` they run side by side, and what has no answer by then is `unknown`; else one by one.
    """
    chosen = list(checks)
    if seconds is None:
        return [check.result(_answer(check, context)) for check in chosen]
    answers = run_side_by_side([partial(_answer, check, context) for check in chosen], seconds)
    return [
        check.result(_late(answer, context, seconds) if isinstance(answer, threading.Thread) else answer)
        for check, answer in zip(chosen, answers, strict=True)
    ]


def _late(thread: threading.Thread, context: Context, seconds: float) -> CheckAnswer:
    """The answer of a check that did not come in time: what it was waiting for."""
    awaited = context.facts.awaited_by(thread.ident or 0) or "what it looks at"
    text = f"There was no answer within {seconds:.1f} seconds: {awaited}."
    late = Unreachable(text, code="checks.late", fix="Run it again; if it stays so, look at what does not answer.")
    if "Stripe" in awaited:
        context.lost.append(late)
    return _could_not_look(late)


def _answer(check: Check[Context], context: Context) -> CheckAnswer:
    """Asks; where Stripe, the network or the ledger refuse, `unknown` is the answer, so that the next check runs."""
    try:
        return check.ask(context)
    except CreditctlError as error:
        return _could_not_look(error)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # Something answered in a shape that nothing of ours expects; the other checks go on all the same.
        text = f"What it looks at could not be understood ({type(error).__name__}: {error})."
        return unknown(text, "Please report it: this version of creditctl does not know such answers.")
    except stripe.StripeError as error:
        known = translate(error)
        if isinstance(known, Unreachable):
            context.lost.append(known)
        return _could_not_look(known) if known else unknown("Stripe gave an answer that we do not know.", "")


def _could_not_look(error: CreditctlError) -> CheckAnswer:
    return unknown(error.message, error.fix)
