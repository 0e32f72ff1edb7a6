"""Table of the `creditctl ledger` commands: name, heading, help line, and the function imported when it runs."""

from __future__ import annotations

from creditctl.cli.command_line.entry import CommandEntry

ENTRIES = (
    CommandEntry(
        "balance",
        "Read",
        "Show how many credits a user has, or all users page by page.",
        "creditctl.cli.ledger.balance:balance",
    ),
    CommandEntry(
        "history",
        "Read",
        "Show the entries, oldest first: who got or lost which credits, when, for which payment, and why.",
        "creditctl.cli.ledger.history:history",
    ),
    CommandEntry(
        "findings",
        "Read",
        "List what disagreed and was not credited. Exit 1 while one of those shown is open.",
        "creditctl.cli.ledger.findings:findings",
    ),
    CommandEntry(
        "verify",
        "Read",
        "Prove that the ledger is as it was written, and name every fault. Exit 6 if there is one.",
        "creditctl.cli.ledger.verify:verify",
    ),
    CommandEntry(
        "anchor",
        "Read",
        "Prove the ledger against the anchors in FILE, then add one line: how many entries, the head, and when.",
        "creditctl.cli.ledger.anchor:anchor",
    ),
    CommandEntry(
        "init",
        "Write",
        "Begin a ledger for one account and mode, read from Stripe, or said with --account and --livemode or --test.",
        "creditctl.cli.ledger.init:init",
    ),
    CommandEntry(
        "adjust",
        "Write",
        "Give or take credits by hand, as one more entry. A live ledger asks for --mode live and its account's id.",
        "creditctl.cli.ledger.adjust:adjust",
    ),
    CommandEntry(
        "resolve",
        "Write",
        "Settle a finding with a reason: credit what was paid for, or dismiss it.",
        "creditctl.cli.ledger.resolve:resolve",
    ),
    CommandEntry(
        "import",
        "Write",
        "Copy an application's own credit transactions into the ledger; run again, it goes on where it stopped.",
        "creditctl.cli.ledger.import_rows:import_rows",
    ),
    CommandEntry(
        "forget",
        "Write",
        "Remove what is kept of a user beside the ledger: events with their bodies, rows of a source, settled "
        "findings.",
        "creditctl.cli.ledger.forget:forget",
    ),
    CommandEntry(
        "export",
        "Copy",
        "Write every entry with every column, in order, as it stands in the ledger; one consistent view, streamed.",
        "creditctl.cli.ledger.export:export",
    ),
    CommandEntry(
        "backup",
        "Copy",
        "Copy the ledger as it is now, while others use it, and prove the copy's chain. Nothing is overwritten.",
        "creditctl.cli.ledger.backup:backup",
    ),
)
