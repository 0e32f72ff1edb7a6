"""`creditctl ledger import --guess`: proposes a mapping for an application's rows, and writes it where asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.output import Answer
from creditctl.core.errors import ConfigurationError, ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from creditctl.cli.ledger.import_source import SourceOptions
    from creditctl.cli.session import Session
    from creditctl.core.settings import Settings
    from creditctl.sources.guess.source_guess import SourceGuess


def guess_answer(session: Session, wanted: SourceOptions, *, write: bool) -> Answer:
    """The proposal, shown; with `write` it goes into creditctl.toml, if a person agrees.

    Shape: exit 1 where it is not whole.
    """
    from creditctl.cli.project.guessed_rows import proposal_text
    from creditctl.cli.render import source_guess as render
    from creditctl.sources.guess.by_recipe import by_recipe

    settings = session.settings_of_any_mode()
    guess = by_recipe(_by_stripe(session, settings, wanted))
    text = proposal_text(guess)
    written = _write(session, settings, guess) if write else None
    report = {**guess.as_dict(), "toml": text, "written": None if written is None else str(written)}
    return Answer(
        report,
        lambda console: render.guessed(console, guess, text, written),
        exit_code=ExitCode.OK if guess.whole else ExitCode.FINDINGS,
    )


def _by_stripe(session: Session, settings: Settings, wanted: SourceOptions) -> SourceGuess:
    """The proposal as Stripe completes it, where it can be asked: zone, unit and mode, and how users are written there.

    Errors: UsageError where nothing can be guessed; those of reading.
    """
    from creditctl.cli.project.guessed_rows import guessed_rows
    from creditctl.cli.project.source import SourceLook
    from creditctl.cli.project.stripe_look import look_at_stripe

    guess, rows = guessed_rows(session, settings, wanted.source, wanted.url_env, wanted.table)
    look = look_at_stripe(session, settings, SourceLook(guess, rows))
    for note in look.notes:
        session.say(note)
    return look.source.guess or guess


def _write(session: Session, settings: Settings, guess: SourceGuess) -> Path | None:
    """Writes the proposal into the project file, if a person agrees. Errors: UsageError, ConfigurationError."""
    from creditctl.cli.project_file import replace_project_file
    from creditctl.core.project_file.project import PROJECT_FILE, parse_project_file
    from creditctl.core.project_file.writing import added_text
    from creditctl.sources.guess.writing import written_sections

    path = settings.project.path or session.wiring.folder / PROJECT_FILE
    text = path.read_bytes().decode() if path.exists() else ""  # line ends stay as they are
    try:
        for section in written_sections(guess):
            text = added_text(text, section)
    except ValueError as error:
        raise ConfigurationError(
            f"{path} was not changed: {error}.",
            code="source.guess_written",
            fix="Take [source] out of it first, or copy the lines that the guess shows.",
        ) from None
    parse_project_file(text, path=path)
    if session.dry_run or not session.agreed(f"Write this into {path}?"):
        session.say("Nothing was written.")
        return None
    replace_project_file(path, text)
    return path
