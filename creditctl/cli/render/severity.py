"""Styles of severities and the printing of findings, the same in every command."""

from __future__ import annotations

from creditctl.core.findings import Severity

STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
"""One style a severity; the word itself is always printed too."""
