"""Check registry: the assembled list of all checks; `env check`, `checklist` and `doctor` are selections of it."""

from __future__ import annotations

from collections.abc import Iterable

import stripe

from creditctl.checks.answers import CheckAnswer, unknown
from creditctl.checks.check import Check
from creditctl.checks.checklist import CHECKLIST
from creditctl.checks.context import Context
from creditctl.checks.doctor import DOCTOR
from creditctl.checks.env.checks import ENV_CHECKS
from creditctl.checks.env.model import EnvView
from creditctl.core.checks import CheckResult
from creditctl.core.errors import CreditctlError, Unreachable, UsageError
from creditctl.stripe_api.errors import translate


def _on_context(check: Check[EnvView]) -> Check[Context]:
    return Check(check.id, check.title, lambda context: check.ask(context.env))


ALL_CHECKS: tuple[Check[Context], ...] = (
    *(_on_context(check) for check in ENV_CHECKS),
    *CHECKLIST,
    *(check for problem in DOCTOR for check in problem.checks),
)
"""Every check, each with an id of its own: `<family>.<name>`, the family being that of the command that shows it."""


def select_checks(names: Iterable[str]) -> tuple[Check[Context], ...]:
    """Selects checks by id (`doctor.clock`) or by family (`env`), each once, in the registry's order.

    Errors: UsageError for a name that no check has.
    """
    wanted = set(names)
    known = {name for check in ALL_CHECKS for name in (check.id, _family(check))}
    if wanted - known:
        raise UsageError(
            f"There is no check {min(wanted - known)}.",
            code="checks.unknown",
            fix=f"Families are {', '.join(dict.fromkeys(map(_family, ALL_CHECKS)))}; ids are in their JSON documents.",
        )
    return tuple(check for check in ALL_CHECKS if check.id in wanted or _family(check) in wanted)


def _family(check: Check[Context]) -> str:
    return check.id.partition(".")[0]


def run_checks(checks: Iterable[Check[Context]], context: Context) -> list[CheckResult]:
    """Runs a selection of checks, in its order; what could not be looked at is `unknown`, with the reason."""
    return [check.result(_answer(check, context)) for check in checks]


def _answer(check: Check[Context], context: Context) -> CheckAnswer:
    """Asks; where Stripe, the network or the ledger refuse, `unknown` is the answer, so that the next check runs."""
    try:
        return check.ask(context)
    except CreditctlError as error:
        return _could_not_look(error)
    except stripe.StripeError as error:
        known = translate(error)
        if isinstance(known, Unreachable):
            context.lost.append(known)
        return _could_not_look(known) if known else unknown("Stripe gave an answer that we do not know.", "")


def _could_not_look(error: CreditctlError) -> CheckAnswer:
    return unknown(error.message, error.fix)
