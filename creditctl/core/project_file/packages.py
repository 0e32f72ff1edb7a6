"""Packages of a catalogue as TOML has them: `[[package]]` with what the application's own prices sold, and fees."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from creditctl.core.project_file.faults import shown
from creditctl.core.project_file.metadata_keys import flat_metadata, metadata_key
from creditctl.core.project_file.tables import TomlTable

PACKAGE_KEYS = ("number", "slug", "name", "credits", "amount", "currency", "sold", "exclusive")
_SOLD_KEYS = ("price", "product", "metadata", "amount", "currency", "credits", "from", "until", "quantity")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CURRENCY = re.compile(r"[a-z]{3}")
_ONE_WORD = re.compile(r"\S+")
_PRICE = re.compile(r"(?!prod_)\S+")
_MAX_NUMBER = 99
_MAX_AMOUNT = 99_999_999
_MAX_CREDITS = 1_000_000_000
_CURRENCY_WORDS = "a three-letter code in lower case"


class SoldQuantity(StrEnum):
    """What a quantity above one means on a price of the application's."""

    ONE = "one"
    MULTIPLY = "multiply"


@dataclass(frozen=True, slots=True)
class SoldEntry:
    """What sales of the application's own counted as one package: a price, all prices of a product, or a rule.

    Shape: exactly one of `price`, `product` and `metadata`; a rule has `metadata`, `amount` and `currency`, all three.
           Without `credits` and `credits_key` the package's own number counts; `credits_key` is the metadata key in
           which the application wrote it. `since` and `until` bound the session's `created`, half-open.
    Units: `amount` in minor units, times in Unix seconds.
    """

    price: str | None = None
    product: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    amount: int | None = None
    currency: str | None = None
    credits: int | None = None
    credits_key: str | None = None
    since: int | None = None
    until: int | None = None
    quantity: SoldQuantity | None = None


@dataclass(frozen=True, slots=True)
class PackageSection:
    """One `[[package]]`: slug and credits are enough; without an amount set-up makes no price of it.

    Units: `amount` in minor units of `currency`.
    """

    number: int
    slug: str
    name: str
    credits: int
    amount: int | None = None
    currency: str | None = None
    sold: tuple[SoldEntry, ...] = ()
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class FeesSection:
    """`[fees]`: prices that stand beside a package on a bill and change neither credits nor shares."""

    prices: tuple[str, ...] = ()


def read_packages(document: TomlTable) -> tuple[PackageSection, ...]:
    """Every `[[package]]` of a document, in its order; `currency` at the top holds for all that name none."""
    currency = document.matching("currency", _CURRENCY, _CURRENCY_WORDS)
    rows = list(document.tables("package"))
    return tuple(_package(_labelled(row), place, currency) for place, row in enumerate(rows, 1))


def read_fees(table: TomlTable | None) -> FeesSection:
    """`[fees]`."""
    if table is None:
        return FeesSection()
    table.refuse_unknown(("prices",))
    prices = table.texts("prices")
    for price in prices:
        if _PRICE.fullmatch(price) is None:
            table.fault("prices", f"must be ids of prices, not {shown(price)}")
    return FeesSection(prices)


def _labelled(row: TomlTable) -> TomlTable:
    return replace(row, label=f"package {row.values.get('slug', row.values.get('number', '?'))}: ")


def _package(row: TomlTable, place: int, currency: str | None) -> PackageSection:
    row.refuse_unknown(PACKAGE_KEYS)
    for key in ("slug", "credits"):
        if key not in row.values:
            row.fault(key, "is missing")
    slug = row.matching("slug", _SLUG, "1 to 40 of a-z, 0-9, - and _") or ""
    return PackageSection(
        number=row.whole("number", least=1, most=_MAX_NUMBER) or place,
        slug=slug,
        name=_name(row) or re.sub("[-_]+", " ", slug).strip().capitalize(),
        credits=row.whole("credits", least=1, most=_MAX_CREDITS) or 0,
        amount=row.whole("amount", least=1, most=_MAX_AMOUNT),
        currency=row.matching("currency", _CURRENCY, _CURRENCY_WORDS) or currency,
        sold=tuple(_sold(entry) for entry in row.tables("sold")),
        exclusive=row.flag("exclusive"),
    )


def _name(row: TomlTable) -> str | None:
    """The name without the blanks around it, which Stripe drops: with them the product would never be as planned."""
    name = row.values.get("name")
    if isinstance(name, str) and name.strip():
        return name.strip()
    if name is None:
        return None
    row.fault("name", "is missing" if name == "" else f"must be a text, not {shown(name)}")
    return None


def _sold(entry: TomlTable) -> SoldEntry:
    entry.refuse_unknown(_SOLD_KEYS)
    _judge_subject(entry)
    credits, credits_key = _credits(entry)
    sold = SoldEntry(
        price=entry.matching("price", _PRICE, "the id of a price (a product is named with product = …)"),
        product=entry.matching("product", _ONE_WORD, "the id of a product"),
        metadata=flat_metadata(entry, "metadata"),
        amount=entry.whole("amount", least=0, most=_MAX_AMOUNT),
        currency=entry.matching("currency", _CURRENCY, _CURRENCY_WORDS),
        credits=credits,
        credits_key=credits_key,
        since=entry.moment("from"),
        until=entry.moment("until"),
        quantity=entry.choice("quantity", SoldQuantity),
    )
    if sold.since is not None and sold.until is not None and sold.since >= sold.until:
        entry.fault("until", "must be later than from")
    return sold


def _judge_subject(entry: TomlTable) -> None:
    """Exactly one thing names what was sold, and a rule says all three of metadata, amount and currency."""
    named = [key for key in ("price", "product", "metadata") if key in entry.values]
    if len(named) != 1:
        where = entry.label.removesuffix(".")
        entry.faults.add(entry.path, f"{where} must have exactly one of price, product and metadata")
    if named != ["metadata"]:
        for key in ("amount", "currency"):
            if key in entry.values:
                entry.fault(key, "belongs to a rule by metadata; of a price it is Stripe's own")
        return
    for key in ("amount", "currency"):
        if key not in entry.values:
            entry.fault(key, "is missing: a rule needs metadata, amount and currency, all three")


def _credits(entry: TomlTable) -> tuple[int | None, str | None]:
    value = entry.values.get("credits")
    if not isinstance(value, str):
        return entry.whole("credits", least=1, most=_MAX_CREDITS), None
    key = metadata_key(value)
    if key is None:
        entry.fault("credits", f'must be a whole number or "metadata.KEY", not {shown(value)}')
    return None, key
