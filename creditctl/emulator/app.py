"""The emulator application: one handler from request to response, and a pump for jobs and deliveries."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from creditctl.emulator.api import jobs
from creditctl.emulator.api.accounts import Accounts
from creditctl.emulator.api.context import EmulatorOptions, Services
from creditctl.emulator.control import api as control
from creditctl.emulator.pages import handler as pages
from creditctl.emulator.pages.form_tokens import FormTokens
from creditctl.emulator.pages.overview import handler as overview
from creditctl.emulator.protocol.callers import caller_fault
from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.protocol.versions import API_VERSION
from creditctl.emulator.protocol.wire import Request, Response, Send
from creditctl.emulator.resources.table import JOBS
from creditctl.emulator.storage.ids import Ids
from creditctl.emulator.storage.settings import load_settings, save_setting
from creditctl.emulator.storage.store import Store
from creditctl.emulator.storage.transactions import transact
from creditctl.emulator.v1 import Api, forbidden, server_error
from creditctl.emulator.webhooks.auto_disable import watch
from creditctl.emulator.webhooks.deliveries import AttemptResult, Deliveries, Outgoing
from creditctl.emulator.webhooks.events import EventRecorder
from creditctl.emulator.webhooks.faults import Fault, Faults, apply_faults
from creditctl.emulator.webhooks.holds import Holds, pending_about
from creditctl.emulator.webhooks.listeners import Listeners, ListenSession
from creditctl.emulator.webhooks.outgoing import attempt, send_over_http
from creditctl.emulator.webhooks.subjects import Binding, request_subjects
from creditctl.emulator.webhooks.subscribers import Subscribers

_LOG = logging.getLogger("creditctl.emulator")
_DISK_ERRORS = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY")
"""SQLite's names for a disk that is full or broken, or a file that can't be written: no bug of ours."""


class Emulator:
    """A local Stripe: synchronous, safe to call from several threads (one lock), durable where a file is given."""

    def __init__(
        self,
        state: Path | None = None,
        clock: Callable[[], float] = time.time,
        seed: int | None = None,
        livemode: bool = False,
        *,
        strict_urls: bool = False,
        api_version: str = API_VERSION,
        rate_limit: int | None = None,
        retry_seconds: tuple[int, ...] | None = None,
        allow_hosts: Iterable[str] = (),
        public_url: str | None = None,
        raw_cards: bool = False,
        radar_strict: bool = False,
        files: Path | None = None,
        real_clock: Callable[[], float] = time.time,
    ) -> None:
        options = EmulatorOptions(livemode, strict_urls, api_version, rate_limit, retry_seconds)
        options.raw_cards, options.radar_strict = raw_cards, radar_strict
        options.allowed_hosts, options.files = frozenset(name.lower() for name in allow_hosts), files
        options.public_url = public_url
        self.lock = threading.RLock()
        """Whoever looks into the store from another thread holds it: to be read, new objects are written first."""
        self._clock, self._real_clock = clock, real_clock
        self.on_work: Callable[[], None] = lambda: None
        """Called when there may be something to pump; a server sets it."""
        store = Store(state)
        self.services = _services(store, options, seed)
        self.offset_seconds: int = load_settings(store).get("offset_seconds", 0)
        self.accounts = Accounts(store, options)
        self._api = Api(self.services, self.accounts)
        self._form_tokens = FormTokens()
        self.services.next_job = jobs.next_due(self.services)

    def now(self) -> int:
        """The emulator's time in Unix seconds."""
        return int(self._clock()) + self.offset_seconds

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        with self.lock:
            now = self.now()
            # A request sees the world as it is now: what was due before it arrived has happened.
            if self.services.next_job is not None and self.services.next_job <= now:
                self.run_jobs(now)
            response = self._route_safely(request, now)
            if self.services.deliveries.has_new:
                self.services.deliveries.has_new = False
                self._announce_work()
            return response

    def _announce_work(self) -> None:
        self.on_work()
        self.services.listeners.notify()

    def _route_safely(self, request: Request, now: int) -> Response:
        """A bug of ours, or a full disk, answers 500 in Stripe's words; its traceback goes to the log."""
        try:
            return self._route(request, now)
        except Exception as error:  # noqa: BLE001 - a transport must always have an answer to send
            _LOG.exception("%s %s failed", request.method, request.path)
            self.services.store.rollback()
            disk = getattr(error, "sqlite_errorname", "").startswith(_DISK_ERRORS)
            return server_error(f"The emulator cannot keep its state: {error}.") if disk else server_error()

    def caller_fault(self, request: Request) -> str | None:
        """Why a request is not answered because of where it comes from; None where it may be."""
        shown = request.path.startswith(pages.PREFIXES) and request.method in ("GET", "HEAD")
        navigates = shown or (overview.serves(request) and overview.is_navigation(request))
        return caller_fault(request, self.services.options.allowed_hosts, navigates=navigates)

    def _route(self, request: Request, now: int) -> Response:
        fault = self.caller_fault(request)
        if request.path.startswith(pages.PREFIXES):
            if fault is not None:
                return pages.forbidden(fault)
            return pages.handle(self.services, self.accounts, self._form_tokens, request, now)
        if overview.serves(request):
            if fault is not None:
                return pages.forbidden(fault)
            return overview.handle(self.services, self.accounts, request, now)
        if fault is not None:
            return forbidden(fault)
        if request.path.startswith(control.PREFIX):
            return control.handle(self, request, now)
        struck = self._struck(request, now) if self.services.faults.rules else []
        response = apply_faults(struck, lambda: self._api.handle(request, now))
        # A late answer keeps its idempotency key in use until `sent`, as a slow request at Stripe would.
        if response.delay_seconds and response.key:
            self.services.in_flight.add(response.key)
        return response

    def _struck(self, request: Request, now: int) -> list[Fault]:
        """The faults that strike a request; what is bound to an object strikes only its own account's requests."""
        try:
            scope = self.accounts.caller(request.headers, now).scope.id
            subjects = request_subjects(self.services.store, scope, request)
        except StripeError:
            subjects = None
        return self.services.faults.for_answer(request.method, request.path, subjects)

    def sent(self, response: Response) -> None:
        """A transport has sent an answer: its idempotency key can be used again."""
        if response.key:
            with self.lock:
                self.services.in_flight.discard(response.key)

    def awaits_answers(self, scope: int, event: str) -> bool:
        """Whether an endpoint that an event is due at has not answered for the first time yet."""
        with self.lock:
            return self.services.deliveries.never_attempted(scope, event, self.now())

    def run_jobs(self, now: int | None = None) -> int:
        """Run what is due on the emulator's clock; answers how many jobs ran."""
        with self.lock:
            return jobs.run_due(self.services, JOBS, self.now() if now is None else now, self.accounts.by_id)

    def pump(self, now: int | None = None, *, send: Send | None = None) -> int:
        """Run the jobs and send the deliveries that are due until none is; answers how many sendings were tried."""
        attempted = 0
        # One at a time: each event says how many endpoints are without it when it is sent, as a GET of it does.
        while batch := self.claim(now, most=1):
            for outgoing in batch:
                self.record(outgoing, attempt(outgoing, send or send_over_http), now)
            attempted += len(batch)
        return attempted

    def claim(self, now: int | None = None, *, most: int = 100) -> list[Outgoing]:
        """Run due jobs and take the deliveries that are due, to be sent outside the lock at once."""
        with self.lock:
            moment = self.now() if now is None else now
            self.run_jobs(moment)
            return self.services.deliveries.claim(moment, int(self._real_clock()), most)

    def record(self, outgoing: Outgoing, outcome: AttemptResult, now: int | None = None) -> None:
        """Log one try to send a delivery, and set its next."""
        with self.lock:
            # The state was reset or restored while the delivery was on its way.
            if self.services.store.get(outgoing.scope, outgoing.event) is None:
                return
            livemode = self.accounts.by_id(outgoing.scope).livemode
            moment = self.now() if now is None else now
            transact(self.services.store, lambda: self._keep(outgoing, outcome, moment, livemode=livemode))

    def _keep(self, outgoing: Outgoing, outcome: AttemptResult, moment: int, *, livemode: bool) -> None:
        store, deliveries = self.services.store, self.services.deliveries
        deliveries.record(outgoing, outcome, moment, livemode=livemode)
        days = self.services.options.disable_after_days
        if days is not None and watch(store, deliveries, outgoing, outcome, moment, days):
            self.services.subscribers.forget(outgoing.scope)

    def next_due(self) -> int | None:
        """When the next job or delivery is due, on the emulator's clock."""
        with self.lock:
            times = (self.services.next_job, self.services.deliveries.next_due())
            return min((due for due in times if due is not None), default=None)

    def move_clock(self, seconds: int) -> None:
        """Move the clock and run what falls due on the way."""
        with self.lock:
            self.offset_seconds += seconds
            save_setting(self.services.store, "offset_seconds", self.offset_seconds)
            self.run_jobs()
            self._announce_work()

    def bring_forward(self, binding: Binding, seconds: int) -> int:
        """Let the next `seconds` of one object or user happen now, on a clock that stays where it is.

        Its jobs run, and its deliveries that wait for an attempt in that time are due; answers how many jobs ran.
        """
        with self.lock:
            now = self.now()
            done = jobs.run_early(self.services, JOBS, self.accounts.by_id(binding.scope), binding, now, seconds)
            for delivery in pending_about(self.services.store, binding, until=now + seconds):
                self.services.deliveries.deliver_now(now, delivery)
            self._announce_work()
            return done

    def reset(self) -> None:
        """Forget everything."""
        with self.lock:
            self.services.store.clear()
            self.services.subscribers.forget()
            self.services.faults.remove(None)
            self.services.holds.reload()
            self.services.next_job = None
            self.services.listeners.forget()
            self.accounts.forget()
            self.offset_seconds = 0

    def reload(self) -> None:
        """Read again what is remembered outside the database: it was replaced."""
        with self.lock:
            self.services.store.complete()
            self.services.holds.reload()
            self.services.subscribers.forget()
            self.accounts.forget()
            self.services.next_job = jobs.next_due(self.services)
            self.offset_seconds = load_settings(self.services.store).get("offset_seconds", 0)
            self._announce_work()

    def listener(self, session_id: str) -> ListenSession | None:
        """The CLI session behind a websocket id."""
        with self.lock:
            return self.services.listeners.get(session_id)

    def listener_connects(self, session: ListenSession, wake: Callable[[], None]) -> None:
        """A CLI's websocket is open; `wake` is called when something waits for it."""
        with self.lock:
            self.services.listeners.connect(session, wake)

    def listener_leaves(self, session: ListenSession) -> None:
        """A CLI's connection is gone."""
        with self.lock:
            self.services.listeners.disconnect(session)

    def listener_frames(self, session: ListenSession) -> list[bytes]:
        """What is to be sent to a CLI now."""
        with self.lock:
            return self.services.listeners.frames(session, self.now(), int(self._real_clock()))

    def listener_answers(self, session: ListenSession, message: dict[str, Any]) -> None:
        """What a CLI reported."""
        with self.lock:
            self.services.listeners.answered(session, message, self.services.deliveries, self.now())

    def close(self) -> None:
        """Release the database."""
        with self.lock:
            self.services.store.close()


def _services(store: Store, options: EmulatorOptions, seed: int | None) -> Services:
    ids, faults = Ids(_seed_text(seed, "ids"), store.draw), Faults(_seed_text(seed, "faults"))
    holds, listeners = Holds(store), Listeners(store)
    deliveries = Deliveries(store, faults, holds, options.retry_seconds)
    subscribers = Subscribers(store, listeners)
    return Services(
        store=store,
        ids=ids,
        options=options,
        deliveries=deliveries,
        faults=faults,
        holds=holds,
        listeners=listeners,
        subscribers=subscribers,
        events=EventRecorder(store, ids, deliveries, subscribers, faults, options.api_version),
    )


def _seed_text(seed: int | None, purpose: str) -> str | None:
    return None if seed is None else f"{seed}:{purpose}"
