"""`creditctl env` as an operator meets it: exit codes, the document, repairs, and the proof against Stripe."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli, Outcome

HOOK = "whsec_" + "aB3dE6gH9" * 4
GOOD = [
    "STRIPE_SECRET_KEY=sk_test_" + "51AbCdEfGhIjKlMn" * 4,
    f"STRIPE_WEBHOOK_SECRET={HOOK}",
    "FRONTEND_URL=http://localhost:3000",
    "CREDITS_API_URL=http://localhost:8000",
]
EMULATOR = [f"STRIPE_SECRET_KEY={TEST_KEY}", "STRIPE_API_BASE=http://127.0.0.1:12111", *GOOD[1:]]


def codes(outcome: Outcome) -> set[str]:
    return {item["code"] for item in outcome.document["findings"]}


def test_good_settings_end_with_0_and_say_what_comes_next(offline_cli: Cli) -> None:
    offline_cli.write_env(GOOD)

    outcome = offline_cli("env", "check")

    assert outcome.exit_code == 0
    assert "Nothing is wrong with the configuration for test mode. Next: creditctl setup --dry-run" in outcome.stdout
    assert "from .env:1" in outcome.stdout


def test_an_empty_folder_ends_with_1_and_says_how_to_begin(offline_cli: Cli) -> None:
    outcome = offline_cli("env", "check")

    assert outcome.exit_code == 1
    assert "creditctl env init" in outcome.stdout


def test_a_missing_key_is_a_finding_with_its_place_and_fix(offline_cli: Cli) -> None:
    offline_cli.write_env(GOOD[1:])

    outcome = offline_cli("env", "check", "--json")

    assert (outcome.exit_code, outcome.document["ok"], outcome.document["schema"]) == (
        1,
        False,
        "creditctl.env.check.v1",
    )
    (found,) = [item for item in outcome.document["findings"] if item["severity"] == "critical"]
    assert (found["code"], found["subject"]) == ("env.key.missing", ".env")
    assert found["fix"]


def test_the_document_says_where_each_setting_comes_from_and_how_each_group_stands(offline_cli: Cli) -> None:
    offline_cli.write_env(GOOD)
    offline_cli.environ["FRONTEND_URL"] = "http://localhost:3001"

    report = offline_cli("env", "check", "--json").report

    assert {item["name"]: item["from"] for item in report["settings"]} == {
        "STRIPE_SECRET_KEY": ".env:1",
        "STRIPE_WEBHOOK_SECRET": ".env:2",
        "FRONTEND_URL": "process environment",
        "CREDITS_API_URL": ".env:4",
    }
    statuses = {check["id"]: check["status"] for check in report["checks"]}
    assert statuses["env.process"] == "warn"
    assert statuses["env.keys"] == "pass"


def test_another_mode_than_meant_is_a_finding_here_and_not_a_refusal(offline_cli: Cli) -> None:
    offline_cli.write_env(GOOD)

    outcome = offline_cli("env", "check", "--mode", "live", "--json")

    assert outcome.exit_code == 1
    assert {"env.stripe_key.mode", "env.url.local"} <= codes(outcome)
    assert (outcome.report["mode_found"], outcome.report["mode_expected"]) == ("test", "live")


@pytest.mark.parametrize("option", ["--env-file", "--frontend-file"])
def test_a_file_that_was_named_and_is_not_there_is_a_finding(offline_cli: Cli, option: str) -> None:
    offline_cli.write_env(GOOD)

    outcome = offline_cli("env", "check", option, "other", "--json")

    assert outcome.exit_code == 1
    assert ("env.file.missing", "other") in {(item["code"], item["subject"]) for item in outcome.document["findings"]}


def test_a_folder_in_the_place_of_the_file_is_a_sentence(offline_cli: Cli) -> None:
    (offline_cli.folder / ".env").mkdir()

    outcome = offline_cli("env", "check")

    assert outcome.exit_code == 3
    assert "Cannot read the env file .env: is a directory." in outcome.stderr


def test_fix_repairs_white_space_and_permissions_only(offline_cli: Cli) -> None:
    path: Path = offline_cli.folder / ".env"
    lines = [GOOD[0].replace("=", " = "), f'STRIPE_WEBHOOK_SECRET="{HOOK} "', "FRONTEND_URL=ftp://x.io", GOOD[3]]
    path.write_bytes("\r\n".join(lines).encode())
    path.chmod(0o644)

    outcome = offline_cli("env", "check", "--fix", "--json")

    assert path.read_text().splitlines() == [*GOOD[:2], "FRONTEND_URL=ftp://x.io", GOOD[3]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert outcome.report["repaired"] == [".env"]
    assert "Repaired .env: white space and line ends and permissions." in outcome.stderr
    assert outcome.exit_code == 1
    assert codes(outcome) == {"env.url.malformed", "env.url.local"}


def test_fix_leaves_a_good_file_alone(offline_cli: Cli) -> None:
    path = offline_cli.write_env(GOOD)
    before = path.stat()

    outcome = offline_cli("env", "check", "--fix", "--json")

    assert (outcome.exit_code, outcome.report["repaired"]) == (0, [])
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--fix"], ["--mode", "live"], ["--mode", "emulator", "--json"]])
def test_no_secret_is_shown_wherever_it_stands(offline_cli: Cli, arguments: list[str]) -> None:
    secrets = ["sk_live_" + "51AbCdEfGhIjKlMn" * 3, HOOK, "pass" + "word1234", "rk_test_" + "9zYxWvUtSrQpOnMl" * 2]
    text = (
        f"STRIPE_SECRET_KEY='{secrets[0]}\nSTRIPE_WEBHOOK_SECRET = {secrets[1]}\u200b\n"
        f"FRONTEND_URL=https://me:{secrets[2]}@shop.acme.io\n# {secrets[3]}\n{secrets[1]}\nVITE_K={secrets[0]}\n"
    )
    (offline_cli.folder / ".env").write_text(text)
    (offline_cli.folder / ".env.local").write_text(f"NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY={secrets[3]}\n")
    offline_cli.environ["STRIPE_SECRET_KEY"] = secrets[3] + "\n"

    outcome = offline_cli("env", "check", *arguments)

    assert outcome.exit_code == 1
    for secret in secrets:
        assert secret not in outcome.stdout + outcome.stderr


def test_init_writes_a_private_starter_that_check_then_asks_to_fill_in(offline_cli: Cli) -> None:
    outcome = offline_cli("env", "init", "--json")

    assert (outcome.exit_code, outcome.report) == (0, {"env_file": ".env", "gitignore_changed": True})
    assert stat.S_IMODE((offline_cli.folder / ".env").stat().st_mode) == 0o600
    assert codes(offline_cli("env", "check", "--json")) == {"env.value.placeholder", "env.key.empty"}


def test_notes_of_low_severity_are_no_reason_to_stop_a_deploy(offline_cli: Cli) -> None:
    pairs = (line.partition("=") for line in GOOD)
    offline_cli.write_env([f'{name}="{value}"' for name, _, value in pairs])

    outcome = offline_cli("env", "check", "--json")

    assert (outcome.exit_code, codes(outcome) - {"env.url.local"}) == (0, {"env.file.quotes"})


def test_before_setup_a_missing_signing_secret_is_a_note(offline_cli: Cli) -> None:
    offline_cli.write_env([line for line in GOOD if not line.startswith("STRIPE_WEBHOOK_SECRET")])

    assert offline_cli("env", "check").exit_code == 1
    assert offline_cli("env", "check", "--before-setup").exit_code == 0


def test_init_refuses_to_overwrite(offline_cli: Cli) -> None:
    path = offline_cli.write_env(GOOD)
    before = path.read_text()

    outcome = offline_cli("env", "init", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "env.exists")
    assert path.read_text() == before


def test_init_into_a_folder_that_is_not_there_is_a_sentence(offline_cli: Cli) -> None:
    outcome = offline_cli("env", "init", "--env-file", "nowhere/.env")

    assert outcome.exit_code == 3
    assert "Traceback" not in outcome.stderr


def test_online_proves_mode_account_and_every_read(cli: Cli) -> None:
    cli.write_env(EMULATOR)

    outcome = cli("env", "check", "--online", "--json")

    online = outcome.report["online"]
    assert outcome.exit_code == 0
    assert (online["livemode"], online["refused"], len(online["granted"])) == (False, [], 11)
    assert online["account"].startswith("acct_")
    assert "env.online.not_pinned" in codes(outcome)


def test_online_refuses_another_account_than_the_pinned_one(cli: Cli) -> None:
    cli.write_env([*EMULATOR, "STRIPE_ACCOUNT_ID=acct_somebodyElse"])

    outcome = cli("env", "check", "--online", "--json")

    assert outcome.exit_code == 1
    assert "env.online.account" in codes(outcome)


def test_online_is_silent_about_a_pin_that_fits(cli: Cli) -> None:
    cli.write_env(EMULATOR)
    account = cli("env", "check", "--online", "--json").report["online"]["account"]
    cli.write_env([*EMULATOR, f"STRIPE_ACCOUNT_ID={account}"])

    outcome = cli("env", "check", "--online", "--json")

    assert outcome.exit_code == 0
    assert not {code for code in codes(outcome) if code.startswith("env.online")}


def test_online_does_not_ask_with_a_key_of_another_mode_than_meant(cli: Cli) -> None:
    cli.write_env(EMULATOR)

    outcome = cli("env", "check", "--online", "--mode", "live", "--json")

    assert (outcome.exit_code, outcome.report["online"]) == (1, None)
    assert "Stripe was not asked: the settings are for emulator mode, not live." in outcome.stderr


def restricted_key(emulator: Emulator, *permissions: str) -> str:
    from creditctl.emulator.protocol.wire import Request

    headers = {"authorization": f"Bearer {TEST_KEY}", "content-type": "application/json"}
    body = json.dumps({"permissions": list(permissions)}).encode()
    answer = emulator.handle(Request("POST", "/_emulator/keys", "", headers, body))
    return str(json.loads(answer.body)["key"])


def test_online_names_each_permission_that_a_restricted_key_lacks(cli: Cli, emulator: Emulator) -> None:
    key = restricted_key(emulator, "rak_balance_read", "rak_product_read", "rak_webhook_read")
    cli.write_env([f"STRIPE_SECRET_KEY={key}", *EMULATOR[1:]])
    del cli.environ["STRIPE_SECRET_KEY"]

    outcome = cli("env", "check", "--online", "--json")

    online = outcome.report["online"]
    assert outcome.exit_code == 1
    assert {"GET /v1/balance", "GET /v1/products", "GET /v1/webhook_endpoints"} == set(online["granted"])
    assert {"GET /v1/prices", "GET /v1/events"} <= set(online["refused"])
    messages = " ".join(item["message"] for item in outcome.document["findings"])
    assert "rak_plan_read" in messages
    assert "rak_event_read" in messages


def test_a_stripe_that_does_not_answer_ends_with_5_and_keeps_the_other_findings(offline_cli: Cli) -> None:
    offline_cli.write_env([*EMULATOR[:2], "STRIPE_API_BASE=http://127.0.0.1:9", *EMULATOR[3:]])

    outcome = offline_cli("env", "check", "--online", "--json")

    assert outcome.exit_code == 5
    assert {"env.online.unreachable", "env.key.missing"} <= codes(outcome)
    assert json.dumps(outcome.document)


def test_an_emulator_elsewhere_is_judged_by_the_project_file(offline_cli: Cli) -> None:
    offline_cli.write_env([*EMULATOR[:1], "STRIPE_API_BASE=http://emulator:12111", *EMULATOR[2:]])
    assert "env.api_base.refused" in codes(offline_cli("env", "check", "--json"))

    (offline_cli.folder / "creditctl.toml").write_text('[emulator]\nhosts = ["emulator:12111"]\n')
    outcome = offline_cli("env", "check", "--json")
    assert "env.api_base.refused" not in codes(outcome)
    assert outcome.document["mode"] == "emulator"
