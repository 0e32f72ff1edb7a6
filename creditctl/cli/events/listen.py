"""`creditctl events listen`: forwards new events to a local backend, as `stripe listen` does, with only the key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, Writes, command
from creditctl.cli.events.delivery_target import kept_name, named_url
from creditctl.cli.events.event_filter import JsonLinesOption, TypeOption
from creditctl.cli.events.session import goes_on, kept_archive, open_files
from creditctl.cli.forms import require_one_form, write_line
from creditctl.cli.options import ConfirmOption, SinceOption
from creditctl.core.errors import UsageError
from creditctl.core.when import iso_time, parse_when

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.cli.output import Conversation
    from creditctl.core.errors import Unreachable
    from creditctl.core.keys import Secret
    from creditctl.events.listen import Listener
    from creditctl.events.sending import Send
    from creditctl.ledger.archive.models import EventRecord
    from creditctl.stripe_api.delivery import DeliveryResult

ForwardToOption = Annotated[str | None, typer.Option("--forward-to", help="Where to deliver events.", metavar="URL")]
CaFileOption = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        help="Trust the certificates of this PEM file too, for a local https:// backend.",
        metavar="FILE",
        show_default="SSL_CERT_FILE",
    ),
]
_SECRET_BYTES = 24
_SECRET_KEY = "listen_secret"  # noqa: S105 - the name under which it is kept


@command(stripe=StripeUse.REQUIRED, ledger=FileUse.IF_THERE, archive=FileUse.CREATE, writes=Writes.FILES, webhook=True)
def listen(
    session: Session,
    forward_to: ForwardToOption = None,
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
    ca_file: CaFileOption = None,
    confirm: ConfirmOption = None,
) -> Answer:
    """Forward new events to a local backend: no login, no Stripe CLI, no public URL. Ctrl-C stops it.

    It goes on where it last stopped for the same URL. An event that is refused is tried again until it is accepted, and
    holds up no other; a backend that does not answer is waited for.
    """
    require_one_form(session, jsonl=as_json_lines)
    if forward_to is None and not (print_secret or write_env):
        raise UsageError(
            "Nothing says where to forward to.",
            code="events.no_target",
            fix="For example --forward-to http://127.0.0.1:8000/api/credits/webhook.",
        )
    begin = None if since is None else parse_when(since, session.wiring.clock())
    open_files(session)
    secret = signing_secret(session, write_env=write_env)
    if print_secret:
        return _secret_answer(session, secret)
    if forward_to is None:
        return Answer({"fingerprint": secret.fingerprint})
    url = named_url(session, forward_to, "--forward-to", confirm=confirm)
    send = _sender(session, url, secret, ca_file)
    listener = _listener(session, url, _wanted_types(types, all_types), send, as_json_lines=as_json_lines)
    listener.poll_seconds = poll_seconds
    with goes_on("The same command again goes on after the last event that was accepted."):
        _announce(session, listener, listener.start(begin), secret)
        return _forward(session, listener, tries if once else None)


def _forward(session: Session, listener: Listener, tries: int | None) -> Answer:
    """Forwards until Ctrl-C, or with a number of tries what there is."""
    if tries is None:
        listener.run()
        return Answer.streamed()
    listener.run_once(tries)
    session.say(f"{listener.forwarded} events forwarded.")
    return Answer({"target": listener.target, "forwarded": listener.forwarded})


def signing_secret(session: Session, *, write_env: bool) -> Secret:
    """The secret that deliveries are signed with: the configured one, else one of our own that stays the same.

    Errors: ConfigurationError where the env file cannot be written.
    """
    from creditctl.core.keys import Secret
    from creditctl.provisioning.secret_sinks import SETTING, EnvFileSink

    settings = session.settings
    configured = settings.webhook_secrets
    if configured:
        if write_env:
            session.say(f"{SETTING} is set already, in {settings.source(SETTING)}; nothing was written.")
        return configured[0]
    made = "whsec_" + session.wiring.token(_SECRET_BYTES)
    secret = Secret(kept_archive(session).keep_meta(_SECRET_KEY, made))
    if write_env:
        EnvFileSink(settings.folder / settings.env_file, settings.api_key.secret).store([secret])
        session.say(f"{SETTING}={secret} was written into {settings.env_file}; start the backend anew.")
    else:
        session.say(f"{SETTING} is not set: signing with a local secret {secret}, which the backend needs.")
        session.say("--print-secret prints it, --write-env writes it into the env file.")
    return secret


def _secret_answer(session: Session, secret: Secret) -> Answer:
    """The one place that shows a secret, because that is what was asked for."""

    session.wiring.redactor.release(secret.reveal())

    def human(_console: Console) -> None:
        session.wiring.stdout.write(secret.reveal() + "\n")

    return Answer({"webhook_secret": secret.reveal()}, human)


def _wanted_types(types: list[str] | None, all_types: bool) -> tuple[str, ...]:
    """The types that are forwarded; none named means every type."""
    from creditctl.events.recipes import EVENT_TYPES

    if all_types:
        return ()
    return tuple(types or EVENT_TYPES)


def _sender(session: Session, url: str, secret: Secret, ca_file: Path | None) -> Send:
    """How one event is sent. Errors: ConfigurationError where the certificates cannot be read."""
    from creditctl.events.sending import post_signed
    from creditctl.stripe_api.delivery import DEFAULT_TIMEOUT_SECONDS

    wiring = session.wiring
    opened = wiring.http_client(url, timeout_seconds=DEFAULT_TIMEOUT_SECONDS, ca_file=ca_file)
    return post_signed(session.stack.enter_context(opened), url, secret, wiring.clock)


def _listener(session: Session, url: str, types: tuple[str, ...], send: Send, *, as_json_lines: bool) -> Listener:
    from creditctl.events.listen import Listener

    wiring, archive = session.wiring, kept_archive(session)
    name = hashlib.sha256(url.encode()).hexdigest()[:8]
    session.stack.enter_context(archive.lock(f"listen-{name}", f"Listening for {url}"))
    return Listener(
        client=session.stripe.client,
        archive=archive,
        target=kept_name(session, url),
        types=types,
        deliver=send,
        clock=wiring.clock,
        sleep=wiring.sleep,
        observer=Printer(session, url, as_json_lines),
    )


def _announce(session: Session, listener: Listener, since: int | None, secret: Secret) -> None:
    begin = "from now on" if since is None else f"from {iso_time(since)} on"
    session.say(f"Ready. Forwarding events {begin} to {listener.target}, signed with {secret} (Ctrl-C stops it).")


@dataclass
class Printer:
    """Prints each delivery as `stripe listen` does; as JSON lines on request, and on stderr beside a JSON document."""

    said: Conversation
    url: str
    as_json_lines: bool

    def sending(self, record: EventRecord) -> None:
        """The line with the arrow out."""
        self._line(f"  --> {record.type} [{record.id}]")

    def answered(self, record: EventRecord, answer: DeliveryResult, wait_seconds: float | None) -> None:
        """The line with the arrow back, and when it is tried again."""
        if self.as_json_lines:
            write_line(self.said, self._row(record, answer))
        status = "ERR" if answer.status is None else str(answer.status)
        self._line(f" <--  [{status}] POST {self.url} [{record.id}]")
        if wait_seconds is not None:
            reason = answer.told if answer.error else f"it answered {answer.status}"
            self.said.say(f"       not accepted ({reason}); it is tried again in {wait_seconds:.0f} s")

    def stripe_away(self, error: Unreachable, wait_seconds: float) -> None:
        """Stripe did not answer."""
        self.said.say(f"{error.message} Trying again in {wait_seconds:.0f} s.")

    def forgotten(self, since: int, until: int) -> None:
        """What lies too far back."""
        self.said.say(
            f"Stripe no longer lists events before {iso_time(until)}: of those since {iso_time(since)}, only what "
            "`creditctl events archive` kept is forwarded. `creditctl reconcile` finds payments that are missing."
        )

    def _line(self, text: str) -> None:
        from creditctl.cli.render.events import stamp

        line = f"{stamp(self.said.wiring.clock())} {text}"
        if self.as_json_lines or self.said.as_json:
            self.said.say(line)
            return
        self.said.out.print(line, soft_wrap=True)
        self.said.wiring.stdout.flush()

    def _row(self, record: EventRecord, answer: DeliveryResult) -> dict[str, Any]:
        return {
            "at": self.said.wiring.clock(),
            "event": record.id,
            "type": record.type,
            "status": answer.status,
            "error": answer.error,
            "accepted": answer.accepted,
        }
