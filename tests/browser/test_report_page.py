"""The page of `creditctl reconcile --html` in Chromium, from a file: light, dark, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from creditctl.cli.reconciling.report_page import report_page
from creditctl.core.findings import Severity
from creditctl.core.modes import Mode
from creditctl.reconciliation.open_findings import OpenFinding
from tests.support.market import market
from tests.support.page_measures import FAULTS_OF_STRUCTURE, PHONE, WEAK_CONTRASTS, overflows
from tests.support.payment_shop import catalog, open_shop

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.browser import OpenPage
    from tests.support.cli import Cli
    from tests.support.market import Market
    from tests.support.payment_shop import OpenShop

__all__ = ["catalog", "market", "open_shop"]

DESK: dict[str, Any] = {"viewport": {"width": 1100, "height": 900}}
PAPER: dict[str, Any] = {"viewport": {"width": 794, "height": 1123}}
BESIDE_THE_SCREEN = """() => [...document.querySelectorAll('.scroll')]
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .filter((each) => getComputedStyle(each).backgroundAttachment.includes('local'))
  .map((each) => each.ariaLabel)"""
FINDINGS_TO_BE_SEEN = "[...document.querySelectorAll('.findings > li')].filter((each) => each.checkVisibility()).length"
SCRIPT = "<script>document.title = 'taken over'</script><img src=http://127.0.0.1:9/x>"


@pytest.fixture
def report(cli: Cli, market: Market) -> Path:
    """Twelve days of sales with a refund and a dispute, and two purchases whose webhooks were lost."""
    for day in range(12):
        paid = market.buy(("starter", "basic", "pro")[day % 3], f"u{day}")
        if day == 3:
            market.client.v1.refunds.create(params={"payment_intent": str(paid.payment_intent), "amount": 500})
        market.deliver()
        market.clock.now += 86_400
    market.buy("pro", "u9", "tok_createDispute")
    market.deliver()
    market.losing = True
    market.buy("business", SCRIPT)
    market.deliver()
    market.clock.now += 3600
    assert cli("reconcile", "--html", "report.html").exit_code == 1
    return cli.folder / "report.html"


def opened(open_page: OpenPage, report: Path, **options: Any) -> Iterator[Page]:
    """The page; at its end nothing was asked of anybody, and its own policy had nothing to refuse."""
    page = open_page(**options)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(report.as_uri())
    yield page
    assert asked == [report.as_uri()]
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_well_built_and_readable(open_page: OpenPage, report: Path, scheme: str) -> None:
    for page in opened(open_page, report, color_scheme=scheme, **DESK):
        assert page.evaluate(FAULTS_OF_STRUCTURE) + page.evaluate(WEAK_CONTRASTS) == []
        assert page.title().startswith("Reconciliation of acct_")
        assert SCRIPT in page.get_by_role("main").inner_text(), "shown, not run"


def test_it_needs_no_script_and_its_chart_can_be_heard(open_page: OpenPage, report: Path) -> None:
    for page in opened(open_page, report, java_script_enabled=False, **DESK):
        chart = page.get_by_role("img", name="Sales by day, USD")
        assert chart.count() == 1
        page.get_by_text("The same as a table").click()
        assert page.get_by_role("rowheader", name="2026-09-21").is_visible()


@pytest.mark.parametrize("options", [PHONE, PAPER], ids=["phone", "paper"])
def test_nothing_is_wider_than_the_screen_or_the_paper(
    open_page: OpenPage, report: Path, options: dict[str, Any]
) -> None:
    for page in opened(open_page, report, **options):
        if options is PAPER:
            page.emulate_media(media="print", color_scheme="dark")
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            assert page.evaluate(WEAK_CONTRASTS) == []
        assert not overflows(page)
        if options is PHONE:
            page.get_by_text("The same as a table").click()
            charts = ["Sales by day, USD", "Credits sold by day"]
            assert page.evaluate(BESIDE_THE_SCREEN) == charts, "whose edges have a shadow"


def test_a_style_from_elsewhere_does_nothing(open_page: OpenPage, report: Path) -> None:
    """What its own policy does not know by its hash never applies, whatever slipped into the file."""
    changed = report.with_name("changed.html")
    changed.write_text(report.read_text().replace("</head>", "<style>body { display: none }</style></head>"))
    page = open_page(**DESK)
    page.goto(changed.as_uri())
    assert page.get_by_role("heading", level=1).is_visible()


@pytest.fixture
def long_report(open_shop: OpenShop, tmp_path: Path) -> Path:
    """More findings than a page holds: of two kinds, with subjects that nothing breaks into lines."""
    kinds = (("reconcile.missing_credit", Severity.CRITICAL, 3000), ("reconcile.refund_not_taken", Severity.HIGH, 7050))
    found = tuple(
        OpenFinding(code, severity, f"pi_{'x' * 200}{number}", "Paid, and not credited. " * 4, "`creditctl reconcile`")
        for code, severity, count in kinds
        for number in range(count)
    )
    with open_shop() as shop:
        report = replace(shop.reconcile(), findings=found)
    path = tmp_path / "long.html"
    path.write_text(report_page(report, None, account="acct_1", deployment=None, mode=Mode.TEST))
    return path


def test_ten_thousand_findings_are_folded_and_counted(open_page: OpenPage, long_report: Path) -> None:
    for page in opened(open_page, long_report, java_script_enabled=False, **PHONE):
        assert page.evaluate(FINDINGS_TO_BE_SEEN) == 100
        assert page.evaluate("[...document.querySelectorAll('section > p')].map((each) => each.textContent)") == [
            "The first 100 of 10,050 stand here, worst first; the next 9,900 below, folded, by their kind.",
            "… and 50 more that do not stand on this page: creditctl reconcile --csv has them all.",
        ]
        assert not overflows(page)
        page.locator("summary").first.click()
        assert page.evaluate(FINDINGS_TO_BE_SEEN) == 3000
        assert not overflows(page)
