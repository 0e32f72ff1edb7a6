"""Table of the `creditctl emulator` commands: name, heading, help line, and the function imported when it runs."""

from __future__ import annotations

from creditctl.cli.command_line.entry import CommandEntry

ENTRIES = (
    CommandEntry(
        "pay",
        "The buyer",
        "Pay a checkout session that exists, with a test card or by a bank debit; a decline is exit 4.",
        "creditctl.cli.emulator.buyer:pay",
    ),
    CommandEntry(
        "decline",
        "The buyer",
        "Try to pay a session with a card that declines; the session stays open.",
        "creditctl.cli.emulator.buyer:decline",
    ),
    CommandEntry(
        "authenticate",
        "The buyer",
        "Pass (or fail) the 3D Secure challenge that a payment waits for.",
        "creditctl.cli.emulator.buyer:authenticate",
    ),
    CommandEntry(
        "expire",
        "The buyer",
        "Let a session expire now, as if its time had come.",
        "creditctl.cli.emulator.buyer:expire",
    ),
    CommandEntry("cards", "The buyer", "List the test cards and what each does.", "creditctl.cli.emulator.buyer:cards"),
    CommandEntry(
        "refund",
        "Seller and bank",
        "Refund a payment, in full or in part.",
        "creditctl.cli.emulator.bank:refund",
    ),
    CommandEntry(
        "dispute",
        "Seller and bank",
        "Open a dispute, or an inquiry, on a payment, also on one that was refunded.",
        "creditctl.cli.emulator.bank:dispute",
    ),
    CommandEntry(
        "settle",
        "Seller and bank",
        "End a dispute: won, lost, or an inquiry closed.",
        "creditctl.cli.emulator.bank:settle",
    ),
    CommandEntry(
        "fail",
        "Seller and bank",
        "Let the bank return a refund or a payout.",
        "creditctl.cli.emulator.bank:fail",
    ),
    CommandEntry("clock", "Time and trouble", "Show the emulator's time.", "creditctl.cli.emulator.clock:clock"),
    CommandEntry(
        "advance",
        "Time and trouble",
        "Move the emulator's clock forward: what falls due on the way (expiry, payouts, retries) happens.",
        "creditctl.cli.emulator.clock:advance",
    ),
    CommandEntry(
        "fault",
        "Time and trouble",
        "Order a fault of answers (status, latency, cut), deliveries (drop, duplicate, delay, …) or events (omit).",
        "creditctl.cli.emulator.faults:fault",
    ),
    CommandEntry(
        "faults",
        "Time and trouble",
        "List the faults in force and how often each has struck, or lift them.",
        "creditctl.cli.emulator.faults:faults",
    ),
    CommandEntry(
        "hold",
        "Time and trouble",
        "Keep back the deliveries about one object or user until `release` lets them go.",
        "creditctl.cli.emulator.holds:hold",
    ),
    CommandEntry(
        "holds",
        "Time and trouble",
        "List the holds and the deliveries that each keeps.",
        "creditctl.cli.emulator.holds:holds",
    ),
    CommandEntry(
        "release",
        "Time and trouble",
        "Let kept deliveries go, each after the first attempt of the one before has ended.",
        "creditctl.cli.emulator.holds:release",
    ),
    CommandEntry(
        "deliveries",
        "Time and trouble",
        "Show the delivery log, newest first: which event went where, and what came of each attempt.",
        "creditctl.cli.emulator.deliveries:deliveries",
    ),
    CommandEntry(
        "status",
        "The whole state",
        "Show what a running emulator is and holds.",
        "creditctl.cli.emulator.state:status",
    ),
    CommandEntry(
        "seed",
        "The whole state",
        "Make many past payments with sessions, charges, refunds and disputes, the same ones from the same number.",
        "creditctl.cli.emulator.state:seed",
    ),
    CommandEntry(
        "snapshot",
        "The whole state",
        "Copy the whole state, all accounts, into a new file.",
        "creditctl.cli.emulator.state:snapshot",
    ),
    CommandEntry(
        "restore",
        "The whole state",
        "Replace the whole state, all accounts, by a snapshot.",
        "creditctl.cli.emulator.state:restore",
    ),
    CommandEntry(
        "reset",
        "The whole state",
        "Forget everything: all accounts, objects, faults, deliveries, the clock.",
        "creditctl.cli.emulator.state:reset",
    ),
)
