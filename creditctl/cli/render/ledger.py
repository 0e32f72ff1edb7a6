"""The ledger for people: balances, entries, findings and proofs as tables and sentences."""

from __future__ import annotations

import shlex
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditctl.cli.render.severity import STYLES
from creditctl.cli.render.table import Table, show_table
from creditctl.core.deployment import deployment_words
from creditctl.core.findings import Severity
from creditctl.core.money import format_amount
from creditctl.core.text import plural, printable
from creditctl.core.when import iso_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from creditctl.cli.console import Console
    from creditctl.core.entitlement.settlement import EntryDraft
    from creditctl.core.findings import Finding
    from creditctl.ledger.hashchain.violations import Verification
    from creditctl.ledger.models import Balance, Entry, Posting, Resolution, StoredFinding
    from creditctl.ledger.verification.anchors import AnchorFile
    from creditctl.payments.source.source_entry import SourceEntry

_MOST_SHOWN = 50
_MOST_NUMBERS = 10


def say(console: Console, line: str) -> None:
    """One sentence, with nothing in it that could steer the terminal."""
    console.print(printable(line, kept=""))


def draft_words(draft: EntryDraft) -> str:
    """What an entry does before it is written: credits, user, money and payment."""
    money = f", {format_amount(draft.amount, draft.currency)}" if draft.currency else ""
    payment = f", payment {draft.payment_key}" if draft.payment_key else ""
    return f"{draft.credits:+,} credits for user {draft.user_id}{money}{payment}"


def balance_row(balance: Balance) -> dict[str, Any]:
    """A balance as data."""
    return {"user_id": balance.user_id, "credits": balance.credits, "entries": balance.entries}


def balance(console: Console, user: str, credits: int | Decimal, known: bool) -> None:
    """One user's credits."""
    say(console, f"{user}: {credits:,} credits")
    if known:
        say(console, f"Next: `creditctl ledger history --user {shlex.quote(user)}` shows where they come from")
    else:
        say(console, "No entry names this user. Next: `creditctl ledger balance` lists those that are known")


def balances(console: Console, shown: Sequence[Balance], following: str | None) -> None:
    """A page of balances."""
    balance_rows(console, list(map(balance_row, shown)), following)


def balance_rows(console: Console, shown: Sequence[Mapping[str, Any]], following: str | None) -> None:
    """A page of balances as data."""
    table = Table(("User", "Credits", "Entries"), right=frozenset({"Credits", "Entries"}), title="Balances")
    for each in shown:
        table.add(each["user_id"], f"{Decimal(each['credits']):,}", f"{each['entries']:,}")
    show_table(console, table)
    if not shown:
        say(console, "Nobody has credits here.")
    if following is not None:
        after = shlex.quote(following)
        say(console, f"There are more. Next: `creditctl ledger balance --after {after}`, or --jsonl for all")
    else:
        say(console, "Next: `creditctl ledger history --user USER`")


def entries(console: Console, shown: Sequence[Entry], following: int | None) -> None:
    """A page of entries."""
    headings = ("Id", "Created", "User", "Kind", "Credits", "Amount", "Payment", "Note")
    table = Table(headings, right=frozenset({"Id", "Credits", "Amount"}), title="Entries")
    for each in shown:
        amount = format_amount(each.amount, each.currency) if each.currency else ""
        who = (str(each.id), iso_time(each.created), each.user_id, str(each.kind))
        table.add(*who, f"{each.credits:+,}", amount, each.payment_key or "", each.note or each.package or "")
    show_table(console, table)
    if following is not None:
        say(console, f"There are more. Next: the same with --after-id {following}, or --csv or --jsonl for all")
    else:
        say(console, f"{len(shown):,} entries. Next: `creditctl trace PAYMENT` tells one payment's whole story")


def source_rows(console: Console, shown: Sequence[SourceEntry], following: int | None) -> None:
    """A page of an application's own rows."""
    headings = ("Row", "Created", "User", "Kind", "Status", "Credits", "Amount", "Payment")
    table = Table(headings, right=frozenset({"Credits", "Amount"}), title="Rows of the application")
    for each in shown:
        amount = format_amount(each.amount, each.currency) if each.currency and each.stated_amount is not None else ""
        who = (each.name, iso_time(each.created), each.user_id, str(each.kind), each.status)
        table.add(*who, f"{Decimal(each.units) / each.scale:+,}", amount, each.payment_key or "")
    show_table(console, table)
    if following is not None:
        say(console, f"There are more. Next: the same with --after-id {following}, or --csv or --jsonl for all")
    else:
        say(console, f"{len(shown):,} rows. Next: `creditctl trace PAYMENT` tells one payment's whole story")


def begun(console: Console, path: Path, owner: Mapping[str, Any], *, written: str | None) -> None:
    """A new ledger, or one that got a name. Shape: `written` is the deployment that creditctl.toml names."""
    name, since, mode = owner["deployment"], owner["named_since"], "live" if owner["livemode"] else "test"
    whose = f"{owner['account']}, {mode} mode" + ("" if name is None else f", {deployment_words(name)}")
    if since is None:
        say(console, f"Began the ledger {path} for {whose}.")
    else:
        say(console, f"The ledger {path} is that of {whose}, since {iso_time(since)}.")
    if name is not None and written != name:
        say(console, f'Next: write `deployment = "{name}"` into creditctl.toml, and restart what has the ledger open.')
        return
    say(console, "Next: `creditctl ledger import FILE --dry-run` for what your application has, or `creditctl serve`")


def adjusted(console: Console, posting: Posting, key: str, after: int, problems: Sequence[Finding]) -> None:
    """What became of an adjustment."""
    entry = posting.entry
    for problem in problems:
        say(console, problem.message)
        say(console, problem.fix)
    if problems:
        return
    if posting.outcome == "exists":
        say(console, f"Entry {entry.id} adjusted that before, under the same key: nothing was written.")
    else:
        say(console, f"Entry {entry.id}: {entry.credits:+,} credits for user {entry.user_id}, key {key}.")
    user = shlex.quote(entry.user_id)
    say(console, f"{entry.user_id} has {after:,} credits. Next: `creditctl ledger history --user {user}`")


def plan(console: Console, planned: Mapping[str, Any]) -> None:
    """An adjustment that was not made."""
    user = planned["user_id"]
    say(console, f"Would post {planned['credits']:+,} credits for user {user}: {planned['reason']}")
    say(console, f"{user} has {planned['balance']:,} and would have {planned['balance_after']:,}.")
    say(console, "Nothing was written. Next: the same without --dry-run")


def findings(console: Console, found: Sequence[StoredFinding], status: str) -> None:
    """Findings, oldest first, each with what settles it."""
    for each in found[:_MOST_SHOWN]:
        finding = each.finding
        head = f"{each.id:>5} {finding.severity!s:8} {finding.code} {finding.subject}"
        console.print(printable(head, kept=""), style=STYLES[finding.severity])
        say(console, f"      {finding.message}")
        if each.status == "open":
            say(console, f"      fix: {finding.fix}")
        else:
            say(console, f"      {_settled_words(each)}: {each.reason}")
    if len(found) > _MOST_SHOWN:
        say(console, f"… and {len(found) - _MOST_SHOWN:,} more: `--json` shows all.")
    wanted = "" if status == "all" else f"{status} "
    if found:
        say(console, f"{len(found):,} {wanted}findings. Next: `creditctl ledger resolve ID --credit|--dismiss`")
    else:
        say(console, f"There are no {wanted}findings. Next: `creditctl reconcile`")


def _settled_words(found: StoredFinding) -> str:
    """How a finding was settled, and for how much where it was dismissed."""
    stake = None if found.dismissal is None else found.dismissal.stake
    worth = stake.words if stake is not None and (stake.credits or stake.amount) else ""
    return f"{found.status} at {worth}" if worth and found.status == "dismissed" else str(found.status)


def resolved(console: Console, settled: Resolution, after: int | None) -> None:
    """How a finding was settled."""
    finding, posting = settled.finding, settled.posting
    say(console, f"Finding {finding.id} is {_settled_words(finding)}: {finding.reason}")
    if finding.dismissal is not None and posting is None:
        say(console, "It is open again as soon as a run finds more at stake.")
    if posting is not None:
        entry = posting.entry
        known = " (it was there already)" if posting.outcome == "exists" else ""
        say(console, f"Entry {entry.id}: {entry.credits:+,} credits for user {entry.user_id}{known}.")
        say(console, f"{entry.user_id} has {after:,} credits.")
    say(console, "Next: `creditctl ledger findings` shows what is left")


def dismissed(console: Console, settled: Sequence[Resolution], reason: str) -> None:
    """How several findings were settled."""
    numbers = ", ".join(str(each.finding.id) for each in settled[:_MOST_NUMBERS])
    more = f" and {len(settled) - _MOST_NUMBERS:,} more" if len(settled) > _MOST_NUMBERS else ""
    shown = f" ({numbers}{more})" if settled else ""
    say(console, f"{plural(len(settled), 'finding')} dismissed{shown}: {reason}")
    say(console, "Next: `creditctl ledger findings` shows what is left")


def exported(console: Console, path: Path, count: int) -> None:
    """A file that was written."""
    say(
        console,
        f"Wrote {count:,} entries to {path}. Next: `creditctl ledger verify` prints the head that belongs to it",
    )


def verification(
    console: Console,
    found: Verification,
    path: Path,
    expected: str | None,
    kept: AnchorFile | None = None,
    notes: Sequence[Finding] = (),
) -> None:
    """What verifying found."""
    verification_faults(console, found)
    for note in notes:
        say(console, f"{note.severity} {note.code}: {note.message}")
    say(console, f"{path}: {found.head.count:,} entries, head {found.head.hash}")
    say(console, _verdict(found, expected, kept))


def verification_faults(console: Console, found: Verification) -> None:
    """The faults, a line each."""
    for fault in found.faults[:_MOST_SHOWN]:
        console.print(
            printable(f"critical ledger.{fault.kind}: {fault.message}", kept=""),
            style=STYLES[Severity.CRITICAL],
        )
    if len(found.faults) > _MOST_SHOWN:
        say(console, f"… and {len(found.faults) - _MOST_SHOWN:,} more: `--json` shows all.")


def anchored(console: Console, found: Verification, path: Path, notes: Sequence[Finding]) -> None:
    """An anchor that was added, or why none was."""
    verification_faults(console, found)
    for note in notes:
        say(console, f"{note.severity} {note.code}: {note.message}")
    if found.ok:
        say(console, f"Anchored {found.head.count:,} entries, head {found.head.hash}")
        say(
            console,
            f"Next: `creditctl ledger verify --anchor {shlex.quote(str(path))}` proves that nothing before was changed",
        )
    else:
        say(console, "Nothing was added: the ledger is not as it was written. Next: compare it with a backup")


def _verdict(found: Verification, expected: str | None, kept: AnchorFile | None) -> str:
    if not found.ok:
        return "The ledger is not as it was written. Next: compare with a backup, then `creditctl reconcile`"
    if kept is not None:
        return f"The ledger is whole and holds all {plural(len(kept.anchors), 'anchor')}."
    if expected is not None:
        return "The ledger is whole and holds the expected head. Next: keep the new head"
    return "The ledger is whole. Next: `creditctl ledger anchor FILE` keeps the head elsewhere, so that a cut is proven"


def backup(console: Console, path: Path, found: Verification) -> None:
    """A copy that was made."""
    say(console, f"Copied {found.head.count:,} entries to {path}, head {found.head.hash}")
    if found.ok:
        copy = shlex.quote(str(path))
        say(console, f"The copy's chain is whole. Next: `creditctl ledger verify --ledger {copy}` proves it again")
    else:
        say(console, "The copy is faulty, as the ledger is. Next: `creditctl ledger verify`")
