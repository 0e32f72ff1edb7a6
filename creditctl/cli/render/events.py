"""Events, archives and replays for people."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from creditctl.cli.render.table import Table, show_table
from creditctl.core.when import iso_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from creditctl.cli.console import Console
    from creditctl.events.archive import ArchiveReport
    from creditctl.events.replay import ReplayReport


def stamp(moment: int) -> str:
    """A moment as `stripe listen` prints it, in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def event_line(row: Mapping[str, Any]) -> str:
    """One event of a list."""
    pending = row.get("pending_webhooks")
    state = f"  ({pending} pending)" if pending else ""
    return f"{stamp(row['created'])}  {row['type']:<40} {row['id']}  {row['about']}{state}"


def end_of_list(console: Console, count: int, more: bool) -> None:
    """The last line of a list: how many there were, and whether there may be more."""
    if not count:
        console.print("No event matches. Stripe lists thirty days; `creditctl events archive` keeps more from now on.")
        return
    tail = "there may be more: raise --limit" if more else "that is all"
    console.print(f"{count:,} events, {tail}. Next: `creditctl events show evt_…`")


def show(console: Console, report: Mapping[str, Any]) -> None:
    """One event: what it is about, what our ledger did with it, and the whole body."""
    event = report["event"]
    console.print(f"{event['id']}  {event['type']}  {iso_time(event['created'])}", style="bold")
    console.print(event["about"])
    console.print(f"read from {report['source']}; endpoints that have not accepted it: {_pending(event)}")
    for line in ledger_lines(report):
        console.print(f"  {line}")
    console.print(json.dumps(report["body"], indent=2, ensure_ascii=False), soft_wrap=True)
    console.print(f"Next: `creditctl trace {event['id']}`, `creditctl events replay {event['id']}`")


def ledger_lines(report: Mapping[str, Any]) -> list[str]:
    """What our ledger did with an event."""
    if report["deliveries"] is None:
        return ["ledger: there is none here; what the application did with it cannot be seen"]
    lines = [
        f"ledger: delivery of {iso_time(each['received'])}: {each['outcome']}"
        + (f" ({each['reason']})" if each["reason"] else "")
        for each in report["deliveries"]
    ]
    lines += [
        f"ledger: entry {each['id']}: {each['kind']} of {each['credits']:+,} credits for user {each['user_id']}"
        for each in report["entries"]
    ]
    lines += [f"ledger: finding {each['id']} {each['code']} ({each['status']})" for each in report["findings"]]
    return lines or ["ledger: no delivery of this event was logged, and no entry came of it"]


def _pending(event: Mapping[str, Any]) -> str:
    pending = event["pending_webhooks"]
    return "not known" if pending is None else str(pending)


def archive(console: Console, report: ArchiveReport) -> None:
    """What an archive run did."""
    resumed = "; an interrupted run was finished first" if report.resumed else ""
    console.print(f"{report.added:,} new of {report.read:,} events read{resumed}.")
    if report.span is not None:
        first, last = iso_time(report.span[0]), iso_time(report.span[1])
        console.print(f"The archive holds {report.kept:,} events from {first} to {last}.")
    if report.removed:
        console.print(f"{report.removed:,} older ones were removed ([archive] keep_days).")
    for gap in report.gaps:
        lost = f"{iso_time(gap.since)} to {iso_time(gap.until)}"
        console.print(f"GAP {lost}: Stripe no longer lists what happened then.", style="bold red")
    console.print("Next: run it from cron, daily; `creditctl events replay` sends what is kept.")


def replay(console: Console, report: ReplayReport) -> None:
    """What each event of a replay answered, and what the ledger gained."""
    if report.results:
        show_table(console, _replay_table([result.as_dict() for result in report.results]))
    counts = ", ".join(f"{report.count(state)} {state}" for state in ("accepted", "failed", "skipped"))
    gained = "the ledger cannot be seen from here" if report.credits is None else f"{report.credits:+,} credits"
    console.print(f"{counts}; {gained}.")
    console.print(_next_of_replay(report))


def _next_of_replay(report: ReplayReport) -> str:
    if report.left and report.stopped:
        return f"Stopped by {report.stopped}; {report.left:,} are left. Next: the same command again goes on there."
    if report.left:
        return f"Left to be sent: {report.left:,}. Next: look at the backend's log, then the same command again."
    return "Nothing is left. Next: `creditctl reconcile`"


def _replay_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    headings = ("Type", "Event", "Answer", "Ledger", "Credits")
    table = Table(headings, right=frozenset({"Credits"}), title="Replay, in order")
    for row in rows:
        credits = row["credits"]
        answer = f"{row['state']} {row['answer']}" if row["state"] == "accepted" else row["state"]
        gained = "" if credits is None else f"{credits:+,}"
        table.add(row["type"], row["event"], answer, row["outcome"] or "", gained)
    return table


def plan(console: Console, report: Mapping[str, Any]) -> None:
    """What a replay would send."""
    for row in report["deliveries"]:
        console.print(f"{row['state']:<8} {event_line(row)}", soft_wrap=True)
    sent = sum(row["state"] == "send" for row in report["deliveries"])
    console.print(f"{sent} deliveries to {report['target']}; nothing was sent.")
    if report["left"]:
        console.print(f"{report['left']:,} more match: raise --limit, or run the command again afterwards.")
    console.print("Next: the same command without --dry-run")
