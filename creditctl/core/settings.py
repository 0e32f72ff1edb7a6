"""Settings: `.env`, process environment and `creditctl.toml` as one value, with the source of each part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from creditctl.core.deployment import Deployment
from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.keys import ApiKey, Secret, parse_server_key, parse_webhook_secrets
from creditctl.core.modes import STRIPE_API_BASE, Mode, decide_mode, is_listed_emulator, is_loopback_url
from creditctl.core.project_file.project import ProjectFile

KNOWN_KEYS = (
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "FRONTEND_URL",
    "CREDITS_API_URL",
    "STRIPE_API_BASE",
    "STRIPE_ACCOUNT_ID",
    "CREDITCTL_LEDGER",
    "CREDITCTL_CATALOG",
    "CREDITCTL_AUDIT",
    "CREDITCTL_CONFIG",
)
"""Every setting that the backend side knows, in the order of `.env.example`."""


def say_nothing(_name: str) -> None:
    """Tells nobody of a conflict: for questions that no answer hangs on."""


@dataclass(frozen=True)
class Settings:
    """The merged settings; each part is parsed, and may be refused, only when it is asked for.

    Shape: `values` holds the texts that won, `conflicts` the names whose file value the process environment overrides,
           and `on_conflict` is told of one whenever its value is used; `project` is what `creditctl.toml` says.
    """

    values: Mapping[str, str] = field(repr=False)
    env_file: Path
    folder: Path
    from_process: frozenset[str] = frozenset()
    conflicts: tuple[str, ...] = ()
    project: ProjectFile = field(default_factory=ProjectFile)
    on_conflict: Callable[[str], None] = field(default=say_nothing, repr=False, compare=False)

    def text(self, name: str) -> str | None:
        """A setting as it was written, or None where it is absent or empty."""
        if name in self.conflicts:
            self.on_conflict(name)
        return self.values.get(name) or None

    def source(self, name: str) -> str:
        """Where a setting's value comes from, for messages."""
        if name not in self.values:
            return "nowhere"
        return "the process environment" if name in self.from_process else str(self.env_file)

    def require(self, name: str) -> str:
        """A setting that the command cannot do without.

        Errors: ConfigurationError saying where it could be written.
        """
        value = self.text(name)
        if value is None:
            raise ConfigurationError(
                f"{name} is not set.",
                code="env.missing",
                fix=f"Write {name}=… into {self.env_file}, or export it; "
                "`creditctl init` asks and writes it, and `creditctl demo` needs none.",
            )
        return value

    @property
    def api_key(self) -> ApiKey:
        """The key for Stripe. Errors: ConfigurationError if it is missing or malformed."""
        return parse_server_key(self.require("STRIPE_SECRET_KEY"))

    @property
    def api_base(self) -> str:
        """Where Stripe's API is, without a trailing slash."""
        return (self.text("STRIPE_API_BASE") or STRIPE_API_BASE).rstrip("/")

    @property
    def mode(self) -> Mode:
        """The mode at hand. Errors: ConfigurationError on a bad key or base."""
        return decide_mode(self.api_base, self.api_key.mode, self.project.emulator.hosts)

    @property
    def rehearses_live(self) -> bool:
        """Whether live mode is rehearsed: a live key of an emulator's, and an emulator in place of Stripe."""
        return self.mode_or_none is Mode.LIVE and self.api_base != STRIPE_API_BASE

    @property
    def emulator_is_elsewhere(self) -> bool:
        """Whether the base is an emulator on another host, as creditctl.toml lists it."""
        return not is_loopback_url(self.api_base) and is_listed_emulator(self.api_base, self.project.emulator.hosts)

    @property
    def mode_or_none(self) -> Mode | None:
        """The mode, or None where the settings do not say one: for documents that report failures."""
        try:
            return replace(self, on_conflict=say_nothing).mode
        except (ConfigurationError, GuardRefused):
            return None

    @property
    def account_id(self) -> str | None:
        """The account that is pinned, if any."""
        return self.text("STRIPE_ACCOUNT_ID")

    @property
    def webhook_secrets(self) -> tuple[Secret, ...]:
        """The signing secrets, newest first; empty where none is set."""
        return parse_webhook_secrets(self.text("STRIPE_WEBHOOK_SECRET") or "")

    @property
    def frontend_url(self) -> str:
        """The storefront's URL without a trailing slash. Errors: ConfigurationError if missing."""
        return self.require("FRONTEND_URL").rstrip("/")

    @property
    def webhook_url(self) -> str | None:
        """Where Stripe should deliver events, or None where the backend's public URL is not set."""
        base = self.text("CREDITS_API_URL")
        return None if base is None else base.rstrip("/") + self.webhook_path

    @property
    def deployment(self) -> Deployment:
        """Which installation on the account this is; when it got its name, only its ledger knows."""
        return Deployment(self.project.deployment, self.project.deployment_match)

    @property
    def webhook_path(self) -> str:
        """Where the backend takes webhooks, below its public URL."""
        return self.project.webhook.path

    @property
    def webhook_url_is_local(self) -> bool:
        """Whether only this machine could reach the webhook URL."""
        return self.webhook_url is not None and is_loopback_url(self.webhook_url)

    @property
    def ledger_path(self) -> Path:
        """The ledger file: as set, else creditctl.db in live and creditctl-<mode>.db otherwise.

        Shape: a rehearsal of live mode has a file of its own, so that it never takes the place of the real one.
        """
        chosen = self.text("CREDITCTL_LEDGER")
        if chosen is not None:
            return self.folder / Path(chosen).expanduser()
        if self.mode is not Mode.LIVE:
            return self.folder / f"creditctl-{self.mode}.db"
        return self.folder / ("creditctl-rehearsal.db" if self.rehearses_live else "creditctl.db")

    @property
    def catalog_path(self) -> Path | None:
        """Another catalogue of packages, if one is set."""
        chosen = self.text("CREDITCTL_CATALOG")
        return None if chosen is None else self.folder / Path(chosen).expanduser()

    @property
    def audit_path(self) -> Path:
        """Where every change to Stripe is noted: as set, else beside the ledger."""
        chosen = self.text("CREDITCTL_AUDIT")
        if chosen is not None:
            return self.folder / Path(chosen).expanduser()
        ledger = self.ledger_path
        return ledger.with_name(f"{ledger.stem}-audit.jsonl")


def merge_settings(
    file: Mapping[str, str | None],
    process: Mapping[str, str],
    *,
    env_file: Path,
    folder: Path,
    on_conflict: Callable[[str], None] = say_nothing,
) -> Settings:
    """Merges the settings of one run: the process environment wins over the file, and every conflict is kept.

    Shape: `folder` is what relative paths in settings are relative to; `on_conflict` is told the name of a setting
           with two values when it is used.
    """
    from_file = {name: value for name, value in file.items() if value is not None}
    from_process = {name: process[name] for name in KNOWN_KEYS if name in process}
    conflicts = tuple(
        name
        for name in KNOWN_KEYS
        if name in from_file and name in from_process and from_file[name] != from_process[name]
    )
    return Settings(
        values={**from_file, **from_process},
        env_file=env_file,
        folder=folder,
        from_process=frozenset(from_process),
        conflicts=conflicts,
        on_conflict=on_conflict,
    )
