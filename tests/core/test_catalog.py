"""The five packages, and catalogues that must be refused."""

from __future__ import annotations

from fractions import Fraction
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.catalog import catalog_of_project, parse_catalog
from creditctl.core.errors import ConfigurationError, ExitCode
from creditctl.core.project_file.project import parse_project_file

SHIPPED = resources.files("creditctl.core").joinpath("packages.toml").read_text()


def row(**changes: object) -> str:
    fields: dict[str, object] = {"number": 1, "slug": "a", "name": "A", "credits": 1000, "amount": 1000, **changes}
    lines = "".join(f"{key} = {value!r}\n".replace("'", '"') for key, value in fields.items())
    return f"[[package]]\n{lines}"


def test_the_shipped_catalogue_is_the_five_packages_of_the_guide() -> None:
    packages = [(p.number, p.slug, p.credits, p.amount, p.currency) for p in parse_catalog(SHIPPED)]

    assert packages == [
        (1, "starter", 1_000, 1_000, "usd"),
        (2, "basic", 5_500, 4_500, "usd"),
        (3, "pro", 13_500, 10_000, "usd"),
        (4, "business", 35_000, 22_500, "usd"),
        (5, "enterprise", 120_000, 70_000, "usd"),
    ]


def test_a_package_knows_its_names_on_stripe() -> None:
    pro = parse_catalog(SHIPPED).find("pro")

    assert (pro.product_id, pro.lookup_key) == ("creditctl_pro", "creditctl_pro_usd")
    assert pro.metadata == {"managed_by": "creditctl", "package": "pro", "credits": "13500"}


@pytest.mark.parametrize(("name", "slug"), [("1", "starter"), ("5", "enterprise"), ("PRO", "pro")])
def test_find_takes_a_number_or_a_slug(name: str, slug: str) -> None:
    assert parse_catalog(SHIPPED).find(name).slug == slug


def test_find_names_the_packages_there_are() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_catalog(SHIPPED).find("gold")

    assert "5 enterprise" in caught.value.fix
    assert caught.value.exit_code == ExitCode.CONFIGURATION


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("not toml", "not TOML"),
        ('currency = "usd"', "no [[package]]"),
        ('package = ["x"]\ncurrency = "usd"', "not a table"),
        ('currency = "usd"\n' + row(amount=9.99), "amount must be a whole number"),
        ('currency = "usd"\n' + row(credits=0), "credits must be a whole number"),
        ('currency = "usd"\n' + row(slug="A B"), "slug must be"),
        ('currency = "usd"\n' + row(name=""), "name is missing"),
        ('currency = "USD"\n' + row(), "currency must be"),
        (row(), "currency must be"),
        ('curency = "kwd"\n' + row(currency="usd"), "unknown key 'curency', did you mean 'currency'?"),
        ('currency = "usd"\nfoo = 1\n' + row(), "unknown key 'foo' (there are: currency, package)"),
        ('currency = "usd"\n' + row(curency="kwd"), "package a: unknown key 'curency', did you mean 'currency'?"),
        ('currency = "usd"\n' + row(Price=5), "package a: unknown key 'Price'"),
        ('currency = "xyz"\n' + row(), "package a: currency 'xyz' is none that Stripe charges in"),
        (
            'currency = "isk"\n' + row(amount=1050),
            "amount 1050 (10.50 ISK): Stripe takes ISK in whole units",
        ),
        ('currency = "ugx"\n' + row(amount=1001), "Stripe takes UGX in whole units"),
        ('currency = "kwd"\n' + row(amount=1001), "Stripe takes three-decimal currencies in steps of 10"),
        ('currency = "usd"\n' + row(amount=40), "amount 40 ($0.40) is below Stripe's minimum charge of $0.50"),
        ('currency = "usd"\n' + row(currency="gbp", amount=29), "minimum charge of 0.30 GBP"),
        ('currency = "usd"\n' + row() + row(number=2), "slug 'a' is used twice"),
        ('currency = "usd"\n' + row() + row(slug="b", credits=2000, amount=2000), "number 1 is used twice"),
        ('currency = "usd"\n' + row() + row(number=2, slug="b", credits=2000, amount=2001), "costs more per credit"),
    ],
)
def test_a_wrong_catalogue_is_refused_and_the_fault_is_named(text: str, fault: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_catalog(text)

    assert fault in str(caught.value)


def test_number_and_name_are_those_of_place_and_slug_where_none_stands() -> None:
    text = 'currency = "usd"\n' + '[[package]]\nslug = "{}"\ncredits = {}\namount = 1000\n'

    packages = parse_catalog(text.format("big_pack-2", 1000)).packages

    assert [(package.number, package.name) for package in packages] == [(1, "Big pack 2")]


SOLD = '[[package]]\nslug = "pack"\ncredits = 500\nsold = [{ price = "price_1" }]\n'


def test_a_package_that_only_the_applications_own_prices_sell_has_no_price_to_make() -> None:
    catalog = parse_catalog('currency = "usd"\n' + row() + SOLD)

    assert [package.slug for package in catalog] == ["a"]
    assert [(each.package, each.credits) for each in catalog.listings.entries] == [("pack", 500)]


def test_without_a_price_of_any_kind_nothing_sells_it() -> None:
    with pytest.raises(ConfigurationError, match="package b: amount is missing, and so is sold"):
        parse_catalog('[[package]]\nslug = "b"\ncredits = 1\ncurrency = "usd"\n')


def test_what_an_applications_prices_cost_is_no_slip_of_the_catalogue() -> None:
    dearer = row(amount=1000, credits=1000) + row(number=2, slug="b", amount=9000, credits=2000)
    with pytest.raises(ConfigurationError, match="costs more per credit"):
        parse_catalog('currency = "usd"\n' + dearer)
    assert len(parse_catalog('currency = "usd"\n' + dearer + SOLD)) == 2


def test_the_same_slug_or_time_twice_is_refused_among_them_too() -> None:
    with pytest.raises(ConfigurationError, match="slug 'pack' is used twice"):
        parse_catalog(SOLD + SOLD)
    with pytest.raises(ConfigurationError, match="price price_1 is sold twice at one time, in pack and other"):
        parse_catalog(SOLD + SOLD.replace('"pack"', '"other"'))


def test_the_project_file_says_fees_and_where_the_buyer_stands() -> None:
    path = Path("creditctl.toml")
    text = 'user = ["metadata.account"]\n' + SOLD + '[fees]\nprices = ["price_fee"]\n'
    project = parse_project_file(text, path=path)
    catalog = catalog_of_project(project)
    assert catalog is not None
    read = catalog.read_by(project)
    assert read.user == ("metadata.account",)
    assert read.listings.fees == frozenset({"price_fee"})
    with pytest.raises(ConfigurationError, match="both a package's and a fee"):
        catalog.read_by(parse_project_file(text.replace("price_fee", "price_1"), path=path))


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_catalog('currency = "usd"\n' + row(amount=0) + row(number=2, slug="b", credits=-1))

    assert "package a: amount" in str(caught.value)
    assert "package b: credits" in str(caught.value)


@given(
    st.lists(
        st.tuples(st.integers(1, 10_000), st.integers(50, 10_000)),
        min_size=2,
        max_size=5,
        unique_by=lambda pair: pair[0],
    )
)
def test_a_catalogue_is_accepted_exactly_when_the_price_per_credit_never_rises(sizes: list[tuple[int, int]]) -> None:
    text = 'currency = "usd"\n' + "".join(
        row(number=index, slug=f"p{index}", credits=credits, amount=amount)
        for index, (credits, amount) in enumerate(sizes, 1)
    )
    per_credit = [Fraction(amount, credits) for credits, amount in sorted(sizes)]
    falls = per_credit == sorted(per_credit, reverse=True)

    try:
        parse_catalog(text)
        accepted = True
    except ConfigurationError:
        accepted = False

    assert accepted == falls
