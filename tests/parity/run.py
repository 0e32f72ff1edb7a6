"""`make parity`: one suite against the emulator and against an account in test mode; writes how their answers compare.

Usage: python -m tests.parity.run [FILE]   (FILE: parity.md)
Reads CREDITCTL_TEST_STRIPE_KEY, a test key, and CREDITCTL_TEST_STRIPE_BASE (https://api.stripe.com where not set). It
makes products, prices, payments and customers in that account. Exit codes: 0 all agree, 1 something differs, 2 no key,
3 refused before anything was sent, 5 unreachable.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.versions import API_VERSION
from creditctl.emulator.transports.server import EmulatorServer
from tests.parity.compare import Difference, differences
from tests.parity.steps import STORIES, Step, Story
from tests.support.keys import TEST_KEY

STRIPE = "https://api.stripe.com"
TIMEOUT_SECONDS = 60.0
Answer = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """One step and what came of it."""

    story: str
    step: Step
    found: list[Difference]


class RunRefused(Exception):
    """Why nothing was sent; `exit_code` says whether settings are missing or wrong."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Runs the suite on both and writes the comparison."""
    try:
        base, key = settings(environ)
        with EmulatorServer(Emulator()) as server:
            compared = list(compare(Caller(base, key), Caller(server.url, TEST_KEY)))
    except RunRefused as refusal:
        print(refusal, file=sys.stderr)
        return refusal.exit_code
    except httpx.HTTPError as error:
        print(f"No answer from {error.request.url.host}: {type(error).__name__}.", file=sys.stderr)
        return 5
    place = Path(arguments[0] if arguments else "parity.md")
    place.write_text(page(base, compared))
    differing = sum(bool(each.found) for each in compared)
    print(f"{len(compared) - differing} of {len(compared)} calls are answered alike. The comparison is in {place}.")
    return 1 if differing else 0


def settings(environ: Mapping[str, str]) -> tuple[str, str]:
    """Base and key. Errors: RunRefused for a missing key, a live one, or a place to which no key may be sent."""
    base = environ.get("CREDITCTL_TEST_STRIPE_BASE", STRIPE).rstrip("/")
    key = environ.get("CREDITCTL_TEST_STRIPE_KEY", "")
    if not key:
        raise RunRefused("Set CREDITCTL_TEST_STRIPE_KEY to a key of test mode (sk_test_…, rk_test_…).", 2)
    if not key.startswith(("sk_test_", "rk_test_")):
        raise RunRefused("CREDITCTL_TEST_STRIPE_KEY is no key of test mode: nothing was sent.", 3)
    parts = urlsplit(base)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if base != STRIPE and not (local and parts.scheme == "http"):
        raise RunRefused("CREDITCTL_TEST_STRIPE_BASE is neither Stripe nor this machine: nothing was sent.", 3)
    return base, key


class Caller:
    """Sends steps to one Stripe. Errors: httpx.HTTPError."""

    def __init__(self, base: str, key: str) -> None:
        self._base = base
        headers = {"Authorization": f"Bearer {key}", "Stripe-Version": API_VERSION}
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT_SECONDS, trust_env=base == STRIPE)

    def call(self, step: Step, saved: dict[str, str]) -> Answer:
        """One step; what it saves is added to `saved`."""
        form = {name: _filled(value, saved) for name, value in step.form.items()}
        key = {"Idempotency-Key": _filled(step.idempotency_key, saved)} if step.idempotency_key else {}
        place: dict[str, Any] = {"params": form} if step.method == "GET" else {"data": form}
        url = self._base + _filled(step.path, saved)
        response = self._http.request(step.method, url, headers=key, **place)
        body = _decoded(response)
        for name, path in step.save.items():
            saved[name] = str(_at(body, path))
        return response.status_code, _without_run(body, saved["run"])


def _decoded(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return {"what is no JSON": response.text[:200]}


def _filled(text: str, saved: Mapping[str, str]) -> str:
    for name, value in saved.items():
        text = text.replace("{" + name + "}", value)
    return text


def _at(body: Any, path: str) -> Any:
    """The value at a dotted path; of a refusal the object that it names."""
    if "error" in body:
        body = body["error"].get("payment_intent") or {}
    for part in path.split("."):
        body = body[int(part)] if isinstance(body, list) else body.get(part)
    return body


def _without_run(body: Any, run: str) -> Any:
    if isinstance(body, dict):
        return {name: _without_run(value, run) for name, value in body.items()}
    if isinstance(body, list):
        return [_without_run(value, run) for value in body]
    return body.replace(run, "RUN") if isinstance(body, str) else body


def compare(stripe: Caller, emulator: Caller) -> Iterator[Compared]:
    """Every step of every story on both."""
    run = os.urandom(4).hex()
    for story in STORIES:
        yield from _story(story, run, stripe, emulator)


def _story(story: Story, run: str, stripe: Caller, emulator: Caller) -> Iterator[Compared]:
    theirs, ours = {"run": run}, {"run": run}
    for step in story.steps:
        yield Compared(story.name, step, differences(stripe.call(step, theirs), emulator.call(step, ours)))


def page(base: str, compared: list[Compared]) -> str:
    """The comparison as Markdown."""
    differing = [each for each in compared if each.found]
    head = (
        f"# Parity\n\n{base} beside creditctl's emulator, version {API_VERSION}: {len(compared) - len(differing)} of "
        f"{len(compared)} calls are answered alike. Ids, times and addresses may differ; so may what an account's "
        "settings decide.\n"
    )
    return head + "".join(_section(each) for each in differing) + _agreeing(compared)


def _section(each: Compared) -> str:
    rows = "".join(f"| `{one.place}` | {_cell(one.stripe)} | {_cell(one.emulator)} |\n" for one in each.found)
    call = f"{each.step.method} {each.step.path}"
    return f"\n## {each.story}: {each.step.name}\n\n`{call}`\n\n| | Stripe | emulator |\n|---|---|---|\n{rows}"


def _cell(text: str | None) -> str:
    return "nothing" if text is None else f"`{text}`".replace("|", "\\|")


def _agreeing(compared: list[Compared]) -> str:
    lines = [f"- {each.story}: {each.step.name}\n" for each in compared if not each.found]
    return "\n## Answered alike\n\n" + "".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
