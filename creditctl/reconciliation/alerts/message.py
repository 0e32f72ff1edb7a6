"""Alert message: one JSON shape for every receiver, its `text` as Slack and its like show it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from creditctl.core.findings import Severity
from creditctl.core.modes import Mode
from creditctl.core.text import cut_text, one_line, plural
from creditctl.core.when import iso_time
from creditctl.ledger.models import AlertKind, Sighting
from creditctl.payments.stakes import stakes_of
from creditctl.reconciliation.alerts.outbox import Claim

SCHEMA = "creditctl.alert.v1"
_MOST_IN_TEXT = 5
_MOST_IN_DOCUMENT = 20
_MOST_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class AlertContext:
    """Whose alert it is. Units: `now` in Unix seconds."""

    mode: Mode | None
    account: str
    deployment: str | None
    now: int

    @property
    def label(self) -> str:
        """What stands before everything else: nobody may take a test for money."""
        return "" if self.mode is Mode.LIVE else f"[{str(self.mode or 'not live').upper()} MODE] "

    @property
    def whose(self) -> str:
        """Account and deployment."""
        return self.account if self.deployment is None else f"{self.account} ({self.deployment})"


def alert_message(claim: Claim, by: AlertContext) -> dict[str, Any]:
    """The document that a receiver gets for what is new, or for all clear."""
    findings = _worst_first(claim.fresh)
    severities = _severities(claim.standing)
    stakes = stakes_of(each.as_finding() for each in claim.standing)
    lines = [f"All clear: nothing is open on {by.whose} any more."]
    if claim.kind is AlertKind.NEW:
        found = ", ".join(f"{count:,} {severity}" for severity, count in severities.items())
        at_stake = f"; {stakes.words} at stake" if stakes.words else ""
        head = f"{plural(len(findings), 'new finding')} on {by.whose}; open: {found}{at_stake}."
        lines = [head, *map(_line, findings[:_MOST_IN_TEXT]), *_rest(len(findings)), "Next: `creditctl reconcile`"]
    return {
        **_document(str(claim.kind), lines, by),
        "new": len(findings),
        "open": len(claim.standing),
        "severities": severities,
        "at_stake": stakes.as_dict(),
        "findings": [_as_dict(each) for each in findings[:_MOST_IN_DOCUMENT]],
    }


def _severities(standing: Sequence[Sighting]) -> dict[str, int]:
    counts = Counter(each.finding.severity for each in standing)
    return {str(severity): counts[severity] for severity in Severity if counts[severity]}


def drill_message(by: AlertContext) -> dict[str, Any]:
    """The document of a drill: nothing is wrong, and it says so."""
    line = f"Drill: nothing is wrong on {by.whose}; somebody tried whether alerts of creditctl arrive."
    return _document("drill", [line], by)


def _document(kind: str, lines: Sequence[str], by: AlertContext) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "text": slack_text(f"{by.label}creditctl: " + "\n".join(lines)),
        "kind": kind,
        "test": by.mode is not Mode.LIVE,
        "mode": None if by.mode is None else str(by.mode),
        "account": by.account,
        "deployment": by.deployment,
        "sent": iso_time(by.now),
    }


def slack_text(text: str) -> str:
    """A text without anything that Slack would act on: a user id such as `<!channel>` must not call everybody.

    Source: Slack documentation, "Formatting text for app surfaces": &, < and > are replaced, and nothing else.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _worst_first(fresh: Sequence[Sighting]) -> list[Sighting]:
    return sorted(fresh, key=lambda each: (each.finding.severity.rank, each.first_seen, each.identity))


def _line(sighting: Sighting) -> str:
    said = sighting.finding
    return (
        f"• {said.severity} {said.code} {one_line(said.subject)}: {cut_text(one_line(said.message), _MOST_CHARACTERS)}"
    )


def _rest(count: int) -> list[str]:
    return [f"… and {count - _MOST_IN_TEXT:,} more"] if count > _MOST_IN_TEXT else []


def _as_dict(sighting: Sighting) -> dict[str, object]:
    return {
        **sighting.as_finding().as_dict(),
        "payment_key": sighting.payment_key,
        "first_seen": iso_time(sighting.first_seen),
    }
