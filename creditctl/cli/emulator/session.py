"""What the commands that steer a running emulator share: its address, the key that chooses the account, the proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from creditctl.cli.output import Run, start
from creditctl.core.errors import ConfigurationError
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.keys import ApiKey
    from creditctl.core.settings import Settings
    from creditctl.emulator_client.client import EmulatorControl

UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="The running emulator.", show_default="STRIPE_API_BASE, or http://127.0.0.1:12111"),
]
KeyNameOption = Annotated[
    str | None,
    typer.Option(
        "--key-name",
        help="The setting that holds the key, which chooses the account.",
        show_default="STRIPE_SECRET_KEY",
        metavar="NAME",
    ),
]


@dataclass
class EmulatorSession:
    """A command's run and the emulator that it steers."""

    run: Run
    control: EmulatorControl

    def finish(self, report: dict[str, Any], *lines: str) -> NoReturn:
        """The answer: the report as JSON, or the lines for people."""

        def human(console: Console) -> None:
            for line in lines:
                console.print(line)

        self.run.finish(report, human=human)


@contextmanager
def steering(
    ctx: typer.Context, *, as_json: bool, env_file: Path | None, url: str | None, key_name: str | None
) -> Iterator[EmulatorSession]:
    """The emulator that the options mean, proven to be one before a key is sent.

    Errors: GuardRefused for anything but creditctl's emulator on this machine; Unreachable where nobody answers.
    """
    from creditctl.emulator_client.client import EmulatorControl, emulator_url

    run = start(ctx, as_json=as_json)
    settings = run.wiring.settings(env_file)
    run.wiring.mode = Mode.EMULATOR
    place = emulator_url(url, settings.text("STRIPE_API_BASE"))
    with run.wiring.http_client(place, timeout_seconds=30.0) as http:
        control = EmulatorControl(http, place, account_key(run, settings, key_name))
        control.prove()
        yield EmulatorSession(run, control)


def account_key(run: Run, settings: Settings, key_name: str | None) -> ApiKey:
    """The key of the named setting; without a name STRIPE_SECRET_KEY, or the emulator's example key where none is set.

    Errors: ConfigurationError if the named setting is missing, or what it holds is no key.
    """
    from creditctl.core.keys import parse_server_key
    from creditctl.emulator_client.client import EXAMPLE_KEY

    if key_name is None:
        return parse_server_key(settings.text("STRIPE_SECRET_KEY") or EXAMPLE_KEY)
    text = run.wiring.environ.get(key_name) or settings.text(key_name)
    if text is None:
        raise ConfigurationError(
            f"{key_name} is not set.",
            code="env.missing",
            fix=f"Write {key_name}=sk_test_… into {settings.env_file}, or export it; --key-name takes a name, no key.",
        )
    return parse_server_key(text, name=key_name)
