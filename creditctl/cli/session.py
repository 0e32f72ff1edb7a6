"""Session: what a command is handed while it runs. It opens what the command declared, at first use, once."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.cli.guard import (
    DELIVERING,
    FORGETTING,
    agrees,
    agrees_to_post,
    asker,
    confirm_changes,
    confirm_deliveries,
    confirm_entries,
    confirm_live_writes,
)
from creditctl.cli.opening import (
    ledger_beside_stripe,
    ledger_by_itself,
    open_archive,
    require_no_foreign_ledger,
)
from creditctl.cli.output import Conversation, ReaderLeft, print_answer
from creditctl.cli.uses import FileUse, Uses, Writes
from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from creditctl.cli.output import Answer
    from creditctl.core.catalog import Catalog
    from creditctl.core.live_guard import Ask
    from creditctl.core.modes import Mode
    from creditctl.core.project_file.options import PlainValues
    from creditctl.core.project_file.project import ProjectFile
    from creditctl.core.settings import Settings
    from creditctl.ledger.archive.store import Archive
    from creditctl.ledger.store import Ledger
    from creditctl.stripe_api.client import StripeConnection
    from creditctl.stripe_api.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class SharedOptions:
    """The options that mean the same in every command; what a command does not take keeps its default."""

    mode: Mode | None = None
    env_file: Path | None = None
    deployment: str | None = None
    webhook_path: str | None = None
    ledger: Path | None = None
    yes: bool = False
    confirm: str | None = None
    dry_run: bool = False
    as_json: bool = False


@dataclass
class Session(Conversation):
    """One run of one command: its options, its conversation, and what it declared to use, opened at first use.

    Shape:  `retry_policy` is how long to bear with Stripe, None the usual; a command sets it before it uses `stripe`,
            and `offline` where it sends nothing there. `quiet` shows no plan that needs no answer: `--yes` gave it.
    Errors: what the opening raises (ConfigurationError, GuardRefused, LedgerError); RuntimeError where a command uses
            what it did not declare.
    """

    options: SharedOptions = field(default_factory=SharedOptions)
    uses: Uses = field(default_factory=Uses)
    stack: ExitStack = field(default_factory=ExitStack)
    retry_policy: RetryPolicy | None = None
    offline: bool = False
    quiet: bool = False

    @property
    def silent(self) -> bool:
        """Whether nobody wants to see what is about to be done."""
        return self.quiet and self.options.yes

    @property
    def dry_run(self) -> bool:
        """Whether only the plan is wanted."""
        return self.options.dry_run

    @cached_property
    def settings(self) -> Settings:
        """The merged settings, their mode proven to be the expected one."""
        return self.read_settings()

    @property
    def project(self) -> ProjectFile:
        """What `creditctl.toml` says; an empty value where there is none."""
        return self.settings.project

    def read_settings(self) -> Settings:
        """The settings as they stand now: a run at the same time may have stored a secret since the first look.

        Shape: it stores the secret before it marks the endpoint, so each mark that was seen is one of a secret here.
        """
        return self.wiring.settings(self.options.env_file, self.options.mode, self.plain_values)

    def settings_of_any_mode(self) -> Settings:
        """The settings, --mode not held against them: without a key, the ledger itself says which mode it is of."""
        return self.wiring.settings(self.options.env_file, plain=self.plain_values)

    @property
    def plain_values(self) -> PlainValues:
        """The values of the project file that options said instead."""
        from creditctl.core.project_file.options import PlainValues

        return PlainValues(self.options.deployment, self.options.webhook_path)

    def catalog(self, named: Path | None = None) -> Catalog:
        """The packages: of the file that was named, of the settings, or the five that come with creditctl.

        Errors: ConfigurationError where they stand in two places, or are not valid.
        """
        return self.catalog_of(self.settings, named)

    def catalog_of(self, settings: Settings, named: Path | None = None) -> Catalog:
        """The packages by settings that are at hand. Errors: as `catalog`."""
        from creditctl.core.catalog import catalog_of_project

        own = catalog_of_project(settings.project, another=named or settings.catalog_path)
        found = self.wiring.catalog(named or settings.catalog_path) if own is None else own
        return found.read_by(settings.project).sold_by(settings.deployment)

    @cached_property
    def stripe(self) -> StripeConnection:
        """The connection to Stripe."""
        _require(self.uses.stripe, "stripe")
        audited = self.uses.writes.audited
        return self.stack.enter_context(self.wiring.stripe(self.settings, audited=audited, policy=self.retry_policy))

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger. Errors: LedgerError where there is none (unless it is created), or it is another account's."""
        _require(self.uses.ledger, "ledger")
        return self.stack.enter_context(self._open_ledger())

    def _open_ledger(self) -> Ledger:
        use, wiring = self.uses.ledger, self.wiring
        if self.uses.stripe and not self.offline:
            path = self.ledger_path
            if use and self.project.source is not None:
                use = FileUse.CREATE  # it holds findings and runs only: nobody has to begin a ledger for that
                path = path if path.exists() or self._leaves_files else self.scratch_folder / path.name
            return ledger_beside_stripe(path, use, settings=self.settings, stripe=self.stripe, wiring=wiring)
        return self._ledger_by_itself()

    @property
    def _leaves_files(self) -> bool:
        """Whether files beside an application's own rows are made: not by a dry run, nor by a mere look at them."""
        return not self.dry_run and self.uses.ledger is not FileUse.IF_THERE

    def _ledger_by_itself(self) -> Ledger:
        named, settings = self.options.ledger, self.settings_of_any_mode()
        return ledger_by_itself(named, settings=settings, expected=self.options.mode, wiring=self.wiring)

    def opened(self, name: str) -> bool:
        """Whether a part of the session, such as `ledger`, is in use already."""
        return name in self.__dict__

    def offline_ledger(self) -> Ledger:
        """The ledger, Stripe not asked whose the key is: for what only reads what is kept. Errors: as `ledger`."""
        _require(self.uses.ledger, "ledger")
        return self.stack.enter_context(self._ledger_by_itself())

    @cached_property
    def ledger_if_there(self) -> Ledger | None:
        """The ledger, None where the application keeps its own elsewhere."""
        _require(self.uses.ledger, "ledger")
        return self.ledger if self.ledger_path.exists() or self.project.source is not None else None

    @property
    def ledger_path(self) -> Path:
        """Where the ledger lies: --ledger, or what the settings say."""
        named = self.options.ledger
        return self.settings.ledger_path if named is None else self.wiring.folder / named

    @cached_property
    def archive(self) -> Archive | None:
        """The archive of events; None where there is none yet, unless the command makes it. A dry run makes none."""
        _require(self.uses.archive, "archive")
        use = FileUse.IF_THERE if self.dry_run else self.uses.archive
        opened = open_archive(use, settings=self.settings, stripe=self.stripe)
        return None if opened is None else self.stack.enter_context(opened)

    @cached_property
    def archive_beside_ledger(self) -> Archive:
        """The archive beside the ledger. Shape: made where there is none, but by a mere look at an application's rows
        only for as long as that takes; a dry run reads and writes a copy.
        """
        from creditctl.ledger.archive.location import archive_exists, archive_path
        from creditctl.ledger.archive.store import Archive

        account = self.settings.account_id if self.offline else self.stripe.account_id
        livemode, path = self.stripe.livemode, archive_path(self.ledger_path)
        if self.dry_run:
            copy = self.scratch_folder / path.name
            if archive_exists(path):
                with Archive.open(path, account=account, livemode=livemode, create=False) as kept:
                    kept.copy_to(copy)
            path = copy
        elif not (self._leaves_files or self.offline or archive_exists(path)):
            path = self.scratch_folder / path.name
        return self.stack.enter_context(Archive.open(path, account=account, livemode=livemode, create=not self.offline))

    @cached_property
    def scratch_folder(self) -> Path:
        """A folder for what a look has to write, gone at the end of the command."""
        from creditctl.ledger.sqlite.scratch_folder import scratch_folder

        return self.stack.enter_context(scratch_folder("look"))

    @cached_property
    def ask(self) -> Ask | None:
        """How to ask a person; None where nobody would answer, or no question is wanted."""
        return asker(self, yes=self.options.yes)

    def agreed(self, question: str) -> bool:
        """Whether a person says yes, or nobody has to be asked: --yes."""
        return self.options.yes or (self.ask is not None and agrees(self.ask, question))

    def agreed_to_post(self, lines: Sequence[str]) -> bool:
        """Shows what will be posted, and whether a person agrees. Errors: GuardRefused where nobody can be asked."""
        return agrees_to_post(self, () if self.silent else lines, yes=self.options.yes, ask=self.ask)

    def agreed_to_deliver(self, lines: Sequence[str]) -> bool:
        """As `agreed_to_post`, for events that are to be delivered again."""
        shown = () if self.silent else lines
        return agrees_to_post(self, shown, yes=self.options.yes, ask=self.ask, words=DELIVERING)

    def agreed_to_forget(self, lines: Sequence[str]) -> bool:
        """As `agreed_to_post`, for what is to be removed."""
        return agrees_to_post(self, lines, yes=self.options.yes, ask=self.ask, words=FORGETTING)

    def guard_deliveries(self) -> None:
        """The live guard before events are delivered to a backend. Errors: GuardRefused."""
        confirm_deliveries(self.stripe, expected=self.options.mode, confirm=self.options.confirm, ask=self.ask)

    def confirm_stripe_changes(self) -> None:
        """The question before Stripe is changed, in every mode. Errors: GuardRefused, also for another's ledger."""
        require_no_foreign_ledger(self.settings, self.stripe, self.wiring)
        confirm_changes(
            self.stripe,
            expected=self.options.mode,
            confirm=self.options.confirm,
            yes=self.options.yes,
            ask=self.ask,
        )

    def guard_stripe(self) -> None:
        """The live guard alone, for deliveries and single writes. Errors: GuardRefused."""
        confirm_live_writes(self.stripe, expected=self.options.mode, confirm=self.options.confirm, ask=self.ask)

    def guard_entries(self, mode: Mode | None) -> None:
        """The live guard before entries are posted. Shape: `mode` is the key's, None without one."""
        confirm_entries(self.ledger, mode=mode, expected=self.options.mode, confirm=self.options.confirm, ask=self.ask)


def _require(use: object, name: str) -> None:
    """A command that uses what it did not declare is a mistake of ours."""
    if not use:
        raise RuntimeError(f"the command does not declare {name}=…")


def answered(session: Session, answering: Callable[[], Answer]) -> int:
    """Runs a command and prints its answer. Shape: the exit code.

    Errors: ReaderLeft where nobody reads the answer to its end: the exit code says it all the same; and one that
            changes something and loses its reader on the way was stopped, not done.
    """
    try:
        answer = answering()
    except BrokenPipeError:
        if session.uses.writes is Writes.NOTHING:
            raise
        raise ReaderLeft(ExitCode.STOPPED) from None
    try:
        return print_answer(session, answer)
    except BrokenPipeError:
        raise ReaderLeft(answer.exit_code) from None
