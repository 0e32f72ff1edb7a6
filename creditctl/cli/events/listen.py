"""`creditctl events listen`: Stripe's events to a local backend, with nothing but the key."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.events.session import EventSession, JsonLinesOption, TypeOption, goes_on, open_desk, write_line
from creditctl.cli.forms import require_one_form
from creditctl.cli.options import ConfirmOption, EnvFileOption, JsonOption, ModeOption, SinceOption
from creditctl.cli.output import Run, start
from creditctl.core.errors import UsageError
from creditctl.core.when import iso_time, parse_when

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.errors import Unreachable
    from creditctl.core.keys import Secret
    from creditctl.core.settings import Settings
    from creditctl.events.listen import Listener
    from creditctl.ledger.archive.models import EventRecord
    from creditctl.ledger.archive.store import Archive
    from creditctl.stripe_api.delivery import DeliveryResult

_SECRET_BYTES = 24
_SECRET_KEY = "listen_secret"  # noqa: S105 - the name under which it is kept


def listen(
    ctx: typer.Context,
    forward_to: Annotated[
        str | None, typer.Option("--forward-to", help="Where to deliver events.", metavar="URL")
    ] = None,
    types: TypeOption = None,
    all_types: Annotated[
        bool, typer.Option("--all-types", help="Every event, not only those that the webhook endpoint gets.")
    ] = False,
    since: SinceOption = None,
    poll_seconds: Annotated[float, typer.Option("--poll-seconds", min=0.2, help="How often Stripe is asked.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Forward what there is, then end.")] = False,
    tries: Annotated[int, typer.Option("--tries", min=1, help="With --once: give up after this many.")] = 5,
    print_secret: Annotated[bool, typer.Option("--print-secret", help="Print the signing secret and end.")] = False,
    write_env: Annotated[
        bool, typer.Option("--write-env", help="Write the signing secret into the env file if none is set.")
    ] = False,
    as_json_lines: JsonLinesOption = False,
    confirm: ConfirmOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forward new events to a local backend: no login, no Stripe CLI, no public URL. Ctrl-C stops it.

    It goes on where it last stopped for the same URL. An event that is not accepted is tried again until it is.
    """
    run = start(ctx, as_json=as_json)
    require_one_form(run, jsonl=as_json_lines)
    if forward_to is None and not (print_secret or write_env):
        raise UsageError(
            "Nothing says where to forward to.",
            code="events.no_target",
            fix="For example --forward-to http://127.0.0.1:8000/api/credits/webhook.",
        )
    begin = None if since is None else parse_when(since, run.wiring.clock())
    with open_desk(run, env_file, mode, make_mirror=True) as desk, ExitStack() as stack:
        assert desk.archive is not None
        secret = signing_secret(run, desk.settings, desk.archive, write_env=write_env)
        if print_secret:
            _print_secret(run, secret)
        if forward_to is None:
            run.finish({"fingerprint": secret.fingerprint}, human=lambda _console: None)
        wanted = _wanted_types(tuple(types or ()), all_types)
        listener = _listener(desk, forward_to, wanted, secret, stack, as_json_lines, confirm)
        listener.poll_seconds = poll_seconds
        with goes_on("The same command again goes on after the last event that was accepted."):
            _announce(run, listener, listener.start(begin), secret)
            _forward(run, listener, tries if once else None)


def _forward(run: Run, listener: Listener, tries: int | None) -> None:
    """Forwards for ever, or with a number of tries what there is."""
    if tries is None:
        listener.run()
        return
    listener.run_once(tries)
    run.say(f"{listener.forwarded} events forwarded.")
    run.finish({"target": listener.target, "forwarded": listener.forwarded}, human=lambda _console: None)


def signing_secret(run: Run, settings: Settings, archive: Archive, *, write_env: bool) -> Secret:
    """The secret that deliveries are signed with: the configured one, else one of our own that stays the same.

    Errors: ConfigurationError where the env file cannot be written.
    """
    from creditctl.core.keys import Secret
    from creditctl.provisioning.secret_sinks import SETTING, EnvFileSink

    configured = settings.webhook_secrets
    if configured:
        if write_env:
            run.say(f"{SETTING} is set already, in {settings.source(SETTING)}; nothing was written.")
        return configured[0]
    made = "whsec_" + run.wiring.token(_SECRET_BYTES)
    secret = Secret(archive.keep_meta(_SECRET_KEY, made))
    if write_env:
        EnvFileSink(settings.folder / settings.env_file).store([secret])
        run.say(f"{SETTING}={secret} was written into {settings.env_file}; start the backend anew.")
    else:
        run.say(f"{SETTING} is not set: signing with a local secret {secret}, which the backend needs.")
        run.say("--print-secret prints it, --write-env writes it into the env file.")
    return secret


def _print_secret(run: Run, secret: Secret) -> None:
    """The one place that shows a secret, because that is what was asked for."""

    def human(_console: Console) -> None:
        run.wiring.stdout.write(secret.reveal() + "\n")

    run.finish({"webhook_secret": secret.reveal()}, human=human)


def _wanted_types(types: tuple[str, ...], all_types: bool) -> tuple[str, ...]:
    from creditctl.events.recipes import EVENT_TYPES

    if all_types:
        return ()
    return types or EVENT_TYPES


def _listener(
    desk: EventSession,
    url: str,
    types: tuple[str, ...],
    secret: Secret,
    stack: ExitStack,
    as_json_lines: bool,
    confirm: str | None,
) -> Listener:
    from creditctl.events.listen import Listener
    from creditctl.events.sending import post_signed
    from creditctl.events.target import read_endpoints, require_http_url, require_own_host
    from creditctl.stripe_api.delivery import DEFAULT_TIMEOUT_SECONDS

    require_http_url(url, "--forward-to")
    if desk.door.livemode:
        ours = [each.url for each in read_endpoints(desk.door.client)]
        own = desk.settings.webhook_url
        require_own_host(url, ours=[*ours, own], account=desk.door.account_id, confirm=confirm)
    assert desk.archive is not None
    name = hashlib.sha256(url.encode()).hexdigest()[:8]
    stack.enter_context(desk.archive.lock(f"listen-{name}", f"Listening for {url}"))
    wiring = desk.run.wiring
    http = stack.enter_context(wiring.http_client(url, timeout_seconds=DEFAULT_TIMEOUT_SECONDS))
    return Listener(
        client=desk.door.client,
        archive=desk.archive,
        target=url,
        types=types,
        deliver=post_signed(http, url, secret, wiring.clock),
        clock=wiring.clock,
        sleep=wiring.sleep,
        observer=Printer(desk.run, url, as_json_lines),
    )


def _announce(run: Run, listener: Listener, since: int | None, secret: Secret) -> None:
    begin = "from now on" if since is None else f"from {iso_time(since)} on"
    run.say(f"Ready. Forwarding events {begin} to {listener.target}, signed with {secret} (Ctrl-C stops it).")


@dataclass
class Printer:
    """Prints each delivery as `stripe listen` does; as JSON lines on request, and on stderr beside a JSON document."""

    run: Run
    url: str
    as_json_lines: bool

    def sending(self, record: EventRecord) -> None:
        """The line with the arrow out."""
        self._line(f"  --> {record.type} [{record.id}]")

    def answered(self, record: EventRecord, answer: DeliveryResult, wait_seconds: float | None) -> None:
        """The line with the arrow back, and when it is tried again."""
        if self.as_json_lines:
            write_line(self.run, self._row(record, answer))
        status = "ERR" if answer.status is None else str(answer.status)
        self._line(f" <--  [{status}] POST {self.url} [{record.id}]")
        if wait_seconds is not None:
            reason = answer.error or f"it answered {answer.status}"
            self.run.say(f"       not accepted ({reason}); it is tried again in {wait_seconds:.0f} s")

    def stripe_away(self, error: Unreachable, wait_seconds: float) -> None:
        """Stripe did not answer."""
        self.run.say(f"{error.message} Trying again in {wait_seconds:.0f} s.")

    def forgotten(self, since: int, until: int) -> None:
        """What lies too far back."""
        self.run.say(
            f"Stripe no longer lists events before {iso_time(until)}: of those since {iso_time(since)}, only what "
            "`creditctl events archive` kept is forwarded. `creditctl reconcile` finds payments that are missing."
        )

    def _line(self, text: str) -> None:
        from creditctl.cli.render.events import stamp

        line = f"{stamp(self.run.wiring.clock())} {text}"
        if self.as_json_lines or self.run.as_json:
            self.run.say(line)
            return
        self.run.out.print(line, soft_wrap=True)
        self.run.wiring.stdout.flush()

    def _row(self, record: EventRecord, answer: DeliveryResult) -> dict[str, Any]:
        return {
            "at": self.run.wiring.clock(),
            "event": record.id,
            "type": record.type,
            "status": answer.status,
            "error": answer.error,
            "accepted": answer.accepted,
        }
