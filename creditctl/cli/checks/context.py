"""Context of `checklist` and `doctor`: everything that checks ask about, opened in the session and closed with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from creditctl.core.errors import ConfigurationError, CreditctlError, GuardRefused, Unreachable

if TYPE_CHECKING:
    from creditctl.checks.check import Check
    from creditctl.checks.context import Context
    from creditctl.checks.env.model import EnvView
    from creditctl.cli.session import Session
    from creditctl.core.keys import Secret
    from creditctl.ledger.store import Ledger
    from creditctl.payments.keeper import Keeper
    from creditctl.provisioning.probing.responses import ProbeResponses
    from creditctl.stripe_api.client import StripeConnection

Opened = TypeVar("Opened")
_PROBE_SECONDS, _PROBE_AGAIN_SECONDS = 3.0, 2.0
_STRIPE_SECONDS = 2.0
_BOOKS_SECONDS = 3.5
"""How long Stripe may take to say whose the key is, and a source to be read, before the checks begin without."""


def open_check_context(session: Session, catalog: Path | None = None, checks: Sequence[Check[Context]] = ()) -> Context:
    """The context of one run of checks; a key or ledger that is not usable is for the checks to say.

    Shape:  what the checks will ask of backend and storefront is begun first: nothing of it waits for Stripe.
    Errors: GuardRefused where --mode says another mode than the settings; whatever the env file or catalogue raise.
    """
    from creditctl.checks.context import Context
    from creditctl.checks.early import begin_early
    from creditctl.checks.probe import probe_url
    from creditctl.payments.keeper import OUR_LEDGER
    from creditctl.stripe_api.retry import RetryPolicy

    wiring, settings = session.wiring, session.settings
    session.retry_policy = RetryPolicy(3, 3, answer_seconds=20.0)  # what does not answer now is said, not waited for
    packages = session.catalog(catalog)
    probe = wiring.probe or probe_url
    deliver_probe = wiring.deliver_probe or partial(_deliver_probe, session)
    facts = begin_early(checks, settings, probe=probe, deliver_probe=deliver_probe)
    opened = _in_time(_STRIPE_SECONDS, lambda: _open_stripe(session), OpenedStripe(None, _LATE_STRIPE, late=True))
    _load_reader(session)
    books = _in_time(_BOOKS_SECONDS, lambda: _open_books(session, opened), OpenedBooks(None, _LATE_BOOKS))
    return Context(
        settings=settings,
        env=_gathered(session),
        catalog=packages.named_since(None if books.ledger is None else books.ledger.named_since),
        clock=wiring.clock,
        stripe=opened.connection,
        ledger=books.ledger,
        keeper=books.keeper or OUR_LEDGER,
        probe=probe,
        deliver_probe=deliver_probe,
        facts=facts,
        no_stripe=opened.reason,
        no_ledger=books.reason,
        no_source_fix=books.fix,
        foreign_ledger=books.foreign,
        lost=[Unreachable(_LATE_STRIPE, code="checks.late", fix=_AGAIN)] if opened.late else [],
    )


_AGAIN = "Run it again; if it stays so, look at what does not answer."
_LATE_STRIPE = f"Stripe did not say within {_STRIPE_SECONDS:g} seconds whose the key is."
_LATE_BOOKS = f"The ledger or source was not read within {_BOOKS_SECONDS:g} seconds."


@dataclass(frozen=True, slots=True)
class OpenedStripe:
    """The connection to Stripe and the account, None where there is none or it is not told, and then why."""

    connection: StripeConnection | None
    reason: str = ""
    account: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class OpenedBooks:
    """The ledger and who keeps the entries, or why there is none; `fix` where an application's rows were not read.

    Shape: `foreign` says that the ledger belongs to another account than the key.
    """

    ledger: Ledger | None
    reason: str = ""
    keeper: Keeper | None = None
    fix: str = ""
    foreign: bool = False


def _in_time(seconds: float, job: Callable[[], Opened], otherwise: Opened) -> Opened:
    """What a job opens, or what stands for it where it takes too long."""
    from creditctl.provisioning.probing.side_by_side import run_side_by_side

    (found,) = run_side_by_side([job], seconds)
    return otherwise if isinstance(found, Thread) else found


def _open_stripe(session: Session) -> OpenedStripe:
    """Connects, and asks whose the key is; what Stripe refuses, the checks ask again and say."""
    import stripe

    try:
        connection = session.stripe
    except (ConfigurationError, GuardRefused) as error:
        return OpenedStripe(None, error.message)
    try:
        return OpenedStripe(connection, account=connection.account_id)
    except stripe.StripeError:
        return OpenedStripe(connection)


def _load_reader(session: Session) -> None:
    """Loads what reads a database before its time is taken: a busy machine is no database that hangs."""
    source = session.settings.project.source
    if source is not None and source.url_env is not None:
        for name in ("creditctl.cli.ledger.source", "creditctl.sources.reading.opening"):
            import_module(name)


def _open_books(session: Session, opened: OpenedStripe) -> OpenedBooks:
    """The ledger of the settings; with a [source], the one beside it, and the application's rows, read now."""
    import stripe

    from creditctl.checks.context import open_ledger_of
    from creditctl.cli.ledger.source import entries_keeper
    from creditctl.ledger.owner import OTHER_ACCOUNT
    from creditctl.stripe_api.errors import translate

    settings = session.settings
    if opened.connection is not None and settings.project.source is not None:
        try:
            return OpenedBooks(session.ledger_if_there, "", entries_keeper(session))
        except CreditctlError as error:
            return OpenedBooks(None, error.message, fix=error.fix, foreign=error.code == OTHER_ACCOUNT)
        except stripe.StripeError as error:
            known = translate(error)
            return OpenedBooks(None, str(error) if known is None else known.message)
    ledger, refusal = open_ledger_of(settings, opened.connection, opened.account, session.wiring.clock)
    if ledger is not None:
        session.stack.enter_context(ledger)
        return OpenedBooks(ledger)
    if refusal is None:
        return OpenedBooks(None)
    return OpenedBooks(None, refusal.message, foreign=refusal.code == OTHER_ACCOUNT)


def _gathered(session: Session) -> EnvView:
    from creditctl.checks.env.collect import gather_env
    from creditctl.checks.env.git import run_git

    return gather_env(
        session.wiring.folder,
        session.wiring.environ,
        git=run_git,
        backend=session.options.env_file,
        expected=session.options.mode,
        emulator_hosts=session.settings.project.emulator.hosts,
    )


def _deliver_probe(session: Session, url: str, secrets: Sequence[Secret]) -> ProbeResponses:
    """Sends a webhook probe, announced; a backend that hangs costs one time limit, one that answers two at most."""
    import httpx
    import stripe

    from creditctl.core.modes import Mode
    from creditctl.provisioning.probing.send import send_probes
    from creditctl.stripe_api.certificates import usual_authorities

    session.say(f"Sending inert deliveries to {url}; none of them can grant credits.")
    settings = session.settings
    livemode = settings.mode_or_none is Mode.LIVE
    trust_env = not settings.webhook_url_is_local
    verify = usual_authorities(trust_env=trust_env)
    with httpx.Client(verify=verify, timeout=_PROBE_SECONDS, trust_env=trust_env) as client:
        return send_probes(
            client,
            url,
            secrets,
            session.wiring.clock(),
            livemode=livemode,
            api_version=stripe.api_version,
            again_seconds=_PROBE_AGAIN_SECONDS,
        )
