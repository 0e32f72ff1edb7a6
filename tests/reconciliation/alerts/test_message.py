"""The alert's document: one shape, labelled, short, and without anything that a chat would act on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.core.findings import Finding, Severity
from creditctl.core.modes import Mode
from creditctl.ledger.models import AlertKind, Sighting
from creditctl.reconciliation.alerts.message import AlertContext, alert_message, drill_message
from creditctl.reconciliation.alerts.outbox import Claim
from tests.support.clock import NOW

BY = AlertContext(Mode.LIVE, "acct_1", None, NOW)


def sighting(number: int, severity: Severity = Severity.HIGH, subject: str | None = None) -> Sighting:
    finding = Finding("reconcile.wrong_amount", severity, subject or f"pi_{number}", "Too many.", "Correct it.")
    return Sighting(finding, f"pi_{number}", 100, 250, "eur", NOW - number)


def news(*fresh: Sighting) -> Claim:
    return Claim(1, AlertKind.NEW, fresh, fresh)


def test_the_worst_comes_first_and_the_rest_is_counted() -> None:
    found = [sighting(number) for number in range(29)]
    document = alert_message(news(*found, sighting(99, Severity.CRITICAL)), BY)
    lines = document["text"].splitlines()
    assert lines[0] == (
        "creditctl: 30 new findings on acct_1; open: 1 critical, 29 high; 3,000 credits, 75.00 EUR at stake."
    )
    assert lines[1] == "• critical reconcile.wrong_amount pi_99: Too many."
    assert lines[-2:] == ["… and 25 more", "Next: `creditctl reconcile`"]
    assert len(document["findings"]) == 20
    assert (document["new"], document["open"], document["severities"]) == (30, 30, {"critical": 1, "high": 29})


@pytest.mark.parametrize(
    ("mode", "label"), [(Mode.TEST, "[TEST MODE] "), (Mode.EMULATOR, "[EMULATOR MODE] "), (Mode.LIVE, "")]
)
def test_what_is_no_money_is_labelled(mode: Mode, label: str) -> None:
    by = replace(BY, mode=mode, deployment="eu-prod")
    for document in (alert_message(news(sighting(1)), by), drill_message(by)):
        assert document["text"].startswith(f"{label}creditctl: ")
        assert document["test"] is (mode is not Mode.LIVE)
        assert "acct_1 (eu-prod)" in document["text"]


def test_nothing_in_it_calls_a_channel_or_begins_a_line() -> None:
    text = alert_message(news(sighting(1, subject="user <!channel> & co\n• critical forged")), BY)["text"]
    assert "<" not in text
    assert "&lt;!channel&gt; &amp; co" in text
    assert text.count("\n• ") == 1


def test_all_clear_names_nobody() -> None:
    document = alert_message(Claim(1, AlertKind.CLEAR, (), ()), BY)
    assert (document["kind"], document["findings"], document["open"]) == ("clear", [], 0)
    assert document["text"] == "creditctl: All clear: nothing is open on acct_1 any more."
