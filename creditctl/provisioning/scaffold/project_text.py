"""Text of a first project file from answers: packages with what was sold, fees, buyer, deployment, webhook. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from creditctl.core.money import format_amount
from creditctl.core.project_file.writing import Plain, WrittenSection, new_text
from creditctl.core.text import plural
from creditctl.provisioning.scaffold.buyers import BuyerGuess
from creditctl.provisioning.scaffold.credits import CreditsGuess
from creditctl.provisioning.scaffold.deployments import DeploymentGuess
from creditctl.provisioning.scaffold.periods import Period
from creditctl.provisioning.scaffold.proposal import PackageProposal, PriceProposal, SalesProposal

_HEADING = (
    "What creditctl knows of this project, but for secrets: those stand in the env file.",
    "Every key is in docs/creditctl-toml.md; `creditctl status` says where you stand.",
)


@dataclass(frozen=True, slots=True)
class ProjectAnswers:
    """What was answered or guessed. Shape: `credits` by the key of a price; a price without an answer is absent."""

    deployment: str | None = None
    mark: DeploymentGuess | None = None
    webhook_path: str | None = None
    webhook_reason: str = ""
    buyer: BuyerGuess | None = None
    sales: SalesProposal = field(default_factory=SalesProposal)
    credits: Mapping[str, CreditsGuess] = field(default_factory=dict)
    source: tuple[WrittenSection, ...] = ()


def project_text(answers: ProjectAnswers) -> str:
    """The text of a project file."""
    return new_text(project_sections(answers), _HEADING)


def project_sections(answers: ProjectAnswers) -> list[WrittenSection]:
    """The sections of a project file, in the order in which the documentation has them."""
    return [
        *_plain(answers),
        *(_package(package, answers.credits) for package in answers.sales.packages),
        *_fees(answers.sales.fees),
        *answers.source,
    ]


def _plain(answers: ProjectAnswers) -> Iterator[WrittenSection]:
    if answers.deployment is not None:
        yield WrittenSection("deployment", answers.deployment, ("Which of those that sell on this account this is.",))
    if answers.mark is not None:
        match = {f"metadata.{answers.mark.key}": answers.mark.value}
        whose = f"Which sessions are this deployment's: {answers.mark.reason}."
        yield WrittenSection("deployment_match", match, (whose,), inline=True)
    if answers.buyer is not None and answers.buyer.place is not None:
        where = f"Where a session carries the buyer: {answers.buyer.reason}."
        yield WrittenSection("user", [answers.buyer.place], (where,))
    if answers.webhook_path is not None:
        reason = (f"{answers.webhook_reason}.",) if answers.webhook_reason else ()
        yield WrittenSection("webhook", {"path": answers.webhook_path}, reason)


def _fees(fees: Sequence[tuple[str, str]]) -> Iterator[WrittenSection]:
    if fees:
        names = ", ".join(dict.fromkeys(name for _, name in fees))
        prices = [price for price, _ in fees]
        yield WrittenSection("fees", {"prices": prices}, (f"Beside packages on a bill: {names}.",))


def _package(package: PackageProposal, credits: Mapping[str, CreditsGuess]) -> WrittenSection:
    answered = [(price, credits[price.key]) for price in package.prices if price.key in credits]
    sold = [entry for price, guess in answered for entry in _entries(price, guess)]
    comments = [*_story(package), *(f"{guess.words} credits: {guess.reason}." for _, guess in answered)]
    named = all(_has_name(price) for price, _ in answered)
    if not answered or not named or len(answered) < len(package.prices):
        return WrittenSection("package", None, (*comments, *_open(package, credits)))
    if package.product and _is_one(answered):
        price = next((price for price, _ in answered if price.quantity), answered[0][0])
        sold = [_with_quantity(_with_credits({"product": package.product}, answered[0][1]), price)]
    values: dict[str, Plain] = {"slug": package.slug, "credits": answered[0][1].credits, "sold": sold}
    return WrittenSection("package", values, tuple(comments), repeated=True)


def _is_one(answered: Sequence[tuple[PriceProposal, CreditsGuess]]) -> bool:
    """Whether all prices of a product sold the same, so that the product says it."""
    guesses = [guess for _, guess in answered]
    return (
        len({guess.words for guess in guesses}) == 1
        and not any(guess.periods for guess in guesses)
        and all(price.mark is None for price, _ in answered)
        and len({price.quantity for price, _ in answered if price.quantities}) <= 1
    )


def _has_name(price: PriceProposal) -> bool:
    """Whether the catalogue can name it: an inline price that no metadata tell apart has none."""
    return price.mark is not None or price.key.startswith(("price_", "plan_", "sku_"))


def _entries(price: PriceProposal, guess: CreditsGuess) -> Iterator[dict[str, Plain]]:
    """What was sold: one entry, or one for each of its periods."""
    if not _has_name(price):
        return
    if not guess.periods:
        yield _with_quantity(_entry(price, guess), price)
    for period in guess.periods:
        yield _with_quantity({**_entry(price, guess), "credits": period.credits, **_dates(period)}, price)


def _dates(period: Period) -> dict[str, Plain]:
    since, until = (
        None if time is None else datetime.fromtimestamp(time, UTC) for time in (period.since, period.until)
    )
    return {name: time for name, time in (("from", since), ("until", until)) if time is not None}


def _with_quantity(entry: dict[str, Plain], price: PriceProposal) -> dict[str, Plain]:
    return entry if price.quantity is None else {**entry, "quantity": price.quantity}


def _entry(price: PriceProposal, guess: CreditsGuess) -> dict[str, Plain]:
    if price.mark is None:
        return {"price": price.key, "credits": guess.credits if guess.key is None else guess.words}
    key, value = price.mark
    rule: dict[str, Plain] = {"metadata": {key: value}, "amount": price.amount or 0, "currency": price.currency}
    return _with_credits(rule, guess)


def _with_credits(entry: dict[str, Plain], guess: CreditsGuess) -> dict[str, Plain]:
    return entry if guess.key is None else {**entry, "credits": guess.words}


def _story(package: PackageProposal) -> Iterator[str]:
    for price in package.prices:
        amount = "an amount of its own" if price.amount is None else format_amount(price.amount, price.currency)
        yield f"{package.name}: {price.key} at {amount}, sold {plural(price.count, 'time')} lately."
        if price.quantity is not None:
            yield f'By what was booked, a quantity above one means quantity = "{price.quantity}".'
        elif price.quantities:
            yield 'It was sold with quantities above one: say quantity = "one" or "multiply" beside it.'


def _open(package: PackageProposal, credits: Mapping[str, CreditsGuess]) -> Iterator[str]:
    """What has to be said before the package can be written."""
    for price in package.prices:
        if price.key not in credits:
            yield f"How many credits {price.key} sells, nothing says; add the package yourself:"
            break
        if not _has_name(price):
            yield "Its prices are made for each sale, and no metadata of the sessions tell them apart; add yourself:"
            break
    yield f'[[package]] slug = "{package.slug}", credits = …, sold = [{{ … }}]'
