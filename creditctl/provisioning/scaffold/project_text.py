"""Text of a first project file from answers: packages with what was sold, fees, buyer, deployment, webhook. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from creditctl.core.money import format_amount
from creditctl.core.project_file.writing import Plain, WrittenSection, new_text
from creditctl.core.text import plural
from creditctl.provisioning.scaffold.buyers import BuyerGuess
from creditctl.provisioning.scaffold.credits import CreditsGuess
from creditctl.provisioning.scaffold.proposal import PackageProposal, PriceProposal, SalesProposal

_HEADING = (
    "What creditctl knows of this project, but for secrets: those stand in the env file.",
    "Every key is in docs/creditctl-toml.md; `creditctl status` says where you stand.",
)


@dataclass(frozen=True, slots=True)
class ProjectAnswers:
    """What was answered or guessed. Shape: `credits` by the key of a price; a price without an answer is absent."""

    deployment: str | None = None
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
    sold = [entry for price, guess in answered if (entry := _entry(price, guess)) is not None]
    comments = [*_story(package), *(f"{guess.words} credits: {guess.reason}." for _, guess in answered)]
    if not answered or len(sold) < len(answered) or len(answered) < len(package.prices):
        return WrittenSection("package", None, (*comments, *_open(package, credits)))
    same = len({guess.words for _, guess in answered}) == 1
    if package.product and same and all(price.mark is None for price in package.prices):
        sold = [_with_credits({"product": package.product}, answered[0][1])]
    values: dict[str, Plain] = {"slug": package.slug, "credits": answered[0][1].credits, "sold": sold}
    return WrittenSection("package", values, tuple(comments), repeated=True)


def _entry(price: PriceProposal, guess: CreditsGuess) -> dict[str, Plain] | None:
    """What was sold, as one entry; None for an inline price that no metadata tell apart."""
    if price.mark is None and not price.key.startswith(("price_", "plan_", "sku_")):
        return None
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
        if price.quantities:
            yield 'It was sold with quantities above one: say quantity = "one" or "multiply" beside it.'


def _open(package: PackageProposal, credits: Mapping[str, CreditsGuess]) -> Iterator[str]:
    """What has to be said before the package can be written."""
    for price in package.prices:
        if price.key not in credits:
            yield f"How many credits {price.key} sells, nothing says; add the package yourself:"
            break
        if _entry(price, credits[price.key]) is None:
            yield "Its prices are made for each sale, and no metadata of the sessions tell them apart; add yourself:"
            break
    yield f'[[package]] slug = "{package.slug}", credits = …, sold = [{{ … }}]'
