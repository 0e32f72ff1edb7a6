"""Report targets: no report takes the place of a ledger, of settings, or of another report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.market import Market


@pytest.mark.parametrize("option", ["--html", "--junit", "--metrics"])
def test_a_report_never_takes_the_place_of_what_is_kept(cli: Cli, market: Market, option: str) -> None:
    (cli.folder / "creditctl.toml").write_text("[reconcile]\n")
    (cli.folder / ".env").write_text("FRONTEND_URL=http://localhost:3000\n")
    cli("reconcile")
    kept = [each for each in cli.folder.iterdir() if each.suffix == ".db" or each.name in (".env", "creditctl.toml")]
    assert len(kept) == 4, "ledger, archive and both files of settings"
    for path in kept:
        before = path.read_bytes()
        outcome = cli("reconcile", option, f"./{path.name}", "--quiet")
        assert (outcome.exit_code, outcome.stderr.count("\n")) == (3, 1), outcome.stderr
        assert "would be written over" in outcome.stderr
        assert path.read_bytes() == before


def test_nor_of_what_belongs_to_a_database_or_of_anchors(cli: Cli, market: Market) -> None:
    cli("reconcile", "--anchor", "anchors.jsonl")
    (ledger,) = (each for each in cli.folder.glob("*.db") if "archive" not in each.name)
    before = (cli.folder / "anchors.jsonl").read_bytes()
    for name in (f"{ledger.name}-wal", f"{ledger.name}-shm", "anchors.jsonl"):
        outcome = cli("reconcile", "--html", name, "--anchor", "anchors.jsonl")
        assert (outcome.exit_code, "would be written over" in outcome.stderr) == (3, True), outcome.stderr
    assert (cli.folder / "anchors.jsonl").read_bytes() == before
    assert cli("ledger", "verify").exit_code == 0


def test_a_ledger_that_is_open_is_told_by_its_name(cli: Cli, market: Market) -> None:
    """To look into it once more would drop the locks on it; here under a second name of the same file."""
    cli("reconcile")
    (ledger,) = (each for each in cli.folder.glob("*.db") if "archive" not in each.name)
    (cli.folder / "other.xml").hardlink_to(ledger)
    outcome = cli("checklist", "--junit", "other.xml")
    assert "other.xml would be written over" in outcome.stderr
    assert "or belongs to it" in outcome.stderr
    assert ledger.samefile(cli.folder / "other.xml")


def test_two_reports_are_two_files(cli: Cli, market: Market) -> None:
    outcome = cli("reconcile", "--html", "report", "--junit", "./report")
    assert outcome.exit_code == 2
    assert "Two reports would be written to report" in outcome.stderr
    assert not (cli.folder / "report").exists()


def test_links_in_a_circle_are_named(cli: Cli, market: Market) -> None:
    (cli.folder / "a.html").symlink_to("b.html")
    (cli.folder / "b.html").symlink_to("a.html")
    outcome = cli("reconcile", "--html", "a.html")
    assert outcome.exit_code == 3
    assert "Cannot write a.html" in outcome.stderr
