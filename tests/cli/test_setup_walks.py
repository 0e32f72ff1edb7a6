"""Random walks of three machines on one account, killed at any change: no secret that somebody holds is destroyed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import stripe

from creditctl.core.keys import Secret
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.support.cli import Cli
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import Killed, ScriptedStripe, answers, is_write

STEPS = 10
A_DAY_AND_MORE = 30 * 3600
URLS = ("http://127.0.0.1:9", "http://127.0.0.1:9", "http://127.0.0.1:10")
CATALOG = 'currency = "usd"\n[[package]]\nslug = "starter"\ncredits = 1000\namount = 1000\n'
COMMANDS = (
    *[("setup",)] * 4,
    ("setup", "--rotate"),
    ("setup", "--replace-endpoint", "--yes"),
    ("webhooks", "rotate"),
    ("webhooks", "rotate", "--finish", "--now"),
    ("webhooks", "register"),
    ("setup", "--adopt", "ANY"),
    ("setup", "--move-endpoint", "ANY"),
)
MAY_GIVE_UP = {("setup", "--replace-endpoint", "--yes"), ("webhooks", "rotate"), COMMANDS[7]}
"""A rotation that is finished deletes the old endpoint, as it was told to."""


@dataclass
class Walk:
    """Three machines, two of them with the same URL, and what happens to them."""

    emulator: Emulator
    machines: Sequence[Cli]
    clock: Clock
    chance: random.Random
    story: list[str] = field(default_factory=list)

    @property
    def client(self) -> stripe.StripeClient:
        return stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(self.emulator))

    def endpoints(self) -> dict[str, Mapping[str, str]]:
        return {each.id: each.metadata.to_dict() for each in self.client.v1.webhook_endpoints.list().data}

    def step(self) -> None:
        """One thing that happens: time, a copy, a loss, an endpoint by hand, or a command, perhaps killed."""
        machine, env = self.pick()
        happening = self.chance.choice(["wait", "copy", "lose", "by hand", *["command"] * 12])
        if happening == "wait":
            self.clock.now += A_DAY_AND_MORE
        elif happening == "copy":
            env.write_text(self.pick()[1].read_text())
        elif happening == "lose":
            env.write_text("")
        elif happening == "by hand":
            url = f"{machine.environ['CREDITS_API_URL']}/api/credits/webhook"
            made = self.client.v1.webhook_endpoints.create({"url": url, "enabled_events": ["charge.refunded"]})
            env.write_text(f"STRIPE_WEBHOOK_SECRET={made.secret}\n")
        else:
            self.command(machine, env)
            return
        self.story.append(happening)

    def pick(self) -> tuple[Cli, Path]:
        machine = self.chance.choice(self.machines)
        return machine, machine.folder / ".env"

    def command(self, machine: Cli, env: Path) -> None:
        before, held = self.endpoints(), held_in(env)
        command = self.chance.choice(COMMANDS)
        words = [self.chance.choice([*before, "we_none"]) if word == "ANY" else word for word in command]
        killed = self.run(machine, words)
        self.judge(command, before, held, env)
        if killed:
            machine.transport = lambda: EmulatorHTTPClient(self.emulator)
            again = machine(*words, "--json")
            assert again.exit_code != 70, self.story
            if words[0] == "setup" and again.exit_code in (0, 1):
                plan = machine("setup", "--check", "--json").report["plan"]
                assert {step["action"] for step in plan["steps"]} <= {"keep"}, self.story

    def run(self, machine: Cli, words: Sequence[str]) -> bool:
        """Runs a command, sometimes killed at a change; whether it was."""
        transport = ScriptedStripe(self.emulator)
        if self.chance.random() < 0.35:
            death = answers(Killed(), committed=self.chance.random() < 0.5)
            transport.on(death, when=is_write, at=self.chance.randint(1, 6))
        machine.transport = lambda: transport
        try:
            outcome = machine(*words, "--json")
        except Killed:
            self.story.append(f"{' '.join(words)}: killed")
            return True
        self.story.append(f"{' '.join(words)}: {int(outcome.exit_code)}")
        assert outcome.exit_code != 70, self.story
        return False

    def judge(
        self, command: tuple[str, ...], before: Mapping[str, Mapping[str, str]], held: set[str], env: Path
    ) -> None:
        after = self.endpoints()
        for gone in before.keys() - after.keys():
            mark, state = (before[gone].get(name) for name in ("secret_fingerprint", "secret_state"))
            assert state == "pending" or command in MAY_GIVE_UP, (self.story, "somebody may hold its secret")
            assert command[0] != "setup" or mark is None or mark not in held, (self.story, "its secret was here")
        marks = [each["secret_fingerprint"] for each in after.values() if "secret_fingerprint" in each]
        assert len(marks) == len(set(marks)), (self.story, "no two endpoints share a secret")
        for name in before.keys() & after.keys():
            old, new = (each[name].get("secret_fingerprint") for each in (before, after))
            assert old in (None, new), (self.story, "a mark stays")
            assert old is not None or new is None or new in held_in(env), (self.story, "a mark is of a secret here")


def held_in(env: Path) -> set[str]:
    lines = env.read_text().splitlines()
    texts = [line.partition("=")[2] for line in lines if line.startswith("STRIPE_WEBHOOK_SECRET=")]
    return {Secret(part).fingerprint for text in texts for part in text.split(",") if part}


@pytest.mark.parametrize("seed", range(15))
def test_no_walk_destroys_a_secret_that_somebody_may_hold(
    seed: int, cli: Cli, emulator: Emulator, clock: Clock, tmp_path: Path
) -> None:
    machines = []
    for number, url in enumerate(URLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "packages.toml").write_text(CATALOG)
        (folder / ".env").write_text("")
        environ = {**cli.environ, "CREDITS_API_URL": url, "CREDITCTL_CATALOG": "packages.toml"}
        machines.append(replace(cli, folder=folder, environ=environ))
    walk = Walk(emulator, machines, clock, random.Random(seed))

    for _ in range(STEPS):
        walk.step()
