"""`creditctl init`: writes `creditctl.toml` and `.env`, by asking, after a look at what Stripe and the project have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, ModeCheck, Session, StripeUse, Writes, command
from creditctl.cli.project_file import NEW_FILE_MODE
from creditctl.core.errors import ConfigurationError

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.cli.project.drafting import Drafts

CreditsOption = Annotated[
    list[str] | None,
    typer.Option("--credits", help="What a price of yours sells; repeatable.", metavar="PRICE=N"),
]
FrontendOption = Annotated[
    str | None, typer.Option("--frontend-url", help="FRONTEND_URL for a new env file.", metavar="URL")
]
ApiOption = Annotated[str | None, typer.Option("--api-url", help="CREDITS_API_URL for a new env file.", metavar="URL")]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Do not look at Stripe.")]


@command(
    stripe=StripeUse.OPTIONAL,
    writes=Writes.FILES,
    asks=True,
    dry_run=True,
    mode=ModeCheck.AT_FIRST_USE,
    webhook=True,
)
def init(
    session: Session,
    credits: CreditsOption = None,
    frontend_url: FrontendOption = None,
    api_url: ApiOption = None,
    offline: OfflineOption = False,
) -> Answer:
    """Write creditctl.toml and .env by asking, after a look at what Stripe sold; never over an existing file.

    Without a terminal, options and guesses answer; a guess is shown with its reason. A key is never an option: it comes
    from the process environment, from an env file that is there, or from the terminal.
    """
    from creditctl.cli.project.drafting import InitOptions, draft

    options = InitOptions(parse_credits(credits or []), frontend_url, api_url, offline)
    drafts = draft(session, options)
    if not session.dry_run:
        _write(session, drafts)
    return Answer(_report(session, drafts), lambda console: _show(console, session, drafts))


def parse_credits(texts: list[str]) -> dict[str, int]:
    """What `--credits PRICE=N` said. Errors: ConfigurationError for what is none."""
    found = {}
    for text in texts:
        price, _, number = text.rpartition("=")
        if not (price and number.isascii() and number.isdigit() and int(number)):
            raise ConfigurationError(
                f"--credits {text} does not say what a price sells.",
                code="init.credits",
                fix="Write it as --credits price_…=1000.",
            )
        found[price] = int(number)
    return found


def _write(session: Session, drafts: Drafts) -> None:
    """Creates what is not there yet. Errors: ConfigurationError where somebody else was faster."""
    from creditctl.atomic_file import create_file
    from creditctl.checks.env.fixes import start_env
    from creditctl.checks.env.git import run_git

    if drafts.env_values is not None:
        start_env(session.wiring.folder, drafts.env_file, run_git, drafts.env_values)
    if drafts.project is None:
        return
    try:
        create_file(drafts.project_file, drafts.project.encode(), NEW_FILE_MODE)
    except OSError as error:
        taken = isinstance(error, FileExistsError)
        reason = "it is there already" if taken else (error.strerror or "unwritable").lower()
        raise ConfigurationError(
            f"{drafts.project_name} could not be written: {reason}.",
            code="init.unwritable",
            fix="It is never overwritten; look at it, and at the permissions of its folder.",
        ) from None


def _report(session: Session, drafts: Drafts) -> dict[str, Any]:
    written = not session.dry_run
    return {
        "env_file": {
            "path": str(drafts.env_file),
            "written": written and drafts.env_values is not None,
            "values": drafts.shown_values,
        },
        "project_file": {
            "path": drafts.project_name,
            "written": written and drafts.project is not None,
            "text": drafts.project,
        },
        "notes": list(drafts.notes),
    }


def _show(console: Console, session: Session, drafts: Drafts) -> None:
    for note in drafts.notes:
        console.print(note)
    verb = "Would write" if session.dry_run else "Wrote"
    if drafts.env_values is None:
        console.print(f"{drafts.env_file} is there already; it was left as it is.")
    else:
        console.print(f"{verb} {drafts.env_file} (mode 0600).")
    if drafts.project is None and drafts.project_there:
        console.print(f"{drafts.project_name} is there already; it was left as it is.")
    elif drafts.project is None:
        console.print(
            f"No {drafts.project_name} yet: once Stripe can be asked, by a key in {drafts.env_file}, run "
            "`creditctl init` again; or with --offline."
        )
    else:
        console.print(f"{verb} {drafts.project_name}.")
    if session.dry_run:
        for name, value in drafts.shown_values.items():
            console.print(f"  {name}={value}")
        console.print(drafts.project or "")
        console.print("Next: the same command without --dry-run")
        return
    status = "`creditctl status`"
    console.print(f"Next: {drafts.first}; then {status}" if drafts.first else f"Next: {status}")
