"""Session of the commands that steer a running emulator: its address, the key that chooses the account, the proof."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Concatenate, ParamSpec

import typer

from creditctl.cli.command import Answer, ModeCheck, Session, command
from creditctl.core.errors import ConfigurationError
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.core.keys import ApiKey
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

ObjectOption = Annotated[
    str | None,
    typer.Option(
        "--object",
        help="Only for this object (session, intent, charge, customer, …) and what belongs to it.",
        metavar="ID",
        show_default="all",
    ),
]
UserOption = Annotated[
    str | None,
    typer.Option("--user", help="Only for the payments of this user.", metavar="USER", show_default="all"),
]
UserKeyOption = Annotated[
    str | None,
    typer.Option(
        "--user-key",
        help="Where --user stands: client_reference_id or metadata.NAME.",
        metavar="PLACE",
        show_default="client_reference_id, metadata.user_id",
    ),
]

P = ParamSpec("P")


@dataclass
class EmulatorSession:
    """A command's session and the emulator that it steers."""

    session: Session
    url: str | None
    key_name: str | None

    @cached_property
    def control(self) -> EmulatorControl:
        """The emulator that the options mean, proven to be one before a key is sent; found at first use.

        Errors: GuardRefused for anything but creditctl's emulator on this machine or at a listed host; Unreachable
                where nobody answers.
        """
        from creditctl.emulator_client.client import EmulatorControl, emulator_url

        session = self.session
        configured = session.settings.text("STRIPE_API_BASE")
        session.wiring.mode = Mode.EMULATOR
        place = emulator_url(self.url, configured, session.settings.project.emulator.hosts)
        http = session.stack.enter_context(session.wiring.http_client(place, timeout_seconds=30.0, proxied=False))
        control = EmulatorControl(http, place, account_key(session, self.key_name))
        control.prove()
        return control


def emulator_command(
    *, asks: bool = False
) -> Callable[[Callable[Concatenate[EmulatorSession, P], Answer]], Callable[..., int]]:
    """Decorator `command` for what steers a running emulator: adds --url and --key-name, hands over an EmulatorSession.

    Shape: no --mode, for these commands meet nothing but the emulator; `asks` brings --yes.
    """

    def decorate(function: Callable[Concatenate[EmulatorSession, P], Answer]) -> Callable[..., int]:
        answering: Callable[..., Answer] = function

        def steered(session: Session, /, *, url: str | None, key_name: str | None, **own: object) -> Answer:
            return answering(EmulatorSession(session, url, key_name), **own)

        functools.update_wrapper(steered, function)
        vars(steered)["__signature__"] = _signature(function)
        return command(asks=asks, mode=ModeCheck.ABSENT)(steered)

    return decorate


def _signature(function: Callable[..., Answer]) -> inspect.Signature:
    """The function's own parameters, then --url and --key-name, which are declared here and nowhere else."""
    own = inspect.signature(function, eval_str=True).parameters.values()
    added = {"url": UrlOption, "key_name": KeyNameOption}
    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [inspect.Parameter(name, keyword, default=None, annotation=given) for name, given in added.items()]
    return inspect.Signature([*(each.replace(kind=keyword) for each in own), *options])


def account_key(session: Session, key_name: str | None) -> ApiKey:
    """The key of the named setting; without a name STRIPE_SECRET_KEY, or the emulator's example key where none is set.

    Errors: ConfigurationError if the named setting is missing, or what it holds is no key.
    """
    from creditctl.core.keys import EXAMPLE_KEY, parse_server_key

    settings = session.settings
    if key_name is None:
        return parse_server_key(settings.text("STRIPE_SECRET_KEY") or EXAMPLE_KEY)
    text = session.wiring.environ.get(key_name) or settings.text(key_name)
    if text is None:
        raise ConfigurationError(
            f"{key_name} is not set.",
            code="env.missing",
            fix=f"Write {key_name}=sk_test_… into {settings.env_file}, or export it; --key-name takes a name, no key.",
        )
    return parse_server_key(text, name=key_name)
