"""Advice about settings, endpoints and prices is obeyed too: it leads to a working set-up, and destroys no secret."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import stripe

from creditctl.checks.registry import ALL_CHECKS
from creditctl.core.codes import all_codes
from creditctl.core.keys import Secret
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.journeys.one_story import settings_plants as plants
from tests.journeys.one_story.advice import COMMAND
from tests.journeys.one_story.settings_plants import Machines
from tests.support.cli import Cli
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY
from tests.support.printed_commands import writing_codes

ROUNDS = 2
FAMILIES = ("setup", "webhooks", "env")
ASKED = (("env", "check"), ("setup", "--dry-run"), ("webhooks", "list"), ("doctor",), ("checklist",))
OURS = ("endpoint.", "rotation.", "setup.")
"""Findings about what set-up makes; of those about env files the ones that print a command which writes."""
REASONS = {
    "is about payments and deliveries: test_obeying_everybody.py": (
        *("checklist.small_payment", "checklist.credits_added", "checklist.undelivered", "doctor.credited"),
        *("checklist.transaction_history", "doctor.undelivered", "doctor.open_findings", "doctor.failures"),
        *("doctor.ledger", "checklist.anchor", "checklist.backup", "checklist.reconcile_cron"),
    ),
    "needs a backend or a frontend that answers, or a clock: tests/checks": (
        *("checklist.backend_probe", "checklist.public_webhook", "checklist.redirects", "checklist.success_page"),
        *("checklist.clock", "doctor.backend", "doctor.clock", "doctor.frontend", "doctor.redirects"),
        *("doctor.signatures", "doctor.verification", "doctor.payload"),
    ),
    "asks a person, or for what only the Dashboard changes": (
        *("checklist.account", "checklist.email_receipts", "checklist.key_rotation", "checklist.notices"),
        *("checklist.one_account", "checklist.permissions", "checklist.policy", "checklist.public_details"),
        *("checklist.second_tester", "checklist.statement", "checklist.two_factor"),
        *("checklist.live_keys", "checklist.secret_key", "checklist.frontend_url", "checklist.prices"),
        *("doctor.key", "doctor.marker", "doctor.prices"),
    ),
    "is about env files: tests/checks/env/test_fixes.py obeys each fix": (
        *("env.mode", "env.names", "env.paths", "env.process", "env.secrets", "env.urls"),
    ),
    "is about a plan: tests/provisioning carries each out": (
        *("endpoint.rotation_alone", "endpoint.rotation_secret"),
        *("endpoint.version_date", "endpoint.version_release", "rotation.unproven", "rotation.waiting"),
        *("setup.copied_mark", "setup.default_elsewhere", "setup.lookup_key_taken"),
        *("setup.other_price", "setup.price_jump", "endpoint.all_events"),
    ),
}
REASONS["prints no command itself, what stands beside it in the source does"] = (
    *("env.file.comment", "env.file.encoding", "env.file.syntax", "env.file.quotes"),
    *("env.value.white_space", "env.webhook_secret.twice"),
    *("env.git.live_key", "env.git.not_ignored", "env.git.test_key", "env.git.tracked", "env.git.unclear"),
)
REASONS["needs files that git tracks, and afterwards a person who takes the secret out: tests/checks/env"] = (
    "env.git.signing_secret",
)
REASONS["needs a secret of `stripe listen` in live settings: tests/checks/env"] = ("env.webhook_secret.cli",)
REASONS["writes a starter file, which a person has to fill: tests/cli/checks/test_env.py"] = ("env.file.missing",)
NOT_PLANTED = {code: reason for reason, codes in REASONS.items() for code in codes}
"""Checks and findings that print no command about settings where something is planted here, and why."""
PLANTS = [
    each
    for _, each in inspect.getmembers(plants, inspect.isfunction)
    if each.__module__ == plants.__name__ and list(inspect.signature(each).parameters) == ["machines"]
]
LOOKING = (["env", "check"], ["webhooks", "list"])
BY_A_PERSON = (plants.secret_of_the_process_wins, plants.url_without_scheme, plants.rotation_begun)
"""What no command of ours ends: another program's environment, a value that only a person knows, and what needs a
backend that answers. There a command may refuse, and say what to do."""


@pytest.fixture
def machines(cli: Cli, emulator: Emulator, tmp_path: Path) -> Machines:
    """Two machines before set-up."""
    return two_machines(cli, emulator, tmp_path)


def two_machines(cli: Cli, emulator: Emulator, tmp_path: Path) -> Machines:
    """Two machines before set-up, in folders of their own."""
    found = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        machine = replace(cli, folder=tmp_path / name, environ={"HOME": str(tmp_path), "NO_COLOR": "1"})
        plants.write_settings(machine)
        found.append(machine)
    client = stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator))
    return Machines(found[0], found[1], client)


def advice(cli: Cli) -> Iterator[tuple[str, list[str]]]:
    """What is printed, by code or check, with its commands in order."""
    for asked in ASKED:
        document = cli(*asked, "--json").document
        said = [(each["code"], each["fix"]) for each in document["findings"]]
        said += [(each["code"], each["fix"]) for each in [document.get("error")] if each]
        checks = document.get("report", {}).get("checks", ())
        said += [(each["id"], each["fix"]) for each in checks if each["status"] not in ("pass", "person")]
        yield from ((code, COMMAND.findall(fix)) for code, fix in said)


def commands(cli: Cli) -> list[list[str]]:
    """The first command of each advice, which is the way that it recommends; the others are ways out for who knows.

    What only looks is not run, but what it prints: a plan is followed by what carries it out.
    """
    first = [shlex.split(found[0]) for _, found in advice(cli) if found]
    wanted = [["setup"] if words == ["setup", "--dry-run"] else words for words in first]
    wanted = [words for words in wanted if words and words[0] in FAMILIES and words not in LOOKING]
    return [words for n, words in enumerate(wanted) if words not in wanted[:n]]


def run(cli: Cli, words: list[str]) -> int:
    """Runs a command as somebody does who answers every question with yes; gives the exit code."""
    return cli(*words, *([] if words[0] == "env" else ["--yes"])).exit_code


def held(machine: Cli) -> set[str]:
    """The fingerprints of the secrets in an env file."""
    path = machine.folder / ".env"
    text = path.read_text() if path.exists() else ""
    lines = [line.partition("=")[2].strip('"') for line in text.splitlines() if "WEBHOOK_SECRET=" in line]
    return {Secret(part).fingerprint for line in lines for part in line.split(",") if part}


def marks(machines: Machines) -> dict[str, str | None]:
    """The endpoints and the fingerprints of their secrets."""
    found = machines.api.webhook_endpoints.list({"limit": 100}).data
    return {each.id: each.metadata.to_dict().get("secret_fingerprint") for each in found}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_obeying_sets_up_and_destroys_no_secret(machines: Machines, plant: plants.Plant) -> None:
    plant(machines)
    for _ in range(ROUNDS):
        for words in commands(machines.first):
            before, mine, others = marks(machines), held(machines.first), held(machines.second)
            code = run(machines.first, words)
            needs_backend = words[0] == "webhooks" and code == 5  # none answers here
            assert code in (0, 1) or needs_backend or plant in BY_A_PERSON, f"{words} ended with {code}"
            gone = {mark for name, mark in before.items() if name not in marks(machines)}
            assert not gone & {*mine, *others}, f"{words} deleted an endpoint whose secret somebody holds"
            kept = {mark for mark in before.values() if mark in mine}
            assert kept <= held(machines.first), f"{words} lost a secret that an endpoint has"
    if plant not in BY_A_PERSON:
        steps = machines.first("setup", "--check", "--json").document
        assert {each["action"] for each in steps["report"]["plan"]["steps"]} <= {"keep"}, commands(machines.first)


def test_every_check_and_finding_about_settings_is_planted_or_says_why_not(tmp_path: Path) -> None:
    seen = {code for plant in PLANTS for code in printing(plant, tmp_path / plant.__name__)}
    known = {check.id for check in ALL_CHECKS}
    known |= {code for code, info in all_codes().items() if info.severities and code.startswith(OURS)}
    known |= {code for code in writing_codes() if code.startswith("env.")}

    assert sorted(known - seen - NOT_PLANTED.keys()) == []
    assert sorted(NOT_PLANTED.keys() - known) == [], "these are no checks or findings"
    assert sorted(NOT_PLANTED.keys() & seen) == [], "these are planted"


def printing(plant: plants.Plant, folder: Path) -> set[str]:
    """The checks and findings that print a command about settings where something is planted."""
    clock = Clock()
    folder.mkdir()
    with closing(Emulator(clock=clock, real_clock=clock, seed=1)) as emulator:
        usual = Cli(folder, clock, {}, lambda: EmulatorHTTPClient(emulator))
        machines = two_machines(usual, emulator, folder)
        plant(machines)
        return {code for code, found in advice(machines.first) if any(each.split()[0] in FAMILIES for each in found)}
