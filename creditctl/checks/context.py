"""Check context: settings, env files, one account of Stripe, one ledger; each read once, and only when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import stripe
from stripe import Account, Balance

from creditctl.checks.check import LaunchStage
from creditctl.checks.env.model import EnvView
from creditctl.checks.env.rules.urls import url_fault
from creditctl.checks.facts import Facts
from creditctl.checks.probe import Probe, ProbeAnswer
from creditctl.checks.redirects import MadeSession
from creditctl.core.catalog import Catalog, Package
from creditctl.core.errors import ConfigurationError, CreditctlError, Unreachable
from creditctl.core.keys import Secret
from creditctl.core.modes import Mode
from creditctl.core.settings import Settings
from creditctl.ledger.store import Ledger
from creditctl.payments.entries import NoEntries
from creditctl.payments.judgement.unexplained import with_unexplained
from creditctl.payments.keeper import OUR_LEDGER, Keeper, reading_entries
from creditctl.payments.latest import JudgedPayment, LatestPayments, judge_latest, latest_cases, read_latest
from creditctl.payments.ledger_entries import known_facts, settled_findings
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.verdict import JudgementContext
from creditctl.provisioning.observe import observe, observe_endpoints
from creditctl.provisioning.probing.causes import ProbeDiagnosis
from creditctl.provisioning.probing.diagnosis import diagnose
from creditctl.provisioning.probing.responses import ProbeResponses
from creditctl.provisioning.state import EndpointState, Observed, same_url
from creditctl.stripe_api.client import StripeConnection

DeliverProbe = Callable[[str, Sequence[Secret]], ProbeResponses]
"""Sends inert deliveries to a webhook's URL, signed with the secrets given; see `provisioning/probing/`."""

BACKENDS_ANSWERS = "the backend's answers to inert deliveries"
"""The name of a fact."""


def backend_diagnosis(settings: Settings, deliver_probe: DeliverProbe | None) -> ProbeDiagnosis | None:
    """What a webhook probe of the backend comes to; None where there is no URL, or nobody may be called."""
    url = settings.webhook_url
    if deliver_probe is None or url is None or url_fault(url):
        return None
    try:
        secrets = settings.webhook_secrets
    except ConfigurationError:
        secrets = ()
    return diagnose(deliver_probe(url, secrets))


@dataclass(frozen=True)
class Context:
    """What checks look at.

    Shape: `stripe` and `ledger` are None where there is none to ask, and then `no_stripe` or `no_ledger` says why
    (with the mend in `no_source_fix`, where the application's rows could not be read; `foreign_ledger` says that the
    ledger there is, belongs to another account than the key);
    `keeper` has the entries; `probe` and `deliver_probe` are None where nothing but Stripe may be called; `made` is a
    session that was made for this run, if one was.
    """

    settings: Settings
    env: EnvView
    catalog: Catalog
    clock: Callable[[], int]
    stripe: StripeConnection | None = None
    ledger: Ledger | None = None
    probe: Probe | None = None
    deliver_probe: DeliverProbe | None = None
    keeper: Keeper = OUR_LEDGER
    no_stripe: str = "There is no usable key."
    no_ledger: str = "There is no ledger yet."
    no_source_fix: str = ""
    foreign_ledger: bool = False
    lost: list[Unreachable] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts, repr=False)
    made: MadeSession | None = None

    @property
    def mode(self) -> Mode | None:
        """The mode that the settings say, if they say one."""
        return self.settings.mode_or_none

    @property
    def mode_words(self) -> str:
        """The mode, for a sentence."""
        return "an unknown mode" if self.mode is None else f"{self.mode} mode"

    @property
    def connection(self) -> StripeConnection:
        """The connection to Stripe.

        Errors: ConfigurationError saying why there is none; Unreachable at once, where Stripe did not answer before.
        """
        if self.lost:
            raise self.lost[0]
        if self.stripe is None:
            fix = "Correct the settings; `creditctl env check` says where."
            raise ConfigurationError(self.no_stripe, code="checks.no_stripe", fix=fix)
        return self.stripe

    @property
    def required_ledger(self) -> Ledger:
        """The ledger. Errors: ConfigurationError saying why there is none."""
        if self.ledger is None:
            fix = self.no_source_fix or "Run it where the backend's ledger is, or name the file with CREDITCTL_LEDGER."
            raise ConfigurationError(self.no_ledger, code="checks.no_ledger", fix=fix)
        return self.ledger

    @property
    def stage(self) -> LaunchStage:
        """The stage by which is judged what is required: a rehearsal in test mode is one that --mode says."""
        if self.mode is Mode.LIVE:
            return LaunchStage.REHEARSAL if self.settings.rehearses_live else LaunchStage.LIVE
        return LaunchStage.TEST if self.env.expected in (Mode.TEST, Mode.EMULATOR) else LaunchStage.LIVE

    @property
    def balance(self) -> Balance:
        """The account's balance: the cheapest answer of Stripe's that says the mode, and Stripe's time."""
        return self.facts.get("the balance on Stripe", lambda: self.connection.client.v1.balance.retrieve())

    @property
    def livemode(self) -> bool:
        """What Stripe says of the key. Source: Stripe API reference, "The balance object", livemode."""
        return bool(self.balance.livemode)

    @property
    def account_object(self) -> Account:
        """The account as Stripe has it. Errors: stripe.PermissionError where a restricted key may not read it."""
        return self.facts.get("the account on Stripe", lambda: self.connection.account)

    @property
    def account(self) -> str | None:
        """The account, or None where a restricted key may not read it."""
        try:
            return str(self.account_object.id)
        except stripe.PermissionError:
            return None

    @property
    def endpoints(self) -> tuple[EndpointState, ...]:
        """Every webhook endpoint of the account, oldest first."""
        return self.facts.get("the webhook endpoints on Stripe", lambda: observe_endpoints(self.connection))

    @property
    def shelf(self) -> Observed:
        """The products and prices on Stripe, archived ones too."""
        return self.facts.get("the products and prices on Stripe", lambda: observe(self.connection, endpoints=False))

    def page(self, url: str) -> ProbeAnswer | None:
        """What a GET of a URL is answered with; None where nobody but Stripe may be called."""
        probe = self.probe
        return None if probe is None else self.facts.get(url, lambda: probe(url))

    @property
    def our_endpoints(self) -> tuple[EndpointState, ...]:
        """Those that deliver to our URL."""
        url = self.settings.webhook_url
        return tuple(item for item in self.endpoints if url is not None and same_url(item.url, url))

    @property
    def diagnosis(self) -> ProbeDiagnosis | None:
        """What a webhook probe of the backend came to; None where there is no URL, or nobody may be called."""
        return self.facts.get(BACKENDS_ANSWERS, lambda: backend_diagnosis(self.settings, self.deliver_probe))

    @property
    def latest(self) -> LatestPayments:
        """The latest payments as Stripe shows them, and those that only the ledger names."""
        return self.facts.get("the latest payments on Stripe", self._latest)

    def _latest(self) -> LatestPayments:
        if self.ledger is None:
            return read_latest(self._reader, NoEntries())
        with self.ledger.reading() as view:
            return read_latest(self._reader, self.keeper.entries(view))

    @property
    def _reader(self) -> PaymentReader:
        stripe = self.connection
        return PaymentReader(stripe.client, self.catalog, self.clock(), ahead_seconds=stripe.ahead_seconds)

    @property
    def ahead_seconds(self) -> int:
        """How far Stripe's clock is ahead of this machine's, as far as it answered."""
        return 0 if self.stripe is None else self.stripe.ahead_seconds()

    @property
    def judged(self) -> tuple[JudgedPayment, ...]:
        """The latest payments and their verdicts, newest first; without a ledger, as if nothing had been given."""
        return self.facts.get("the judgement of the latest payments", self._judged)

    def _judged(self) -> tuple[JudgedPayment, ...]:
        latest, now, ledger = self.latest, self.clock(), self.ledger
        if ledger is None:
            terms = JudgementContext(self.catalog, self.livemode, now, now, ahead_seconds=self.ahead_seconds)
            return judge_latest(latest_cases(latest, NoEntries(), {}), terms)
        with ledger.reading() as view:
            settled = settled_findings(view)
            cases = latest_cases(latest, self.keeper.entries(view), known_facts(view), self.keeper)
        now = self.keeper.read_at or now
        terms = JudgementContext(self.catalog, ledger.livemode, now, now, settled=settled, keeper=self.keeper)
        terms = replace(terms, ahead_seconds=self.ahead_seconds)
        entries = partial(reading_entries, ledger, self.keeper)
        terms = with_unexplained(terms, cases, entries, self._reader.payment)
        return judge_latest(cases, terms)

    @property
    def sales(self) -> tuple[JudgedPayment, ...]:
        """The latest payments of money for a package of ours, newest first; free ones prove nothing."""
        return tuple(each for each in self.judged if each.verdict.ours and each.session and each.session.amount_total)

    @property
    def smallest(self) -> Package | None:
        """The smallest package; None where the application's own prices sell them, whose amounts are Stripe's."""
        return None if self.catalog.listings.entries else min(self.catalog, key=lambda package: package.amount)

    @property
    def small_payment(self) -> JudgedPayment | None:
        """The latest payment of the smallest package, or else the smallest of the others."""
        slug = None if self.smallest is None else self.smallest.slug
        fitting = (payment for payment in self.sales if payment.verdict.package == slug)
        return next(fitting, min(self.sales, key=_amount, default=None))


def open_ledger(
    settings: Settings, connection: StripeConnection | None, clock: Callable[[], int]
) -> tuple[Ledger | None, str]:
    """The ledger that the settings name, if it is there and belongs to the account; else None and why not."""
    account = None if connection is None else _account_or_none(connection)
    ledger, refusal = open_ledger_of(settings, connection, account, clock)
    return ledger, "" if refusal is None else refusal.message


def open_ledger_of(
    settings: Settings, connection: StripeConnection | None, account: str | None, clock: Callable[[], int]
) -> tuple[Ledger | None, CreditctlError | None]:
    """The same, where the account is known already, or is None because Stripe did not say it."""
    try:
        path = settings.ledger_path
        livemode = None if connection is None else connection.livemode
        name = settings.deployment.name
        return Ledger.open(path, account=account, livemode=livemode, deployment=name, clock=clock, create=False), None
    except CreditctlError as error:
        return None, error


def _account_or_none(connection: StripeConnection) -> str | None:
    """The account of the key; None where Stripe does not say it, so that the ledger can be looked at all the same."""
    try:
        return connection.account_id
    except stripe.StripeError:
        return None


def _amount(payment: JudgedPayment) -> int:
    return 0 if payment.session is None else payment.session.amount_total
