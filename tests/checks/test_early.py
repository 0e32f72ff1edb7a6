"""What backend and storefront answer is asked before anything else is opened, and only what some check asks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from creditctl.checks.check import Check
from creditctl.checks.checklist import CHECKLIST
from creditctl.checks.context import BACKENDS_ANSWERS, Context
from creditctl.checks.doctor import DOCTOR_CHECKS
from creditctl.checks.early import begin_early
from creditctl.checks.probe import ProbeAnswer
from creditctl.core.keys import Secret
from creditctl.core.settings import merge_settings
from creditctl.provisioning.probing.responses import ProbeResponses
from tests.support.probed_backends import probed, verifying

ALL = (*CHECKLIST, *DOCTOR_CHECKS)


def asked(folder: Path, settings: dict[str, str], names: Sequence[str]) -> set[str]:
    """What was asked, when all of it has come."""
    seen = set[str]()

    def page(url: str) -> ProbeAnswer:
        seen.add(url)
        return ProbeAnswer(200)

    def deliver(url: str, secrets: Sequence[Secret]) -> ProbeResponses:
        seen.add(f"POST {url}")
        return probed(verifying(secrets[0]), *secrets)

    merged = merge_settings(settings, {}, env_file=folder / ".env", folder=folder)
    checks: list[Check[Context]] = [check for check in ALL if check.name in names]
    facts = begin_early(checks, merged, probe=page, deliver_probe=deliver)
    for name in facts.names:
        facts.get(name, lambda: None)
    return seen


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["prices"], set()),
        (["backend_probe"], {"POST https://api.acme.io/api/credits/webhook"}),
        (["public_webhook"], {"https://api.acme.io/api/credits/webhook"}),
        (["secret", "clock"], {"POST https://api.acme.io/api/credits/webhook"}),
    ],
)
def test_only_what_a_check_asks_for_is_asked(
    tmp_path: Path, live: dict[str, str], names: list[str], expected: set[str]
) -> None:
    assert asked(tmp_path, live, names) == expected


def test_all_pages_of_the_storefront_are_asked_at_once(tmp_path: Path, live: dict[str, str]) -> None:
    seen = asked(tmp_path, live, ["success_page"])

    assert {url.partition("?")[0] for url in seen} == {
        "https://shop.acme.io",
        "https://shop.acme.io/credits/success",
        "https://shop.acme.io/creditctl-no-such-page",
    }


@pytest.mark.parametrize("url", ["", "https://your-domain.com", "nonsense"])
def test_what_is_no_url_is_not_asked(tmp_path: Path, live: dict[str, str], url: str) -> None:
    unusable = {**live, "FRONTEND_URL": url, "CREDITS_API_URL": url}

    assert asked(tmp_path, unusable, [check.name for check in ALL]) == set()


def test_what_fails_is_raised_to_whoever_asks(tmp_path: Path, live: dict[str, str]) -> None:
    merged = merge_settings(live, {}, env_file=tmp_path / ".env", folder=tmp_path)

    def broken(_url: str, _secrets: Sequence[Secret]) -> ProbeResponses:
        raise ValueError("broken")

    checks = [check for check in DOCTOR_CHECKS if check.name == "backend"]
    facts = begin_early(checks, merged, probe=lambda _: ProbeAnswer(200), deliver_probe=broken)
    with pytest.raises(ValueError, match="broken"):
        facts.get(BACKENDS_ANSWERS, lambda: None)
