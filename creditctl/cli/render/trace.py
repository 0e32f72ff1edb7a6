"""A trace for people: one line a thing, the first missing one marked, then what to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.render.events import stamp

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.trace.timeline import Line, PaymentTrace, Trace


def render(console: Console, trace: Trace) -> None:
    """Prints every payment of a trace, and what could not be seen."""
    for payment in trace.payments:
        _payment(console, payment)
    for sentence in trace.unseen:
        console.print(f"Not seen: {sentence}.", style="yellow")


def _payment(console: Console, payment: PaymentTrace) -> None:
    console.print(f"Payment {payment.key}", style="bold")
    for line in payment.lines:
        style = "bold red" if line.source == "missing" else None
        console.print(_text(line), style=style, soft_wrap=True)
    missing = payment.diagnosis.missing
    if missing is None:
        console.print(payment.diagnosis.note)
    elif missing.command:
        # What a finding says to do is a sentence that has its commands in it, and perhaps a choice between them.
        advice = missing.command if "`" in missing.command else f"`{missing.command}`"
        console.print(f"Next: {advice}", soft_wrap=True)
    else:
        console.print("There is nothing to do about it here.")
    console.print()


def _text(line: Line) -> str:
    source = "MISSING" if line.source == "missing" else line.source
    balance = "" if line.balance is None else f"; balance {line.balance:,}"
    return f"{stamp(line.at)}  {source:<9} {line.text}{balance}"
