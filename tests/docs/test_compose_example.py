"""examples/compose: its commands exist, its names and ports fit each other, and its host is listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from creditctl.core.keys import parse_server_key
from creditctl.core.modes import Mode, decide_mode
from creditctl.core.project_file.project import parse_project_file
from tests.docs.test_readme import ALL

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "compose"
COMMANDS = (FOLDER.parents[1] / "docs" / "commands.md").read_text()


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    services: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    return services


def test_every_service_runs_a_command_that_there_is(services: dict[str, Any]) -> None:
    for service in services.values():
        name, *arguments = service["command"]
        assert (name,) in ALL
        section = COMMANDS.partition(f"## `creditctl {name}`\n")[2].partition("\n## ")[0]
        for option in (text for text in arguments if text.startswith("--")):
            assert f"`{option}`" in section, option


def test_the_emulator_is_listed_and_the_key_is_one_of_emulators(services: dict[str, Any]) -> None:
    path = FOLDER / "creditctl.toml"
    hosts = parse_project_file(path.read_text(), path=path).emulator.hosts
    for service in services.values():
        settings = service["environment"]
        assert decide_mode(settings["STRIPE_API_BASE"], Mode.TEST, hosts) is Mode.EMULATOR
        assert parse_server_key(settings["STRIPE_SECRET_KEY"]).is_for_emulators
        assert any(
            volume.startswith("./creditctl.toml:" + settings["CREDITCTL_CONFIG"]) for volume in service["volumes"]
        )


def test_nothing_is_published_to_other_machines_and_ports_fit(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]

    assert published == ["127.0.0.1:12111:12111", "127.0.0.1:8000:8000"]
    assert services["emulator"]["command"].count("http://localhost:12111") == 1
    assert services["backend"]["environment"]["CREDITS_API_URL"] == "http://backend:8000"


def test_the_image_gets_no_settings_and_no_ledger() -> None:
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().split()

    assert "*" in ignored
    assert not [name for name in ignored if name.startswith("!.") or "env" in name or ".db" in name]
