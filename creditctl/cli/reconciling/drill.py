"""`creditctl reconcile --drill`: whether somebody hears of a lost payment, tried out, and how long that takes.

On the emulator a purchase is made whose webhook never arrives; then nothing is done until the next run of cron has
told of it, and the purchase is mended. With Stripe itself, in test or live, and where an application keeps its own
rows, which only its own webhook may book into, one labelled message is sent, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from creditctl.cli.command import Answer, Session
from creditctl.cli.progress import status_line
from creditctl.cli.reconciling.alerting import context_of, deliver, sender_of
from creditctl.cli.reconciling.operator import operator_of
from creditctl.core.errors import ExitCode, LockHeld, Unreachable
from creditctl.core.modes import Mode
from creditctl.core.when import age_text, iso_time, parse_duration
from creditctl.ledger.sqlite.file_lock import hold_lock

if TYPE_CHECKING:
    from creditctl.cli.reconciling.options import OutputOptions
    from creditctl.core.catalog import Catalog
    from creditctl.events.trigger import Triggered

USER = "creditctl-drill"
"""Who buys in a drill."""

_LOOK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class DrillResult:
    """What came of a drill on the emulator. Units: Unix seconds.

    Shape: `told` is None where nobody was told in time, `mended` where the credits did not come.
    """

    session_id: str
    payment_key: str
    lost: int
    told: int | None
    mended: int | None
    by_cron: bool

    def as_dict(self) -> dict[str, Any]:
        """The result as a JSON document shows it."""
        return {
            "kind": "emulator",
            "session": self.session_id,
            "payment_key": self.payment_key,
            "lost": iso_time(self.lost),
            "told": None if self.told is None else iso_time(self.told),
            "seconds_to_alert": None if self.told is None else self.told - self.lost,
            "mended": None if self.mended is None else iso_time(self.mended),
            "seconds_to_mend": None if self.mended is None else self.mended - self.lost,
            "mended_by_cron": self.by_cron,
        }

    @property
    def line(self) -> str:
        """The result in a sentence."""
        if self.mended is None:
            told = "Somebody" if self.told is not None else "Nobody"
            return f"{told} was told, and the payment could not be mended. Next: `creditctl reconcile --repair`"
        age = age_text(self.mended - self.lost)
        if self.told is not None:
            return f"Somebody was told after {age_text(self.told - self.lost)}; mended after {age}."
        if self.by_cron:
            return f"A run of cron mended after {age} by itself, so that nobody had to be told."
        return f"Nobody was told within {age}. Next: `creditctl reconcile --history`"


def drill(session: Session, told: OutputOptions, packages: Catalog) -> Answer:
    """Tries the alarm. Errors: ConfigurationError without a receiver, Unreachable where it does not take a message."""
    wait_seconds = parse_duration(told.drill_wait)
    send = sender_of(session, told)
    ledger = session.ledger
    if session.stripe.mode is Mode.EMULATOR and session.project.source is None:
        with hold_lock(ledger.path.with_name(f"{ledger.path.name}-drill.lock"), "Another drill"):
            return _on_the_emulator(session, packages, wait_seconds)
    from creditctl.ledger.models import AlertOutcome
    from creditctl.reconciliation.alerts.message import drill_message

    result = deliver(session, send, drill_message(context_of(session, ledger)))
    if result.outcome is not AlertOutcome.SENT:
        raise Unreachable(
            f"The receiver of alerts did not take the message: {result.reason}.",
            code="alert.not_taken",
            fix="Try the URL or the command by hand; nobody would hear of a finding either.",
        )
    return Answer.lines({"kind": "message"}, "One message was sent; nothing was changed. Look whether it arrived.")


def _on_the_emulator(session: Session, packages: Catalog, wait_seconds: int) -> Answer:
    by_cron = False
    try:
        lost, bought = _lose(session, packages)
        session.say(f"Lost the webhook of {bought.payment_key}. Waiting for the alert of the next run, Ctrl-C ends it.")
        told, by_cron = _wait(session, bought.payment_key, lost + wait_seconds)
    finally:
        if not by_cron:  # also of a drill that somebody stops
            _mend(session, packages)
    with session.ledger.reading() as view:
        mended = None if view.purchase_of(bought.payment_key) is None else session.wiring.clock()
    result = DrillResult(bought.session_id, bought.payment_key, lost, told, mended, by_cron)
    heard = (told is not None or by_cron) and mended is not None
    return Answer.lines(result.as_dict(), result.line, exit_code=ExitCode.OK if heard else ExitCode.FINDINGS)


def _lose(session: Session, packages: Catalog) -> tuple[int, Triggered]:
    """Buys the first package; each delivery of an event about it is dropped on the way."""
    from creditctl.events.trigger import Order, Trigger
    from creditctl.payments.event_types import SESSION_COMPLETED_TYPE

    steps = Trigger(session.stripe.client, session.wiring.sleep, session.say)
    opened = steps.open(Order(USER, next(iter(packages)), session.settings.text("FRONTEND_URL") or "http://localhost"))
    with _dropping(session):
        bought = steps.make(SESSION_COMPLETED_TYPE, None, opened.id)
    return session.wiring.clock(), bought


@contextmanager
def _dropping(session: Session) -> Iterator[None]:
    """While a fault is in force that is bound to the buyer of drills; what was dropped is never tried again.

    Shape: that of a drill that was killed is lifted first, by its buyer.
    """
    from creditctl.emulator_client.client import EmulatorControl

    settings = session.settings
    http = session.stack.enter_context(
        session.wiring.http_client(settings.api_base, timeout_seconds=30.0, proxied=False)
    )
    control = EmulatorControl(http, settings.api_base, settings.api_key)
    control.prove()
    control.control("DELETE", "/faults", {"user": USER})
    control.control("POST", "/faults", {"kind": "drop", "event": "*", "user": USER})
    try:
        yield
    finally:
        control.control("DELETE", "/faults", {"user": USER})


def _wait(session: Session, payment_key: str, until: int) -> tuple[int | None, bool]:
    """Until an alert about the payment was taken, or a run credited it.

    Shape: when it was taken, None if it was not, and whether the payment was credited. Units: Unix seconds.
    """
    from creditctl.ledger.sightings import sightings_of

    clock = session.wiring.clock
    with status_line(session) as show:
        while True:
            with session.ledger.reading() as view:
                told = [each.told for each in sightings_of(view, payment_key) if each.told is not None]
                mended = view.purchase_of(payment_key) is not None
            if told or mended or clock() >= until:
                return min(told, default=None), mended
            if show is not None:
                show(f"waiting, {age_text(until - clock())} at most")
            session.wiring.sleep(_LOOK_SECONDS)


def _mend(session: Session, packages: Catalog) -> None:
    """Repairs what drills have lost, this one's and that of killed ones, once no other run goes on.

    Shape: as `--repair` would, and of the buyer of drills alone.
    """
    from creditctl.reconciliation import run as room
    from creditctl.reconciliation.pull import AFRESH

    ledger, clock = session.ledger, session.wiring.clock
    while True:
        try:
            report = room.reconcile(
                client=session.stripe.client,
                ledger=ledger,
                catalog=packages.named_since(ledger.named_since),
                livemode=session.stripe.livemode,
                clock=clock,
                grace_seconds=0,
                by=operator_of(session.wiring),
                plan=replace(AFRESH, ahead_seconds=session.stripe.ahead_seconds),
            )
            own = tuple(each for each in report.repairs if each.purchase is not None and each.purchase.user_id == USER)
            room.repair(replace(report, repairs=own), ledger=ledger, clock=clock)
        except LockHeld:
            session.wiring.sleep(_LOOK_SECONDS)
        else:
            return
