"""Project file `creditctl.toml`: what is no secret, read from TOML text into one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from creditctl.core.project_file.faults import DocumentFaults, invalid_file, parse_toml
from creditctl.core.project_file.ownership import (
    DeploymentMatch,
    WebhookSection,
    read_deployment,
    read_deployment_match,
    read_user,
    read_webhook,
)
from creditctl.core.project_file.packages import FeesSection, PackageSection, read_fees, read_packages
from creditctl.core.project_file.running import (
    AlertSection,
    ArchiveSection,
    EmulatorSection,
    PolicySection,
    ReconcileSection,
    read_alert,
    read_archive,
    read_emulator,
    read_policy,
    read_reconcile,
)
from creditctl.core.project_file.secrets import secret_found, secret_places
from creditctl.core.project_file.simulate import SimulateSection, read_simulate
from creditctl.core.project_file.source import SourceSection, read_source
from creditctl.core.project_file.tables import TomlTable

PROJECT_FILE = "creditctl.toml"
PROJECT_KEYS = (
    "deployment", "deployment_match", "user", "webhook", "currency", "package", "fees", "source", "policy", "emulator",
    "reconcile", "archive", "alert", "simulate",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """What `creditctl.toml` says; without a file everything is as if nothing were written.

    Shape: `path` is the file, None where there is none; `folder` is what relative paths in it are relative to.
    """

    path: Path | None = None
    deployment: str | None = None
    deployment_match: DeploymentMatch | None = None
    user: tuple[str, ...] = ()
    webhook: WebhookSection = field(default_factory=WebhookSection)
    packages: tuple[PackageSection, ...] = ()
    fees: FeesSection = field(default_factory=FeesSection)
    source: SourceSection | None = None
    policy: PolicySection = field(default_factory=PolicySection)
    emulator: EmulatorSection = field(default_factory=EmulatorSection)
    reconcile: ReconcileSection = field(default_factory=ReconcileSection)
    archive: ArchiveSection = field(default_factory=ArchiveSection)
    alert: AlertSection = field(default_factory=AlertSection)
    simulate: SimulateSection = field(default_factory=SimulateSection)

    @property
    def folder(self) -> Path | None:
        """The folder of the file, None where there is none."""
        return None if self.path is None else self.path.parent


def parse_project_file(text: str, *, path: Path, source: str | None = None) -> ProjectFile:
    """Parses a project file, and judges it as a whole.

    Shape:  `source` is how messages call the file.
    Errors: ConfigurationError with every fault found and its line; for a secret.
    """
    name = source or str(path)
    try:
        document = parse_toml(text)
    except ValueError as error:
        raise invalid_file(name, f"it is not TOML: {error}") from None
    faults = DocumentFaults(text)
    _refuse_secrets(document, faults, name)
    project = _read(TomlTable(document, faults), path)
    if faults:
        raise invalid_file(name, faults)
    return project


def _read(document: TomlTable, path: Path) -> ProjectFile:
    document.refuse_unknown(PROJECT_KEYS)
    if "policy" in document.values and not {"source", "simulate"} & document.values.keys():
        document.fault("policy", "is about an application's own credits: it needs [source] or [simulate]")
    return ProjectFile(
        path=path,
        deployment=read_deployment(document),
        deployment_match=read_deployment_match(document),
        user=read_user(document),
        webhook=read_webhook(document.table("webhook")),
        packages=read_packages(document),
        fees=read_fees(document.table("fees")),
        source=read_source(document.table("source")),
        policy=read_policy(document.table("policy")),
        emulator=read_emulator(document.table("emulator")),
        reconcile=read_reconcile(document.table("reconcile")),
        archive=read_archive(document.table("archive")),
        alert=read_alert(document.table("alert")),
        simulate=read_simulate(document.table("simulate")),
    )


def _refuse_secrets(document: dict[str, Any], faults: DocumentFaults, source: str) -> None:
    """Before anything else is said, so that no message can show one."""
    for place in secret_places(document):
        faults.add(place, ".".join(str(part) for part in place if isinstance(part, str)) or "a key")
    if faults:
        raise secret_found(source, str(faults))
