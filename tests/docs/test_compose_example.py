"""examples/compose: its commands exist, its names and ports fit each other, and its host is listed."""

from __future__ import annotations

import fnmatch
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.keys import parse_server_key
from creditctl.core.modes import Mode, decide_mode
from creditctl.core.project_file.project import parse_project_file
from tests.docs.test_readme import ALL
from tests.support.ports import free_port
from tests.support.waiting import patience, wait_until

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


def test_the_container_file_copies_what_it_installs_and_does_not_run_as_root() -> None:
    lines = [line.split() for line in (FOLDER / "Dockerfile").read_text().replace("\\\n", " ").splitlines() if line]
    words = [line[0] for line in lines if not line[0].startswith("#")]
    allowed = [name[1:] for name in (FOLDER / "Dockerfile.dockerignore").read_text().split() if name.startswith("!")]

    assert words == ["FROM", "COPY", "RUN", "USER", "WORKDIR", "ENTRYPOINT"]
    assert lines[words.index("FROM") + 1][1].count(":") == 1
    assert lines[words.index("RUN") + 1][1:3] == ["pip", "install"]
    assert all((FOLDER.parents[1] / name).exists() for name in allowed)
    assert {"creditctl", "pyproject.toml", "README.md", "LICENSE"} <= set(allowed)
    assert not [name for name in allowed if fnmatch.fnmatch(name, ".*")]


@contextmanager
def running(command: list[str], environ: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A service as a process."""
    process = subprocess.Popen(
        command, env=environ, cwd=folder, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=patience(60))


def test_the_commands_of_the_services_work_together(services: dict[str, Any], tmp_path: Path) -> None:
    """Each command as compose.yaml has it, in its order; hosts and ports are those of this machine."""
    emulator, backend = free_port(), free_port()
    (tmp_path / "data").mkdir()
    places = {
        "http://emulator:12111": f"http://127.0.0.1:{emulator}",
        "http://127.0.0.1:12111": f"http://127.0.0.1:{emulator}",
        "http://backend:8000": f"http://127.0.0.1:{backend}",
        "/data": str(tmp_path / "data"),
        "/etc/creditctl/creditctl.toml": str(FOLDER / "creditctl.toml"),
        "0.0.0.0": "127.0.0.1",
        "8000": str(backend),
    }

    def here(text: str) -> str:
        for there, place in places.items():
            text = text.replace(there, place) if len(there) > 4 else place if text == there else text
        return text

    def command(name: str) -> list[str]:
        return [sys.executable, "-m", "creditctl", *(here(word) for word in services[name]["command"])]

    settings = {name: here(value) for name, value in services["emulator"]["environment"].items()}
    environ = {**os.environ, "NO_COLOR": "1", **settings}

    def works(*arguments: str) -> bool:
        return subprocess.run(arguments, env=environ, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    health = [sys.executable, "-m", *(here(word) for word in services["emulator"]["healthcheck"]["test"][1:])]
    with running([*command("emulator"), "--port", str(emulator)], environ, tmp_path):
        wait_until(lambda: works(*health), 60)
        assert works(*command("setup"))
        with running(command("backend"), environ, tmp_path):
            wait_until(lambda: works(*command("simulate"), "success"), 60)
            assert works(*command("simulate"), "--group", "smoke")
