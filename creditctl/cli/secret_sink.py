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


def secret_sink(said: Conversation, settings: Settings, command: str | None) -> SecretSink | None:
    """Where a new signing secret goes, swept of what a killed run left there: the command, or the env file.

    Shape: None where creditctl.toml says that it is kept elsewhere, and no command takes it there.
    """
    from creditctl.provisioning.secret_sinks import CommandSink, EnvFileSink

    folder = said.wiring.folder
    sink: SecretSink
    if command is not None:
        sink = CommandSink(command, folder)
    elif settings.project.webhook.secret_is_elsewhere:
        return None
    else:
        sink = EnvFileSink(folder / settings.env_file, settings.api_key.secret)
    sink.sweep()
    return sink
