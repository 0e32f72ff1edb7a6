"""Proposals of `creditctl init`: looks at Stripe, asks about each price, and says each guess with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from creditctl.cli.project.questions import asked, asked_credits, until_usable
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


def propose(
    session: Session, settings: Settings, credits: Mapping[str, int], source: SourceLook, *, offline: bool
) -> tuple[ProjectAnswers, list[str], SourceLook]:
    """The answers for a project file, what is to be said of them, and the source as Stripe completes it.

    Errors: those of an answer that is not usable.
    """
    from creditctl.cli.project.stripe_look import look_at_stripe
    from creditctl.provisioning.scaffold.buyers import guess_buyer
    from creditctl.provisioning.scaffold.project_text import ProjectAnswers

    seen = look_at_stripe(session, settings, source, offline=offline)
    bookings, notes, mark = source.bookings, seen.notes, seen.mark
    answers = ProjectAnswers(
        deployment=_deployment(session),
        mark=mark,
        buyer=guess_buyer(seen.sales.sessions, bookings, seen.place),
        sales=_sales(seen.sales, bookings),
        unseen=seen.unseen,
    )
    if mark is not None:
        notes.append(f"Deployment: metadata {mark.key} = {mark.value}, because {mark.reason}.")
    if answers.buyer is not None and answers.buyer.place is not None:
        notes.append(f"Buyer: {answers.buyer.place}, because {answers.buyer.reason}.")
    answers = _with_webhook(session, settings, answers, seen.endpoints, notes)
    found = {
        price.key: guess
        for package in answers.sales.packages
        for price in package.prices
        if (guess := _credits_of(session, package, price, credits, notes)) is not None
    }
    return replace(answers, credits=found), notes, seen.source


def _sales(look: SalesLook, bookings: Bookings) -> SalesProposal:
    """What was sold, in sessions and without."""
    from creditctl.provisioning.scaffold.charges import propose_charges
    from creditctl.provisioning.scaffold.proposal import propose_packages, with_more

    sales = propose_packages(look, bookings)
    return with_more(sales, propose_charges(look.charges, sales.packages, bookings))


def _deployment(session: Session) -> str | None:
    from creditctl.core.project_file.options import PlainValues
    from creditctl.core.project_file.project import ProjectFile

    def read(said: str | None) -> str | None:
        return PlainValues(said).over(ProjectFile()).deployment

    if session.options.deployment:
        return read(session.options.deployment)
    question = "Name of this deployment (Enter: it is the only one)"
    return until_usable(session, lambda: read(asked(session, question) or None))


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

    amount = "" if price.amount is None else format_amount(price.amount, price.currency)
    what = [price.key.removeprefix(package.name).removeprefix(" at ").strip()]
    what += [each for each in (amount,) if each not in price.key]
    what.append(f"sold {plural(price.count, 'time')}")
    label = f"{package.name} ({', '.join(filter(None, what))})"
    if price.key in said:
        return CreditsGuess("--credits says so", said[price.key])
    guess = asked_credits(session, price, label)
    if guess is None:
        notes.append(f"{label}: {price.unsaid}; it is a remark in the file.")
    else:
        notes.append(f"{label}: {guess.told}, because {guess.reason}.")
    return guess
