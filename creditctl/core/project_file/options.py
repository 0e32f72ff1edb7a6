"""Plain values of the project file that a command line says instead: judged by the same rules, and winning over it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from creditctl.core.errors import UsageError
from creditctl.core.project_file.ownership import deployment_fault, webhook_path_fault
from creditctl.core.project_file.project import ProjectFile


@dataclass(frozen=True, slots=True)
class PlainValues:
    """What options said. Shape: None where one was not given."""

    deployment: str | None = None
    webhook_path: str | None = None

    def over(self, project: ProjectFile) -> ProjectFile:
        """The project file with these values in it. Errors: UsageError for one that the file could not hold."""
        if self.deployment is not None:
            _require("--deployment", deployment_fault(self.deployment))
            project = replace(project, deployment=self.deployment)
        if self.webhook_path is not None:
            _require("--webhook-path", webhook_path_fault(self.webhook_path))
            project = replace(project, webhook=replace(project.webhook, path=self.webhook_path))
        return project


def _require(option: str, fault: str | None) -> None:
    if fault is not None:
        raise UsageError(f"{option} {fault}.", code="usage.project_value", fix="Correct it, or leave it away.")
