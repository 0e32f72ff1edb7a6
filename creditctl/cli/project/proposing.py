"""Proposals of `creditctl init`: looks at Stripe, asks about each price, and says each guess with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from creditctl.cli.project.questions import asked, asked_credits
from creditctl.core.errors import CreditctlError
from creditctl.core.modes import require_mode
from creditctl.core.money import format_amount
from creditctl.core.text import plural

if TYPE_CHECKING:
    from creditctl.cli.project.source import SourceLook
    from creditctl.cli.session import Session
    from creditctl.core.settings import Settings
    from creditctl.provisioning.scaffold.booked import Bookings
    from creditctl.provisioning.scaffold.credits import CreditsGuess
    from creditctl.provisioning.scaffold.project_text import ProjectAnswers
    from creditctl.provisioning.scaffold.proposal import PackageProposal, PriceProposal, SalesProposal
    from creditctl.provisioning.scaffold.sales import SalesLook
    from creditctl.provisioning.state import EndpointState

MOST_SESSIONS = 500
"""How many finished sessions are looked at: enough to see what is sold, few enough to wait for."""


def propose(
    session: Session, settings: Settings, credits: Mapping[str, int], source: SourceLook, *, offline: bool
) -> tuple[ProjectAnswers, list[str], SourceLook]:
    """The answers for a project file, what is to be said of them, and the source as Stripe completes it.

    Errors: those of an answer that is not usable.
    """
    from creditctl.cli.project.source import as_stripe_says, with_buyers
    from creditctl.provisioning.scaffold.buyers import guess_buyer
    from creditctl.provisioning.scaffold.deployments import guess_deployment, ours_only
    from creditctl.provisioning.scaffold.project_text import ProjectAnswers

    seen, endpoints, notes = _look(session, settings, offline=offline)
    bookings = source.bookings
    mark = guess_deployment(seen.sessions, bookings)
    look = ours_only(seen, mark)
    if look.sessions:
        source = as_stripe_says(source, look.sessions, settings.api_key.livemode)
    source, place = with_buyers(source, look.sessions)
    answers = ProjectAnswers(
        deployment=_deployment(session),
        mark=mark,
        buyer=guess_buyer(look.sessions, bookings, place),
        sales=_sales(look, bookings),
    )
    if mark is not None:
        notes.append(f"Deployment: metadata {mark.key} = {mark.value}, because {mark.reason}.")
    if answers.buyer is not None and answers.buyer.place is not None:
        notes.append(f"Buyer: {answers.buyer.place}, because {answers.buyer.reason}.")
    answers = _with_webhook(session, settings, answers, endpoints, notes)
    found = {
        price.key: guess
        for package in answers.sales.packages
        for price in package.prices
        if (guess := _credits_of(session, package, price, credits, notes)) is not None
    }
    return replace(answers, credits=found), notes, source


def _sales(look: SalesLook, bookings: Bookings) -> SalesProposal:
    """What was sold, in sessions and without."""
    from creditctl.provisioning.scaffold.charges import propose_charges
    from creditctl.provisioning.scaffold.proposal import propose_packages, with_more

    sales = propose_packages(look, bookings)
    return with_more(sales, propose_charges(look.charges, sales.packages, bookings))


def _look(
    session: Session, settings: Settings, *, offline: bool
) -> tuple[SalesLook, tuple[EndpointState, ...], list[str]]:
    """What Stripe shows; nothing, and why, where it cannot be asked."""
    from creditctl.payments.reading.stripe_reader import StripeReader
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.scaffold.sales import SalesLook, read_sales
    from creditctl.stripe_api.retry import RetryPolicy

    if offline or settings.text("STRIPE_SECRET_KEY") is None:
        why = "--offline" if offline else "there is no STRIPE_SECRET_KEY yet"
        return SalesLook(), (), [f"Stripe was not looked at: {why}."]
    notes: list[str] = []
    policy = RetryPolicy(busy_tries=3, broken_tries=2)
    with _noted("Stripe", notes):
        require_mode(session.options.mode, settings.mode)
        stripe = session.stack.enter_context(session.wiring.stripe(settings, audited=False, policy=policy))
        _ = stripe.client  # holds the account against the one that is pinned
    if notes:
        return SalesLook(), (), notes
    look: SalesLook | None = None
    endpoints: tuple[EndpointState, ...] = ()
    with _noted("What was sold on Stripe", notes):
        look = read_sales(StripeReader(stripe.client), MOST_SESSIONS)
    with _noted("The webhook endpoints", notes):
        endpoints = observe_endpoints(stripe)
    return look or SalesLook(), endpoints, notes if look is None else [_seen(look), *notes]


@contextmanager
def _noted(what: str, notes: list[str]) -> Iterator[None]:
    """Notes why something could not be looked at, and goes on: a key may read one thing and not another."""
    import stripe

    from creditctl.stripe_api.errors import translate

    try:
        yield
    except CreditctlError as error:
        notes.append(f"{what} could not be looked at: {error.message}")
    except stripe.StripeError as error:
        translated = translate(error)
        notes.append(f"{what} could not be looked at: {error if translated is None else translated.message}")


def _seen(look: SalesLook) -> str:
    more = " (there are older ones)" if look.more else ""
    return f"Stripe shows {plural(len(look.sessions), 'finished session')}{more}."


def _deployment(session: Session) -> str | None:
    from creditctl.core.project_file.options import PlainValues
    from creditctl.core.project_file.project import ProjectFile

    said = session.options.deployment or asked(session, "Name of this deployment (Enter: it is the only one)") or None
    return PlainValues(said).over(ProjectFile()).deployment


def _with_webhook(
    session: Session,
    settings: Settings,
    answers: ProjectAnswers,
    endpoints: tuple[EndpointState, ...],
    notes: list[str],
) -> ProjectAnswers:
    """The webhook's path: as an option says it, else as the one endpoint has it that is there; left out where usual."""
    from creditctl.core.project_file.options import PlainValues
    from creditctl.core.project_file.ownership import WEBHOOK_PATH
    from creditctl.core.project_file.project import ProjectFile
    from creditctl.provisioning.scaffold.endpoints import guess_endpoint

    said = session.options.webhook_path
    guess = None if said is not None else guess_endpoint(endpoints, settings.text("CREDITS_API_URL"))
    path = PlainValues(None, said or (guess.path if guess else None)).over(ProjectFile()).webhook.path
    if path == WEBHOOK_PATH:
        return answers
    if guess is not None:
        notes.append(f"Webhook path: {path}, because {guess.reason}.")
    return replace(answers, webhook_path=path, webhook_reason="" if guess is None else guess.reason)


def _credits_of(
    session: Session, package: PackageProposal, price: PriceProposal, said: Mapping[str, int], notes: list[str]
) -> CreditsGuess | None:
    from creditctl.provisioning.scaffold.credits import CreditsGuess

    amount = "" if price.amount is None else f", {format_amount(price.amount, price.currency)}"
    label = f"{package.name} ({price.key}{amount}, sold {plural(price.count, 'time')})"
    if price.key in said:
        return CreditsGuess("--credits says so", said[price.key])
    guess = asked_credits(session, price, label)
    if guess is None:
        notes.append(f"{label}: nothing says how many credits it sells; it is a remark in the file.")
    else:
        notes.append(f"{label}: {guess.words} credits, because {guess.reason}.")
    return guess
