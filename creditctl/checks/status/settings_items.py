"""Status of the settings: env file, project file, mode, deployment, catalogue. Asks nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from creditctl.checks.status.items import StatusItem, absent, known, looked_at, unknown, unsettled
from creditctl.core.catalog import Catalog
from creditctl.core.deployment import deployment_words
from creditctl.core.errors import CreditctlError
from creditctl.core.project_file.project import PROJECT_FILE, ProjectFile
from creditctl.core.settings import Settings
from creditctl.core.text import plural
from creditctl.ledger.owner import LedgerOwner
from creditctl.provisioning.scaffold.project_text import open_remarks

NEEDED = ("STRIPE_SECRET_KEY", "CREDITS_API_URL", "FRONTEND_URL")
"""What an installation has to say; the signing secret comes with set-up."""


def needed_settings(settings: Settings) -> tuple[str, ...]:
    """The settings that are needed; where an application keeps the entries, and sells itself, only the key."""
    return NEEDED if settings.project.source is None else NEEDED[:1]


def settings_item(settings: Settings, *, there: bool) -> StatusItem:
    """The settings: which of those that are needed are said, and where. Shape: `there` is whether the file exists."""
    title, needed = "Settings", needed_settings(settings)
    missing = [name for name in needed if settings.text(name) is None]
    said = [name for name in needed if name not in missing]
    if not there and not said:
        return absent("settings", title, f"there is no {settings.env_file}, and the process environment says nothing")
    where = str(settings.env_file) if there else "the process environment"
    if missing:
        return unsettled("settings", title, f"{where}, without {', '.join(missing)}")
    return known("settings", title, where)


def project_item(project: ProjectFile | None, error: CreditctlError | None, shown: Callable[[Path], str]) -> StatusItem:
    """The project file, and what in it waits for a person: of those sales nothing can be judged.

    Shape: `shown` writes a path as a person would.
    """
    title = "Project file"
    if error is not None:
        return unknown("project", title, error.message)
    if project is None or project.path is None:
        return absent("project", title, f"there is no {PROJECT_FILE}: one deployment, the packages of creditctl")
    waiting = open_remarks(project.path.read_text(encoding="utf-8"))
    more = f"; {plural(waiting, 'remark')} to be completed, or deleted: credits = …" if waiting else ""
    return known("project", title, f"{shown(project.path)}{more}")


def mode_item(settings: Settings) -> StatusItem:
    """The mode that key and base say."""
    return looked_at("mode", "Mode", lambda: known("mode", "Mode", str(settings.mode)))


def deployment_item(settings: Settings, error: CreditctlError | None, ledger: LedgerOwner | None) -> StatusItem:
    """The deployment, where the project file could be read, and whether the ledger that is there has its name."""
    title = "Deployment"
    if error is not None:
        return unknown("deployment", title, "the project file cannot be read")
    name = settings.deployment.name
    if ledger is not None and ledger.deployment != name:
        whose, said = deployment_words(ledger.deployment), deployment_words(name)
        return unsettled("deployment", title, f"the ledger belongs to {whose}, and the settings name {said}")
    return known("deployment", title, "the only one on its account (it has no name)" if name is None else name)


def catalog_item(read: Callable[[], Catalog], where: str) -> StatusItem:
    """The packages, and where they stand."""
    title = "Packages"

    def look() -> StatusItem:
        catalog = read()
        slugs = {package.slug for package in catalog} | {listing.package for listing in catalog.listings.entries}
        return known("catalog", title, f"{plural(len(slugs), 'package')} {where}")

    return looked_at("catalog", title, look)
