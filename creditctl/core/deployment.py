"""Deployment: one installation that sells on an account, the mark it leaves in metadata, and its prefix in ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from creditctl.core.metadata import MANAGED_BY, MANAGED_BY_KEY, is_managed
from creditctl.core.project_file.ownership import DeploymentMatch

DEPLOYMENT_KEY = "deployment"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment, the unnamed one too: without a name everything is as if there were only one.

    Shape:  `match` is the application's own mark on sessions; `named_since` is when an unnamed one got its name, None
            for one that always had it.
    Units:  `named_since` in Unix seconds.
    """

    name: str | None = None
    match: DeploymentMatch | None = None
    named_since: int | None = None

    @property
    def words(self) -> str:
        """The deployment, for a sentence."""
        return deployment_words(self.name)


UNNAMED = Deployment()
"""The deployment of everybody who has only one."""


def deployment_words(name: str | None) -> str:
    """A deployment by its name, for a sentence."""
    return "no named deployment" if name is None else f"the deployment {name}"


def deployment_in(metadata: Mapping[str, object]) -> str | None:
    """The deployment that an object's metadata names; None where they name none."""
    name = metadata.get(DEPLOYMENT_KEY)
    return name if isinstance(name, str) and name else None


def is_of_deployment(metadata: Mapping[str, object], name: str | None) -> bool:
    """Whether set-up made an object for a deployment: it is ours and names it, or names none for the unnamed one."""
    return is_managed(metadata) and deployment_in(metadata) == name


def names_another(metadata: Mapping[str, object], name: str | None) -> bool:
    """Whether creditctl made an object for another deployment than this one."""
    return is_managed(metadata) and deployment_in(metadata) != name


def managed_metadata(name: str | None) -> dict[str, str]:
    """What marks an object as made by this deployment."""
    return {MANAGED_BY_KEY: MANAGED_BY} if name is None else {MANAGED_BY_KEY: MANAGED_BY, DEPLOYMENT_KEY: name}


def id_prefix(name: str | None) -> str:
    """What ids and lookup keys of a deployment begin with."""
    return f"{MANAGED_BY}_" if name is None else f"{MANAGED_BY}-{name}_"
