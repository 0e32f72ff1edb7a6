"""Text of a first project file from answers: packages with what was sold, fees, buyer, deployment, webhook. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from creditctl.core.money import format_amount
from creditctl.core.project_file.writing import Plain, WrittenEntry, WrittenSection, entry_text, new_text
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

_BLANK = "…"
"""What a person has to say before an entry can be written."""


@dataclass(frozen=True, slots=True)
class ProjectAnswers:
    """What was answered or guessed. Shape: `credits` by the key of a price; a price without an answer is absent.
    With `unseen` nobody could ask Stripe what was sold.
    """

    deployment: str | None = None
    mark: DeploymentGuess | None = None
    webhook_path: str | None = None
    webhook_reason: str = ""
    buyer: BuyerGuess | None = None
    sales: SalesProposal = field(default_factory=SalesProposal)
    credits: Mapping[str, CreditsGuess] = field(default_factory=dict)
    source: tuple[WrittenSection, ...] = ()
    unseen: bool = False


def project_text(answers: ProjectAnswers) -> str:
    """The text of a project file."""
    return new_text(project_sections(answers), _HEADING)


def project_sections(answers: ProjectAnswers) -> list[WrittenSection]:
    """The sections of a project file, in the order in which the documentation has them."""
    return [
        *_plain(answers),
        *_packages(answers),
        *_fees(answers.sales.fees),
        *answers.source,
    ]


def open_prices(answers: ProjectAnswers) -> int:
    """How many prices that were sold are remarks only, which a person has to complete."""
    prices = [price for package in answers.sales.packages for price in package.prices]
    return sum(price.key not in answers.credits or not _has_name(price) for price in prices)


def open_remarks(text: str) -> int:
    """How many remarks of a project file still wait for what a person has to say."""
    return sum(line.lstrip().startswith("#") and f"= {_BLANK}" in line for line in text.splitlines())


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
        yield WrittenSection("webhook.path", answers.webhook_path, reason)


def _fees(fees: Sequence[tuple[str, str]]) -> Iterator[WrittenSection]:
    if fees:
        names = ", ".join(dict.fromkeys(name for _, name in fees))
        prices = [price for price, _ in fees]
        yield WrittenSection("fees.prices", prices, (f"Beside packages on a bill: {names}.",))


def _packages(answers: ProjectAnswers) -> Iterator[WrittenSection]:
    entries = tuple(_package(package, answers.credits) for package in answers.sales.packages)
    if entries:
        yield WrittenSection("package", entries=entries)


def _package(package: PackageProposal, credits: Mapping[str, CreditsGuess]) -> WrittenEntry:
    answered = [(price, credits[price.key]) for price in package.prices if price.key in credits and _has_name(price)]
    known = [price for price, _ in answered]
    comments = tuple(_story(package, credits))
    usual = next((credits[price.key].credits for price in (*known, *package.prices) if price.key in credits), None)
    sold = [entry for price in known or package.prices for entry in _entries(price, credits.get(price.key), usual)]
    if usual is None or not known:
        blank = {"slug": package.slug, "credits": _BLANK if usual is None else usual, "sold": sold}
        return WrittenEntry(None, (*comments, f"{_with_blanks(blank)},"))
    left = [price for price in package.prices if price not in known]
    comments += tuple(
        f"To be completed, and added to sold: {_with_blanks(entry)}"
        for price in left
        for entry in _entries(price, credits.get(price.key), usual)
    )
    if package.product and not left and _is_one(answered):
        price = next((price for price, _ in answered if price.quantity), answered[0][0])
        sold = [_with_quantity(_with_credits({"product": package.product}, answered[0][1]), price)]
    return WrittenEntry({"slug": package.slug, "credits": usual, "sold": sold}, comments)


def _with_blanks(entry: Mapping[str, Plain]) -> str:
    """An entry for a remark, with what a person has to say left open."""
    return entry_text(entry).replace(f'"{_BLANK}"', _BLANK)


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


def _entries(price: PriceProposal, guess: CreditsGuess | None, usual: int | None) -> Iterator[dict[str, Plain]]:
    """What was sold: one entry, or one for each of its periods. Shape: `usual` are the credits of the package."""
    if guess is None:
        yield {**_subject(price), **({} if usual is None else {"credits": _BLANK})}
    elif not guess.periods:
        yield _with_quantity(_with_credits(_subject(price), guess, usual), price)
    else:
        for period in guess.periods:
            said: dict[str, Plain] = {} if period.credits == usual else {"credits": period.credits}
            yield _with_quantity({**_subject(price), **said, **_dates(period)}, price)


def _dates(period: Period) -> dict[str, Plain]:
    since, until = (
        None if time is None else datetime.fromtimestamp(time, UTC) for time in (period.since, period.until)
    )
    return {name: time for name, time in (("from", since), ("until", until)) if time is not None}


def _with_quantity(entry: dict[str, Plain], price: PriceProposal) -> dict[str, Plain]:
    return entry if price.quantity is None else {**entry, "quantity": price.quantity}


def _subject(price: PriceProposal) -> dict[str, Plain]:
    """What names it; an inline price that no metadata tell apart leaves its mark to be said."""
    if price.mark is None and _has_name(price):
        return {"price": price.key}
    key, value = price.mark or (_BLANK, _BLANK)
    return {"metadata": {key: value}, "amount": price.amount or 0, "currency": price.currency}


def _with_credits(entry: dict[str, Plain], guess: CreditsGuess, usual: int | None = None) -> dict[str, Plain]:
    """An entry with its credits, where the package does not say them."""
    if guess.key is not None:
        return {**entry, "credits": guess.words}
    return entry if usual in (None, guess.credits) else {**entry, "credits": guess.credits}


def _story(package: PackageProposal, credits: Mapping[str, CreditsGuess]) -> Iterator[str]:
    """What was seen of each price, in the order in which they stand in the entry."""
    for price in package.prices:
        guess = credits.get(price.key)
        why = price.unsaid if guess is None else f"{guess.told}: {guess.reason}"
        yield f"{_label(package, price)}, sold {plural(price.count, 'time')} lately; {why}."
        if not _has_name(price):
            yield "Its prices are made for each sale, and no metadata of the sessions tell them apart."
        if price.quantity is not None:
            yield f'By what was booked, a quantity above one means quantity = "{price.quantity}".'
        elif price.quantities:
            yield 'It was sold with quantities above one: say quantity = "one" or "multiply" beside it.'


def _label(package: PackageProposal, price: PriceProposal) -> str:
    """What a person calls it; the name of an inline price may say its amount already."""
    amount = "an amount of its own" if price.amount is None else format_amount(price.amount, price.currency)
    name = price.key if price.key.startswith(package.name) else f"{package.name}: {price.key}"
    return name if amount in name else f"{name} at {amount}"
