"""`creditctl events replay`: past events sent again, in order, freshly signed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.events.read import require_archive
from creditctl.cli.events.session import (
    ArchiveOption,
    EventFilter,
    EventSession,
    ObjectOption,
    TypeOption,
    UndeliveredOption,
    UserOption,
    goes_on,
    open_desk,
    scratch_mirror,
)
from creditctl.cli.guard import asker
from creditctl.cli.options import (
    ConfirmOption,
    DryRunOption,
    EnvFileOption,
    JsonOption,
    ModeOption,
    SinceOption,
    UntilOption,
)
from creditctl.cli.output import Run, start
from creditctl.cli.progress import progress
from creditctl.core.errors import ExitCode, UsageError
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.core.modes import Mode
    from creditctl.events.replay import ReplayPolicy, ReplayReport, ReplayResult
    from creditctl.events.sending import Send
    from creditctl.events.target import Endpoint
    from creditctl.ledger.archive.models import EventRecord
    from creditctl.ledger.archive.store import Archive


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What the operator asked for."""

    ids: tuple[str, ...]
    filter: EventFilter
    to: str | None
    via_stripe: bool
    archive: bool
    restart: bool
    mode: Mode | None
    confirm: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a replay goes. Shape: `endpoint` is None for a URL that was named; `name` is shown and remembered."""

    name: str
    url: str
    endpoint: Endpoint | None


def replay(
    ctx: typer.Context,
    event_ids: Annotated[
        list[str] | None, typer.Argument(help="Events; without any, a filter has to be given.", metavar="EVENT")
    ] = None,
    types: TypeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    undelivered: UndeliveredOption = False,
    about: ObjectOption = None,
    user: UserOption = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Another URL than the registered endpoint's.", metavar="URL")
    ] = None,
    via_stripe: Annotated[bool, typer.Option("--via-stripe", help="Let Stripe resend to the endpoint.")] = False,
    archive: ArchiveOption = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most this many deliveries in one run.")] = 100,
    rate: Annotated[float, typer.Option("--rate", min=0, help="Deliveries a second; 0 for no pause.")] = 5,
    skip_posted: Annotated[
        bool, typer.Option("--skip-posted", help="Leave out those whose entry is in the ledger already.")
    ] = False,
    max_failures: Annotated[int, typer.Option("--max-failures", min=1, help="Stop after this many failures.")] = 3,
    restart: Annotated[bool, typer.Option("--restart", help="Do not continue an interrupted replay.")] = False,
    dry_run: DryRunOption = False,
    confirm: ConfirmOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send past events again, in order, freshly signed. The same command continues a replay that was interrupted.

    Exit 1 when an event was not accepted or some are left, 5 when it stopped after too many failures.
    """
    from creditctl.events.replay import ReplayPolicy

    run = start(ctx, as_json=as_json)
    wanted = EventFilter(tuple(types or ()), since, until, about, user, undelivered)
    wish = ReplayOptions(tuple(event_ids or ()), wanted, to, via_stripe, archive, restart, mode, confirm)
    _require_sense(wish)
    terms = ReplayPolicy(limit, max_failures, 1 / rate if rate else 0, skip_posted, each_once=undelivered)
    with open_desk(run, env_file, mode, make_mirror=not dry_run) as desk:
        require_archive(desk, wanted, archive=archive)
        target = _target(desk, wish)
        if dry_run:
            _show_plan(desk, wish, target, terms)
        with goes_on("What was accepted is written down; the same command again goes on after it."):
            report = _play(desk, wish, target, terms)
    _finish_replay(run, report)


def _require_sense(wish: ReplayOptions) -> None:
    if not wish.ids and wish.filter.empty:
        raise UsageError(
            "Nothing says which events to replay.",
            code="events.nothing_chosen",
            fix="Name events, or filter: --since 36h, --undelivered, --type, --object, --user.",
        )
    if wish.ids and not wish.filter.empty:
        raise UsageError("Events are named or filtered, not both.", code="events.ids_and_filter", fix="Choose one.")
    if wish.to is not None and wish.via_stripe:
        raise UsageError(
            "Stripe resends to its endpoints only, not to a URL of --to.",
            code="events.to_and_stripe",
            fix="Leave --to or --via-stripe away.",
        )


def _target(desk: EventSession, wish: ReplayOptions) -> Target:
    """Where it goes, and whether it may. Errors: ConfigurationError, GuardRefused, UsageError."""
    from creditctl.events.target import read_endpoints, registered_endpoint, require_http_url, require_own_host

    settings, door = desk.settings, desk.door
    if wish.to is not None:
        url = require_http_url(wish.to, "--to")
        if door.livemode:
            ours = [each.url for each in read_endpoints(door.client)]
            require_own_host(url, ours=[*ours, settings.webhook_url], account=door.account_id, confirm=wish.confirm)
        return Target(url, url, None)
    endpoint = registered_endpoint(read_endpoints(door.client), settings.webhook_url)
    if endpoint is None:
        return _local_target(desk, wish)
    name = f"{endpoint.url} ({endpoint.id}, through Stripe)" if wish.via_stripe else endpoint.url
    return Target(name, endpoint.url, endpoint)


def _local_target(desk: EventSession, wish: ReplayOptions) -> Target:
    """Without an endpoint on Stripe: the backend of the settings, or else the one URL that was listened for.

    Errors: ConfigurationError where neither says it; always in live mode, where events belong to an endpoint.
    """
    from creditctl.events.target import unclear_target

    listened = desk.archive.forwards.targets() if desk.archive is not None else []
    url = desk.settings.webhook_url or (listened[0] if len(listened) == 1 else None)
    if url is None or wish.via_stripe or desk.door.livemode:
        raise unclear_target("Stripe knows no enabled endpoint of ours")
    return Target(url, url, None)


def _fingerprint(wish: ReplayOptions, target: Target, terms: ReplayPolicy) -> str:
    from creditctl.events.replay import fingerprint

    words = {"ids": sorted(wish.ids), "target": target.name, "archive": wish.archive, "skip": terms.skip_posted}
    return fingerprint({**wish.filter.as_dict(), **words})


def _choose(desk: EventSession, wish: ReplayOptions, archive: Archive) -> list[str]:
    """The ids of the events, in order."""
    from creditctl.events.selection import gather_named, select_events

    client = None if wish.archive else desk.door.client
    clock = desk.run.wiring.clock
    if wish.ids:
        return gather_named(client, archive, wish.ids, clock=clock)
    query, undelivered = desk.query(wish.filter), wish.filter.undelivered
    with progress(desk.run) as told:
        return select_events(client, archive, query, clock=clock, undelivered=undelivered, progress=told)


def _show_plan(desk: EventSession, wish: ReplayOptions, target: Target, terms: ReplayPolicy) -> None:
    """Prints what would be sent, and ends."""
    from creditctl.cli.render.events import plan
    from creditctl.events.event_view import EventView

    rows: list[dict[str, Any]] = []
    sent = 0
    with scratch_mirror(desk) as archive:
        known = _unfinished(desk, wish, target, terms, archive)
        left = None if known is None else [item.event_id for item in archive.replays.open_items(known)]
        chosen = _choose(desk, wish, archive) if left is None else left
        for event_id in chosen:
            record = archive.event(event_id)
            if record is None or sent >= terms.limit:
                break
            skipped = terms.skip_posted and _is_posted(desk, record)
            rows.append({**EventView(record).as_row(), "state": "skip" if skipped else "send"})
            sent += not skipped
    report = {"target": target.name, "deliveries": rows, "left": len(chosen) - len(rows)}
    desk.run.finish(report, human=lambda console: plan(console, report))


def _is_posted(desk: EventSession, record: EventRecord) -> bool:
    from creditctl.events.ledger_effect import is_posted

    if desk.ledger is None:
        return False
    with desk.ledger.reading() as view:
        return is_posted(record, view)


def _play(desk: EventSession, wish: ReplayOptions, target: Target, terms: ReplayPolicy) -> ReplayReport:
    from creditctl.events.replay import Replayer

    run, archive = desk.run, desk.archive
    assert archive is not None
    with ExitStack() as stack:
        send = _sender(desk, wish, target, stack)
        stack.enter_context(archive.lock("replay", "A replay"))
        number, resumed = _begin(desk, wish, target, terms, archive)
        replayer = Replayer(
            archive=archive,
            send=send,
            ledger=desk.ledger,
            clock=run.wiring.clock,
            sleep=run.wiring.sleep,
            tell=lambda result: _tell(run, result),
            watch=not wish.via_stripe,
        )
        return replayer.run(number, target.name, terms, resumed=resumed)


def _begin(
    desk: EventSession, wish: ReplayOptions, target: Target, terms: ReplayPolicy, archive: Archive
) -> tuple[int, bool]:
    """The replay to go on with, or a new one; and which of the two it is."""
    known = _unfinished(desk, wish, target, terms, archive)
    if known is not None:
        return known, True
    chosen = _choose(desk, wish, archive)
    desk.run.say(f"{len(chosen):,} events to {target.name}")
    key = _fingerprint(wish, target, terms)
    return archive.replays.begin(key, target.name, desk.run.wiring.clock(), chosen), False


def _unfinished(
    desk: EventSession, wish: ReplayOptions, target: Target, terms: ReplayPolicy, archive: Archive
) -> int | None:
    """The replay with the same wish that was interrupted, if it is to go on."""
    from creditctl.core.when import iso_time

    known = None if wish.restart else archive.replays.unfinished(_fingerprint(wish, target, terms))
    if known is None:
        return None
    number, began = known
    desk.run.say(f"Continuing replay {number} of {iso_time(began)}; --restart begins anew.")
    return number


def _sender(desk: EventSession, wish: ReplayOptions, target: Target, stack: ExitStack) -> Send:
    """How one event is sent. Errors: GuardRefused for an unconfirmed live write, ConfigurationError."""
    from creditctl.cli.guard import confirm_live_writes
    from creditctl.events.sending import post_signed, resend_by_stripe
    from creditctl.events.target import secret_for
    from creditctl.stripe_api.delivery import DEFAULT_TIMEOUT_SECONDS

    if wish.via_stripe and target.endpoint is not None:
        confirm_live_writes(desk.door, expected=wish.mode, confirm=wish.confirm, ask=asker(desk.run))
        return resend_by_stripe(desk.door.client, target.endpoint.id)
    secret = secret_for(desk.settings.webhook_secrets, target.endpoint)
    http = stack.enter_context(desk.run.wiring.http_client(target.url, timeout_seconds=DEFAULT_TIMEOUT_SECONDS))
    return post_signed(http, target.url, secret, desk.run.wiring.clock)


def _tell(run: Run, result: ReplayResult) -> None:
    if not run.as_json:
        answer = f"[{result.answer}]" if result.answer else ""
        run.say(f"{result.state:<9}{result.record.type} {result.record.id} {answer}")


def _finish_replay(run: Run, report: ReplayReport) -> None:
    from creditctl.cli.render.events import replay as render

    findings = [
        Finding(
            "events.not_accepted",
            Severity.HIGH,
            result.record.id,
            f"{result.record.type} {result.record.id} was not accepted: {result.answer}.",
            "Look at the backend's log, then run the same command again: it goes on there.",
        )
        for result in report.results
        if result.state == "failed"
    ]
    if report.left and not findings:
        findings.append(_left(report))
    code = ExitCode.OK if not report.left else ExitCode.FINDINGS
    if report.stopped_by_failures:
        code = ExitCode.UNREACHABLE
    run.finish(report.as_dict(), human=lambda console: render(console, report), findings=findings, exit_code=code)


def _left(report: ReplayReport) -> Finding:
    return Finding(
        "events.left",
        Severity.LOW,
        report.target,
        f"{report.left:,} events are still to be sent.",
        "Run the same command again: it goes on there.",
    )
