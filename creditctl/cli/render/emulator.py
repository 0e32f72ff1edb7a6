"""Answers of the `creditctl emulator` commands for people: cards, deliveries, faults, the clock, paid sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from creditctl.cli.output import Answer
from creditctl.cli.render.table import Table, show_table
from creditctl.core.money import format_amount
from creditctl.core.when import iso_time

if TYPE_CHECKING:
    from creditctl.cli.console import Console

DELIVERIES_NEXT = "Next: creditctl emulator deliveries"
Report = Mapping[str, Any]


def money(report: Report) -> str:
    """`$10.00`: the amount of a refund, a dispute or a payout."""
    return format_amount(report["amount"], report["currency"])


def clock_line(report: Report) -> str:
    """The emulator's time, and how far it is from this machine's."""
    return f"The emulator's time is {iso_time(report['now'])}, {report['offset_seconds']:+,} s from this machine's."


def fault_line(rule: Report) -> str:
    """One fault for people: only what narrows it down is said."""
    said = [f"{name} {rule[name]}" for name in ("method", "path", "event") if rule[name] != "*"]
    said += [f"{name} {rule[name]}" for name in ("object", "user") if rule[name] is not None]
    said += [f"status {rule['status']}"] if rule["kind"] in ("status", "refuse") else []
    said += [f"{rule['seconds']:g} s"] if rule["seconds"] else []
    said += [f"at most {rule['count']} times"] if rule["count"] is not None else []
    said += [f"probability {rule['probability']:g}"] if rule["probability"] < 1 else []
    return f"#{rule['id']} {rule['kind']}" + "".join(f", {part}" for part in said) + f" (struck {rule['hits']} times)"


def hold_lines(hold: Report) -> list[str]:
    """One hold for people, and what it keeps."""
    event = "" if hold["event"] == "*" else f", {hold['event']}"
    bound = f"object {hold['object']}" if hold["object"] else f"user {hold['user']}"
    return [f"#{hold['id']} {bound}{event}: keeps {len(hold['held'])}", *map(held_line, hold["held"])]


def held_line(entry: Report) -> str:
    """One delivery of a hold."""
    return f"  {entry['delivery']}  {entry['type']}  {entry['event']} to {entry['endpoint']}"


def session_answer(report: Report) -> Answer:
    """A checkout session after somebody tried to pay it, and what to do next."""
    return Answer.lines(report, *_session_lines(report))


def _session_lines(report: Report) -> list[str]:
    session = report["session"]
    if report["needs_authentication"]:
        return [
            f"{session} waits for 3D Secure: nothing is paid yet.",
            f"Next: creditctl emulator authenticate {session} (or with --fail)",
        ]
    if report["status"] == "open":
        return [
            f"{session} is not paid: it is still open.",
            f"Next: creditctl emulator pay {session} --card 4242424242424242",
        ]
    total = format_amount(report["amount_total"], report["currency"])
    payment = f" by {report['payment_intent']}" if report["payment_intent"] else ""
    said = f"{session} is {report['status']}, {report['payment_status']}: {total}{payment}."
    if report["payment_status"] == "unpaid":
        return [
            f"{said} The bank answers in a few seconds of the emulator's time.",
            f"Next: creditctl emulator advance 5s --object {session}",
        ]
    return [said, DELIVERIES_NEXT]


def cards_answer(rows: Sequence[Report]) -> Answer:
    """The test cards, by number."""

    def human(console: Console) -> None:
        show_table(console, _card_table(rows))
        console.print("Next: creditctl emulator pay cs_… --card NUMBER")

    return Answer({"cards": rows}, human)


def _card_table(rows: Sequence[Report]) -> Table:
    table = Table(("Number", "Brand", "What happens", "Tokens"))
    for row in rows:
        number = " ".join(row["number"][place : place + 4] for place in range(0, len(row["number"]), 4))
        table.add(number, row["brand"], _effect(row), " ".join(row["tokens"]))
    return table


def _effect(row: Report) -> str:
    if row["decline_code"]:
        return f"declines: {row['decline_code']}"
    parts = ["asks for 3D Secure" if row["challenge"] else "pays"]
    parts += [f"then disputes: {row['dispute']}"] if row["dispute"] else []
    parts += [f"refunds: {row['refund']}"] if row["refund"] else []
    return ", ".join(parts)


def deliveries_answer(rows: Sequence[Report], made_due: int | None) -> Answer:
    """The delivery log. Shape: `made_due` is None where nobody asked for a retry or a flush."""

    def human(console: Console) -> None:
        if made_due is not None:
            console.print(f"Made due now: {made_due}.")
        if rows:
            show_table(console, _delivery_table(rows))
        else:
            console.print("No delivery yet: is an endpoint registered?")
        console.print("Send one again: creditctl emulator deliveries --retry NUMBER")

    return Answer({"made_due": made_due or 0, "deliveries": rows}, human)


def _delivery_table(rows: Sequence[Report]) -> Table:
    table = Table(("#", "Event", "Type", "To", "State", "Attempts"), right=frozenset({"#"}))
    for row in rows:
        answers = [str(attempt["status"] or attempt["error"]) for attempt in row["attempts"]]
        waits = f" until {iso_time(row['due'])}" if row["state"] == "pending" else ""
        cells = (str(row["id"]), row["event"], row["type"] or "", row["endpoint"], row["state"] + waits)
        table.add(*cells, ", ".join(answers) or "none yet")
    return table
