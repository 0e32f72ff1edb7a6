"""Model of `env check`: two env files, the process environment and the expected mode, as values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from creditctl.checks.env.dotenv_text import EnvBinding, EnvText
from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.findings import Finding, Severity
from creditctl.core.keys import parse_server_key
from creditctl.core.modes import Mode, decide_mode, is_emulator_base
from creditctl.core.settings import KNOWN_KEYS

PROCESS = "process environment"
"""The subject of findings about an exported variable."""

FRONTEND_KEYS = ("NEXT_PUBLIC_API_URL", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY")
_STRIPE_SECRET = re.compile(r"(?:sk|rk|rkcs)_(?:test|live)_\w|whsec_\w")
SECRET_KEYS = frozenset({"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"})
PATH_KEYS = ("CREDITCTL_LEDGER", "CREDITCTL_CATALOG", "CREDITCTL_AUDIT")
ALL_KEYS = frozenset((*KNOWN_KEYS, *FRONTEND_KEYS))
PUBLIC_PREFIXES = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "PUBLIC_", "GATSBY_")
"""Names that a frontend build tool copies into the JavaScript that every visitor downloads."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an env file lies.

    Shape: `permissions` are the low nine bits; each is None where it does not apply or could not be found out.
    """

    permissions: int | None = None
    tracked: bool | None = None
    ignored: bool | None = None
    git_unclear: str = ""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """One env file, present or not.

    Shape: `name` as the operator wrote it, `named` when it was; `raw` the text with its own line ends; `bad_utf8_line`
    where it stops being text.
    """

    name: str
    is_backend: bool
    named: bool = False
    exists: bool = False
    raw: str = field(default="", repr=False)
    content: EnvText = field(default_factory=EnvText)
    bad_utf8_line: int | None = None
    place: Place = field(default_factory=Place)

    def at(self, line: int) -> str:
        """The subject of a finding about a line."""
        return f"{self.name}:{line}"

    def setting(self, name: str) -> Setting | None:
        """A setting of this file, empty ones included; None where the name is absent."""
        binding = self.content.last(name)
        return None if binding is None else self.as_setting(binding)

    def as_setting(self, binding: EnvBinding) -> Setting:
        """A binding with the place where it stands."""
        return Setting(binding.name, binding.value or "", self.at(binding.line), binding)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it comes from; its `repr` never shows the value."""

    name: str
    value: str = field(repr=False)
    where: str
    binding: EnvBinding | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Place of a Stripe key in a file tracked by git.

    Shape: `where` is `file:line`; `livemode` is None for a signing secret, which says none; the key itself is not kept.
    """

    where: str
    livemode: bool | None


@dataclass(frozen=True, slots=True)
class EnvView:
    """View of the whole configuration, consistent at one moment.

    Shape: `process` holds only the names that we know, those that a frontend build would publish, and those whose value
    looks like a secret of Stripe's; `others` are further env files of the folder, such as `.env.production`, whose
    settings do not count here; `leaks` are places in files tracked by git that hold a key; `before_setup` says that
    set-up has yet to write the signing secret; `lost_paths` name settings whose path leads nowhere; `emulator_hosts`
    are those of other machines at which an emulator may be spoken to.
    """

    backend: EnvFile
    frontend: EnvFile
    process: Mapping[str, str] = field(default_factory=dict, repr=False)
    expected: Mode | None = None
    others: tuple[EnvFile, ...] = ()
    leaks: tuple[KeyPlace, ...] = ()
    before_setup: bool = False
    lost_paths: frozenset[str] = frozenset()
    emulator_hosts: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[EnvFile, ...]:
        """The files that exist."""
        return tuple(file for file in (self.backend, self.frontend) if file.exists)

    @property
    def all_files(self) -> tuple[EnvFile, ...]:
        """The files that exist, those of other deployments in the same folder too."""
        return (*self.files, *self.others)

    def winning(self, name: str) -> Setting | None:
        """The setting that counts, or None where it is absent or empty: the process wins, even with an empty value."""
        found = self._exported(name) or self._home(name).setting(name)
        return found if found is not None and found.value else None

    def all_winning(self) -> Iterator[Setting]:
        """Every known setting that has a value, in a fixed order."""
        for name in (*KNOWN_KEYS, *FRONTEND_KEYS):
            setting = self.winning(name)
            if setting is not None:
                yield setting

    def written(self) -> Iterator[Setting]:
        """Every value anywhere, known or not, the overridden ones too."""
        for file in self.files:
            yield from (file.as_setting(binding) for binding in file.content.bindings)
        yield from (Setting(name, value, PROCESS) for name, value in self.process.items())

    @property
    def found(self) -> Mode | None:
        """The mode that the settings say, or None where they do not say one."""
        key, base = self.winning("STRIPE_SECRET_KEY"), self.winning("STRIPE_API_BASE")
        try:
            parsed = parse_server_key("" if key is None else key.value.strip())
            return decide_mode(None if base is None else base.value.strip(), parsed.mode, self.emulator_hosts)
        except (ConfigurationError, GuardRefused):
            return None

    @property
    def rehearses_live(self) -> bool:
        """Whether live mode is rehearsed, with a made-up live key against an emulator."""
        base = self.winning("STRIPE_API_BASE")
        said = "" if base is None else base.value.strip()
        return self.mode is Mode.LIVE and self.found is Mode.LIVE and is_emulator_base(said, self.emulator_hosts)

    @property
    def mode(self) -> Mode | None:
        """The mode that everything is judged by: the expected one, else the one found."""
        return self.expected or self.found

    def _exported(self, name: str) -> Setting | None:
        return Setting(name, self.process[name], PROCESS) if name in self.process else None

    def _home(self, name: str) -> EnvFile:
        return self.frontend if name in FRONTEND_KEYS else self.backend


def process_part(environ: Mapping[str, str]) -> dict[str, str]:
    """Selects the part of a process environment that is ours to judge."""
    return {
        name: value
        for name, value in environ.items()
        if name in ALL_KEYS or name.startswith(PUBLIC_PREFIXES) or _STRIPE_SECRET.match(value.strip())
    }


def finding(code: str, severity: Severity, subject: str, message: str, fix: str) -> Finding:
    """Makes a finding of the env check: its code stands below `env.`."""
    return Finding(f"env.{code}", severity, subject, message, fix)
