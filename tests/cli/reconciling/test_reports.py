"""`creditctl reconcile --junit` and `--html`: what CI and finance read, also of a run that could not see everything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from junitparser import JUnitXml

from creditctl.cli.reconciling.report_page import dashboard_link
from creditctl.core.findings import Severity
from creditctl.core.modes import Mode
from creditctl.reconciliation.open_findings import OpenFinding
from tests.support.scripted_stripe import ScriptedStripe, answers

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.market import Market

HOUR = 3600
SESSIONS = "/v1/checkout/sessions"


def lose(market: Market, slug: str = "starter", user: str = "u1") -> str:
    market.losing = True
    paid = market.buy(slug, user)
    market.deliver()
    market.clock.now += HOUR
    return str(paid.payment_intent)


def rows(html: str, caption: str) -> dict[str, str]:
    """A table of the page by its caption: what stands beside each heading of a row."""
    table = html[html.index(f"<caption>{caption}") :]
    table = table[: table.index("</table>")]
    return dict(re.findall(r'<th scope="row">([^<]*)</th><td class="n">([^<]*)</td>', table))


def test_junit_has_a_case_for_each_kind_that_is_looked_for(cli: Cli, market: Market) -> None:
    lost = lose(market)
    assert cli("reconcile", "--junit", "junit.xml", "--quiet").exit_code == 1
    document = JUnitXml.fromstring((cli.folder / "junit.xml").read_bytes())
    failed = {case.name: case.result[0] for suite in document for case in suite if case.result}
    assert list(failed) == ["reconcile.missing_credit"]
    assert lost in failed["reconcile.missing_credit"].text
    assert document.tests > 25


def test_junit_fails_from_the_threshold_on(cli: Cli, market: Market) -> None:
    market.losing = True
    market.buy()
    market.clock.now += 60
    for severity, failures in (("medium", 0), ("info", 1)):
        cli("reconcile", "--junit", "junit.xml", "--fail-on", severity)
        assert JUnitXml.fromstring((cli.folder / "junit.xml").read_bytes()).failures == failures


@pytest.mark.parametrize("read_before", [False, True], ids=["first run", "second run"])
def test_the_page_has_totals_that_tie(cli: Cli, market: Market, read_before: bool) -> None:
    """A later run reads of Stripe only what is new; its totals are of everything all the same."""
    paid = market.buy("pro")
    market.client.v1.refunds.create(params={"payment_intent": str(paid.payment_intent), "amount": 2500})
    market.deliver()
    lose(market)
    if read_before:
        cli("reconcile")
        market.clock.now += 3 * 86_400
        cli("reconcile")
        market.clock.now += HOUR
    assert cli("reconcile", "--html", "report.html").exit_code == 1
    path = cli.folder / "report.html"
    html = path.read_text()
    money = rows(html, "USD")
    assert money["Gross, 2 payments"] == "$110.00"
    assert (money["− Refunds"], money["− Disputes (lost, or held)"], money["= Kept"]) == ("$25.00", "$0.00", "$85.00")
    fees, net = (round(100 * float(money[name].strip("$"))) for name in ("− Stripe's fees", "= Net"))
    assert fees > 0
    assert fees + net == 8500
    credits = rows(html, "By the ledger")
    assert (credits["+ Sold"], credits["− Taken back for refunds and disputes"]) == ("13,500", "3,375")
    assert "worth 14,500 credits; 1,000 credits too few were given" in html
    assert "EMULATOR MODE: no real money" in html
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_clean_shop_says_so(cli: Cli, market: Market) -> None:
    market.buy()
    market.deliver()
    market.clock.now += HOUR
    assert cli("reconcile", "--html", "report.html", "--quiet").stdout == ""
    html = (cli.folder / "report.html").read_text()
    assert "Everything agrees" in html
    assert "as many as were given" in html


def test_names_from_outside_are_text_on_the_page(cli: Cli, market: Market) -> None:
    lose(market, user="<img src=x onerror=alert(1)>")
    cli("reconcile", "--html", "report.html")
    html = (cli.folder / "report.html").read_text()
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_a_run_that_could_not_see_everything_has_no_totals(cli: Cli, market: Market) -> None:
    market.buy()
    market.deliver()
    market.clock.now += HOUR
    short = ScriptedStripe(market.emulator)
    short.on(answers({"object": "list", "data": [], "has_more": False, "url": "/v1/checkout/sessions"}), path=SESSIONS)
    cli.transport = lambda: short
    outcome = cli("reconcile", "--html", "report.html", "--junit", "junit.xml", "--metrics", "creditctl.prom", "-q")
    assert outcome.exit_code == 5
    assert outcome.stdout.startswith("creditctl reconcile (emulator): incomplete: ")
    html = (cli.folder / "report.html").read_text()
    assert "Incomplete: not all of Stripe could be read" in html
    assert "<h2>Money</h2>" not in html
    assert JUnitXml.fromstring((cli.folder / "junit.xml").read_bytes()).errors == 1
    assert "last_run_complete" in (cli.folder / "creditctl.prom").read_text()
    (run,) = cli("reconcile", "--history", "--json").report["runs"]
    assert (run["complete"], bool(run["missing"])) == (False, True)
    repairing = cli("reconcile", "--repair", "--yes", "--json", "--junit", "junit.xml")
    assert repairing.exit_code == 5
    assert repairing.report["tie_out"]["missing"]["checkout/sessions"]
    assert JUnitXml.fromstring((cli.folder / "junit.xml").read_bytes()).errors == 1


def test_a_folder_that_is_not_there_is_refused_first(cli: Cli, market: Market) -> None:
    assert cli("reconcile", "--html", "nowhere/report.html").exit_code == 3
    assert cli("reconcile", "--history", "--json").report["runs"] == []


def finding(subject: str, payment: str | None = None) -> OpenFinding:
    return OpenFinding("reconcile.x", Severity.HIGH, subject, "m", "f", None, (), payment)


@pytest.mark.parametrize(
    ("mode", "about", "link"),
    [
        (Mode.LIVE, finding("pi_1"), "https://dashboard.stripe.com/payments/pi_1"),
        (Mode.TEST, finding("re_1", "pi_1"), "https://dashboard.stripe.com/test/payments/pi_1"),
        (Mode.EMULATOR, finding("pi_1"), ""),
        (Mode.LIVE, finding("user u1"), ""),
        (Mode.LIVE, finding('pi_1"><script>'), ""),
        (None, finding("pi_1"), ""),
    ],
)
def test_a_finding_leads_to_the_dashboard_where_it_has_a_payment(
    mode: Mode | None, about: OpenFinding, link: str
) -> None:
    assert dashboard_link(about, mode) == link
