"""`creditctl.toml` is found beside the env file or above it inside the repository, and is acted on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from creditctl.cli.project_file import find_project_file, load_project_file
from creditctl.core.errors import ConfigurationError, ExitCode
from creditctl.core.redaction import Redactor
from tests.support.cli import Cli
from tests.support.keys import TEST_KEY

PACKAGES = '[[package]]\nslug = "gold-pack"\ncredits = 10\namount = 99\ncurrency = "eur"\n'


def repository(folder: Path) -> Path:
    """A folder two levels below the root of a repository."""
    inner = folder / "services" / "billing"
    inner.mkdir(parents=True)
    (folder / ".git").mkdir()
    return inner


def test_the_file_beside_comes_before_one_above_it(tmp_path: Path) -> None:
    inner = repository(tmp_path)
    (tmp_path / "creditctl.toml").write_text("")
    assert find_project_file(inner) == tmp_path / "creditctl.toml"

    (inner / "creditctl.toml").write_text("")
    assert find_project_file(inner) == inner / "creditctl.toml"


def test_nothing_is_looked_for_above_the_repository_nor_outside_of_one(tmp_path: Path) -> None:
    (tmp_path / "creditctl.toml").write_text("")
    alone = tmp_path / "alone"
    alone.mkdir()
    inner = repository(tmp_path / "shop")

    assert find_project_file(alone) is None
    assert find_project_file(inner) is None


def test_a_worktree_is_a_repository_too(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "creditctl.toml").write_text("")
    (tmp_path / "a").mkdir()

    assert find_project_file(tmp_path / "a") == (tmp_path / "creditctl.toml")


def test_packages_of_the_file_are_the_catalogue(offline_cli: Cli) -> None:
    (offline_cli.folder / "creditctl.toml").write_text(PACKAGES)

    (row,) = offline_cli("packages", "--json").report["packages"]

    assert (row["number"], row["slug"], row["name"], row["credits"]) == (1, "gold-pack", "Gold pack", 10)


def test_the_file_is_found_beside_the_env_file_that_was_named(offline_cli: Cli) -> None:
    (offline_cli.folder / "etc").mkdir()
    (offline_cli.folder / "etc" / "creditctl.toml").write_text(PACKAGES)
    (offline_cli.folder / "etc" / "prod.env").write_text("")

    assert len(offline_cli("packages", "--json").report["packages"]) == 5
    assert len(offline_cli("packages", "--env-file", "etc/prod.env", "--json").report["packages"]) == 1


@pytest.mark.parametrize("where", ["environ", "env file"])
def test_another_file_is_named_by_a_setting(offline_cli: Cli, where: str) -> None:
    (offline_cli.folder / "other.toml").write_text(PACKAGES)
    if where == "environ":
        offline_cli.environ["CREDITCTL_CONFIG"] = "other.toml"
    else:
        offline_cli.write_env(["CREDITCTL_CONFIG=other.toml"])

    assert len(offline_cli("packages", "--json").report["packages"]) == 1


def test_a_file_that_was_named_and_is_not_there_is_said(offline_cli: Cli) -> None:
    offline_cli.environ["CREDITCTL_CONFIG"] = "nowhere.toml"
    outcome = offline_cli("packages", "--json")

    assert outcome.exit_code == ExitCode.CONFIGURATION
    assert outcome.document["error"]["code"] == "project.unreadable"
    assert "CREDITCTL_CONFIG" in outcome.document["error"]["message"]


def test_two_catalogues_are_refused(offline_cli: Cli) -> None:
    (offline_cli.folder / "creditctl.toml").write_text(PACKAGES)
    (offline_cli.folder / "packages.toml").write_text(PACKAGES)
    outcome = offline_cli("packages", "--catalog", "packages.toml", "--json")

    assert outcome.exit_code == ExitCode.CONFIGURATION
    assert outcome.document["error"]["code"] == "catalog.two"


def test_a_catalogue_in_the_file_keeps_to_the_rules_of_one(offline_cli: Cli) -> None:
    (offline_cli.folder / "creditctl.toml").write_text(PACKAGES.replace("99", "9"))
    error = offline_cli("packages", "--json").document["error"]

    assert error["code"] == "catalog.invalid"
    assert "package gold-pack: amount 9 (0.09 EUR) is below Stripe's minimum charge" in error["message"]


def test_a_slip_and_a_secret_stop_every_command_that_reads_settings(offline_cli: Cli) -> None:
    for text, code in (("[webook]\n", "project.invalid"), (f"deployment = '{TEST_KEY}'\n", "project.secret")):
        (offline_cli.folder / "creditctl.toml").write_text(text)
        outcome = offline_cli("packages", "--json")

        assert (outcome.exit_code, outcome.document["error"]["code"]) == (ExitCode.CONFIGURATION, code)
        assert TEST_KEY not in outcome.stdout + outcome.stderr


def test_what_the_applications_own_prices_sold_is_listed_beside_the_packages(offline_cli: Cli) -> None:
    sold = 'sold = [{ price = "price_1", until = 2026-01-01 }, { product = "prod_1", credits = "metadata.bundle" }]'
    text = f'user = ["metadata.account"]\n[[package]]\nslug = "pack"\ncredits = 500\n{sold}\n'
    (offline_cli.folder / "creditctl.toml").write_text(text)

    report, shown = offline_cli("packages", "--json").report, offline_cli("packages").stdout

    assert report["packages"] == []
    assert [(row["package"], row["credits"], row["sold_on"]) for row in report["own_prices"]] == [
        ("pack", 500, "price_1"),
        ("pack", "metadata.bundle", "prod_1"),
    ]
    assert "2026-01-01T00:00:00Z" in shown


@pytest.mark.parametrize("command", [("reconcile", "--dry-run"), ("setup", "--dry-run"), ("checklist",), ("doctor",)])
def test_a_catalogue_of_listed_prices_alone_is_enough_for_every_command(cli: Cli, command: tuple[str, ...]) -> None:
    text = '[[package]]\nslug = "pack"\ncredits = 500\nsold = [{ price = "price_1" }]\n'
    (cli.folder / "creditctl.toml").write_text(text)
    cli("ledger", "init")

    assert cli(*command, "--json").exit_code in (0, 1)


TOKENS = (
    '[simulate]\nbackend = "http://127.0.0.1:1/?gate=4711#part=violet"\nready = "http://127.0.0.1:1/up?v=orchid"\n'
    'purchase_path = "/buy?t=marigold&u={user}"\n'
    """start = "curl 'http://127.0.0.1:1/?s=lilac' # bob@shop.example"\n"""
)


@pytest.mark.parametrize("more", ["", '[webhook]\npath = "/hook?bypass=tulip"\n'], ids=["valid", "invalid"])
def test_no_wordlike_token_of_a_url_in_the_file_is_shown(cli: Cli, more: str) -> None:
    """The rule for any URL lets words, numbers and times through: of a configured URL no value of a query is shown."""
    (cli.folder / "creditctl.toml").write_text(TOKENS + more)
    redactor = Redactor()
    with suppress(ConfigurationError):
        load_project_file(Path(".env"), cli.folder, None, redactor)

    known = "http://x/?gate=4711#part=violet http://x/?v=orchid /buy?t=marigold&u=bob&step=2 /?s=lilac"
    assert redactor.redact(known) == "http://x/?gate=…#part=… http://x/?v=… /buy?t=…&u=bob&step=2 /?s=…"
    plain = "http://127.0.0.1:1/up of bob@shop.example: tulip, orchid"
    assert redactor.redact(plain) == plain
    outcome = cli("simulate", "card-success", "--json")
    assert outcome.exit_code not in (0, 70)
    assert not any(f"={each}" in outcome.stdout + outcome.stderr for each in ("tulip", "4711", "violet", "orchid"))
