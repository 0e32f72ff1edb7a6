"""Table of all commands: name, heading, help line, and the function that carries it out, imported when it runs.

The help line is the first paragraph of the function's docstring (a test compares them), so that help imports nothing.
"""

from __future__ import annotations

from creditctl.cli.command_line.entry import CommandEntry

_CHECKLIST = (
    CommandEntry(
        "attest",
        "Attest",
        "Vouch for an item that no call can prove; another account, deployment, endpoint or catalogue opens it again.",
        "creditctl.cli.checks.attest:attest",
    ),
    CommandEntry(
        "attestations",
        "Attest",
        "List what was vouched for, by whom, until when, and whether it still counts.",
        "creditctl.cli.checks.attest:attestations",
    ),
    CommandEntry(
        "revoke",
        "Attest",
        "Take an attestation back; the item is open again, and both stay in the ledger.",
        "creditctl.cli.checks.attest:revoke",
    ),
)

_ENV = (
    CommandEntry(
        "check",
        "Commands",
        "Judge backend file, frontend file and process environment: exit 0 when nothing is wrong, 1 with findings.",
        "creditctl.cli.checks.env:check",
    ),
    CommandEntry(
        "init",
        "Commands",
        "Write a starter file with every setting explained, private, and ignored by git; never over an existing one.",
        "creditctl.cli.checks.env:init",
    ),
)

COMMANDS = (
    CommandEntry(
        "demo",
        "Begin",
        "Tell the whole story with a local Stripe: set-up, purchases, webhooks, refund, reconcile.",
        "creditctl.cli.local.demo:demo",
    ),
    CommandEntry("env", "Begin", "Check the env files and the process environment; write a starter.", "", _ENV),
    CommandEntry(
        "init",
        "Begin",
        "Write creditctl.toml and .env by asking, after a look at what Stripe sold; never over an existing file.",
        "creditctl.cli.project.init:init",
    ),
    CommandEntry(
        "status",
        "Begin",
        "Say where one stands: settings, mode, account, deployment, ledger, endpoint, last reconcile; and what next.",
        "creditctl.cli.project.status:status",
    ),
    CommandEntry(
        "packages",
        "Begin",
        "Show the packages: price, effective cost per credit, and the model cost that the price covers.",
        "creditctl.cli.packages:packages",
    ),
    CommandEntry(
        "setup",
        "Begin",
        "Create or repair products, prices and the webhook endpoint on Stripe, and capture the signing secret.",
        "creditctl.cli.setup:setup",
    ),
    CommandEntry(
        "webhooks",
        "Begin",
        "List, register, rotate, disable, enable, delete, probe endpoints.",
        "",
        "creditctl.cli.webhooks.table:ENTRIES",
    ),
    CommandEntry(
        "ledger",
        "Operate",
        "Read, prove, correct, copy and fill the ledger of credits.",
        "",
        "creditctl.cli.ledger.table:ENTRIES",
    ),
    CommandEntry(
        "events",
        "Operate",
        "See events, keep them, send them again, forward them, make them.",
        "",
        "creditctl.cli.events.table:ENTRIES",
    ),
    CommandEntry(
        "reconcile",
        "Operate",
        "Compare every payment on Stripe with the ledger. Exit 1 while anything disagrees, 5 if not all could be read.",
        "creditctl.cli.reconcile:reconcile",
    ),
    CommandEntry(
        "trace",
        "Find out",
        "Show one payment from Stripe, its events and the ledger, and the first thing that is missing.",
        "creditctl.cli.trace:trace",
    ),
    CommandEntry(
        "doctor",
        "Find out",
        "Look for the cause of the usual four problems: no events, no credits, bad signatures, wrong redirects.",
        "creditctl.cli.checks.doctor:doctor",
    ),
    CommandEntry(
        "checklist",
        "Find out",
        "Go through the production checklist: exit 0 when every required item holds, 1 until then.",
        "creditctl.cli.checks.checklist:checklist",
        _CHECKLIST,
    ),
    CommandEntry(
        "explain",
        "Find out",
        "Explain the code of an error, finding or check: what it means and what to do. Without one, list all.",
        "creditctl.cli.explain:explain",
    ),
    CommandEntry(
        "simulate",
        "Develop",
        "Play purchases, refunds, disputes, attacks and crashes against a credit backend.",
        "creditctl.cli.local.simulate:simulate",
    ),
    CommandEntry(
        "emulator",
        "Develop",
        "Run a local Stripe: no account, no network. Ctrl-C stops it. The commands below steer one that runs.",
        "creditctl.cli.emulator.server:emulator",
        "creditctl.cli.emulator.table:ENTRIES",
    ),
    CommandEntry(
        "stripe",
        "Develop",
        "Run the official Stripe CLI against the emulator; exit 4 when the API refused.",
        "creditctl.cli.stripe:stripe",
    ),
    CommandEntry(
        "serve",
        "Develop",
        "Run the reference credit backend: the credit API, the webhook and a storefront.",
        "creditctl.cli.serve:serve",
    ),
)
"""The whole command line, in the order of its help."""
