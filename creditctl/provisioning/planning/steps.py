"""Plan, Step and Change: the set-up plan as values that can be printed, compared, saved and applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from creditctl.core.findings import Finding


class Action(StrEnum):
    """Action of a step on its object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    ADOPT = "adopt"
    RESTORE = "restore"
    ARCHIVE = "archive"
    DELETE = "delete"
    KEEP = "keep"


class StepKind(StrEnum):
    """Stripe's name for the kind of object."""

    PRODUCT = "product"
    PRICE = "price"
    ENDPOINT = "webhook_endpoint"


@dataclass(frozen=True, slots=True)
class Change:
    """Change of one field, old and new; both are plain JSON values."""

    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan: one request to Stripe, or none where the action is keep.

    Shape: `subject` is the package's slug or the endpoint's URL; `id` the object's, None while it has none;
           `params` what is sent, in which `@price:<slug>` stands for the price that an earlier step creates;
           `seed` goes into the idempotency key of a creation; `keeps` are the fingerprints of the signing secrets
           that stay accepted behind a new endpoint's own; `gives_up_secret` says that the endpoint goes although
           somebody may hold its secret.
    """

    action: Action
    kind: StepKind
    subject: str
    id: str | None = None
    changes: tuple[Change, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""
    seed: str = ""
    keeps: tuple[str, ...] = ()
    gives_up_secret: bool = False

    @property
    def metadata(self) -> Mapping[str, object]:
        """The metadata that the request sends; empty where it sends none."""
        sent = self.params.get("metadata")
        return sent if isinstance(sent, Mapping) else {}

    @property
    def title(self) -> str:
        """The step in a few words, for progress and the audit file."""
        name = f"{self.kind} {self.subject}" if self.id is None else f"{self.kind} {self.subject} ({self.id})"
        return f"{self.action} {name}"

    def as_dict(self) -> dict[str, object]:
        """The step as plain JSON values."""
        return {**asdict(self), "action": str(self.action), "kind": str(self.kind)}


@dataclass(frozen=True, slots=True)
class Scope:
    """Scope of a plan, by name: product ids, lookup keys, and the webhook URL where endpoints are planned."""

    products: tuple[str, ...] = ()
    lookup_keys: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Set-up plan: the steps that would make Stripe match, and findings about them.

    Shape: `fingerprint` is the digest of everything on Stripe that the plan was made from; `jumps` name the packages
           whose price or credits change by more than the bound.
    """

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...] = ()
    fingerprint: str = ""
    jumps: tuple[str, ...] = ()
    scope: Scope = Scope()

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.action is not Action.KEEP)

    @property
    def given_up(self) -> tuple[Step, ...]:
        """The steps after which a signing secret that somebody may hold is worth nothing."""
        return tuple(step for step in self.steps if step.gives_up_secret)

    @property
    def summary(self) -> dict[str, int]:
        """How many steps of each action."""
        return {str(action): sum(step.action is action for step in self.steps) for action in Action}

    def as_dict(self) -> dict[str, object]:
        """The plan as plain JSON values."""
        return {
            "fingerprint": self.fingerprint,
            "summary": self.summary,
            "jumps": list(self.jumps),
            "scope": asdict(self.scope),
            "steps": [step.as_dict() for step in self.steps],
        }


def step_from_dict(row: Mapping[str, Any]) -> Step:
    """Reads a step back from plain JSON values. Errors: KeyError, TypeError or ValueError if it is not one."""
    return Step(
        action=Action(row["action"]),
        kind=StepKind(row["kind"]),
        subject=str(row["subject"]),
        id=None if row["id"] is None else str(row["id"]),
        changes=tuple(Change(str(item["field"]), item["old"], item["new"]) for item in row["changes"]),
        params=dict(row["params"]),
        reason=str(row["reason"]),
        seed=str(row["seed"]),
        keeps=tuple(str(mark) for mark in row["keeps"]),
        gives_up_secret=bool(row["gives_up_secret"]),
    )
