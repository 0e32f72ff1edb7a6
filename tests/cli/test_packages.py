"""`creditctl packages`: the guide's table, and another catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_the_guides_cost_structure_is_shown(offline_cli: Cli) -> None:
    rows = offline_cli("packages", "--json").report["packages"]

    assert [(row["name"], row["credits"], row["amount"], row["cost_per_credit"]) for row in rows] == [
        ("Starter", 1_000, 1_000, "0.010"),
        ("Basic", 5_500, 4_500, "0.008"),
        ("Pro", 13_500, 10_000, "0.007"),
        ("Business", 35_000, 22_500, "0.006"),
        ("Enterprise", 120_000, 70_000, "0.006"),
    ]
    assert [row["usage_covered"] + row["markup"] for row in rows] == [row["amount"] for row in rows]
    assert rows[0]["usage_covered"] == 869


def test_people_see_prices_and_what_to_run_next(offline_cli: Cli) -> None:
    outcome = offline_cli("packages")

    assert outcome.exit_code == ExitCode.OK
    assert "$225.00" in outcome.stdout
    assert "creditctl setup --dry-run" in outcome.stdout


def test_another_catalogue_by_option_or_setting_and_a_wrong_one_is_refused(offline_cli: Cli) -> None:
    row = '[[package]]\nnumber = 1\nslug = "one"\nname = "One"\ncredits = 10\namount = {}\n'
    (offline_cli.folder / "good.toml").write_text('currency = "eur"\n' + row.format(99))
    (offline_cli.folder / "bad.toml").write_text('currency = "eur"\n' + row.format("0.99"))

    by_option = offline_cli("packages", "--catalog", "good.toml", "--json").report["packages"]
    offline_cli.environ["CREDITCTL_CATALOG"] = "good.toml"
    by_setting = offline_cli("packages", "--json").report["packages"]
    refused = offline_cli("packages", "--catalog", "bad.toml")

    assert by_option == by_setting
    assert by_option[0]["lookup_key"] == "creditctl_one_eur"
    assert refused.exit_code == ExitCode.CONFIGURATION
    assert "amount must be a whole number" in refused.stderr
