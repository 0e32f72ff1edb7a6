"""Table of the `creditctl events` commands: name, heading, help line, and the function imported when it runs."""

from __future__ import annotations

from creditctl.cli.command_line.entry import CommandEntry

ENTRIES = (
    CommandEntry(
        "list",
        "Look",
        "List events, newest first: those of the last thirty days from Stripe, older ones from the archive.",
        "creditctl.cli.events.list_events:list_events",
    ),
    CommandEntry(
        "show",
        "Look",
        "Show one event: what it is about, what our ledger did with it, and the whole body.",
        "creditctl.cli.events.show:show",
    ),
    CommandEntry(
        "archive",
        "Look",
        "Keep every event beside the ledger, for after Stripe's thirty days. For cron; exit 1 when events were lost.",
        "creditctl.cli.events.archive:archive",
    ),
    CommandEntry(
        "replay",
        "Deliver",
        "Send past events again, in order, freshly signed. The same command continues a replay that was interrupted.",
        "creditctl.cli.events.replay:replay",
    ),
    CommandEntry(
        "listen",
        "Deliver",
        "Forward new events to a local backend: no login, no Stripe CLI, no public URL. Ctrl-C stops it.",
        "creditctl.cli.events.listen:listen",
    ),
    CommandEntry(
        "trigger",
        "Deliver",
        "Make a real event by doing the real thing: a purchase, its refund, its dispute. Never in live mode.",
        "creditctl.cli.events.trigger:trigger",
    ),
)
