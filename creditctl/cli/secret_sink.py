"""Secret sink of `setup` and `webhooks`: --secret-command, or else the env file, takes a new signing secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from creditctl.cli.output import Conversation
    from creditctl.core.settings import Settings
    from creditctl.provisioning.secret_sinks import SecretSink

SecretCommandOption = Annotated[
    str | None,
    typer.Option(
        "--secret-command",
        help="Hand a new signing secret to this command's standard input instead of the env file.",
        metavar="COMMAND",
    ),
]


def secret_sink(said: Conversation, settings: Settings, command: str | None) -> SecretSink:
    """Where a new signing secret goes, swept of what a killed run left there: the command, or the env file."""
    from creditctl.provisioning.secret_sinks import CommandSink, EnvFileSink

    folder = said.wiring.folder
    sink: SecretSink
    if command is not None:
        sink = CommandSink(command, folder)
    else:
        sink = EnvFileSink(folder / settings.env_file, settings.api_key.secret)
    sink.sweep()
    return sink
