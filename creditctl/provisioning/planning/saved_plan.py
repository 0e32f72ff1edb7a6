"""Saved plan (--plan-out, --plan): written as JSON, read back, applied exactly or refused when Stripe has moved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creditctl.atomic_file import replace_file
from creditctl.core.deployment import deployment_words
from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.provisioning.planning.plan import fingerprint
from creditctl.provisioning.planning.steps import Plan, Scope, step_from_dict
from creditctl.provisioning.state import Observed, digest

SCHEMA = "creditctl.plan.v1"


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan, and the account and deployment that it was made for."""

    account: str
    livemode: bool
    plan: Plan
    deployment: str | None = None


def save_plan(path: Path, saved: SavedPlan) -> None:
    """Writes the plan as JSON, at once. Errors: ConfigurationError where the file cannot be written."""
    owner = {"account": saved.account, "livemode": saved.livemode, "deployment": saved.deployment}
    body = {"schema": SCHEMA, **owner, "plan": saved.plan.as_dict()}
    try:
        replace_file(path, (json.dumps({**body, "digest": digest(body)}, indent=2) + "\n").encode())
    except OSError as error:
        raise ConfigurationError(
            f"The plan could not be kept in {path}: {error.strerror}.",
            code="setup.plan_out",
            fix="Name a file in a folder that can be written with --plan-out.",
        ) from error


def load_plan(path: Path) -> SavedPlan:
    """Reads a plan from a file. Errors: ConfigurationError if it cannot be read or is no plan of ours."""
    try:
        body: Any = json.loads(path.read_text(encoding="utf-8"))
        if body["schema"] != SCHEMA:
            raise ValueError(body["schema"])
        _require_unchanged(path, body)
        row = body["plan"]
        scope = Scope(tuple(row["scope"]["products"]), tuple(row["scope"]["lookup_keys"]), row["scope"]["url"])
        steps = tuple(step_from_dict(step) for step in row["steps"])
        plan = Plan(steps, fingerprint=str(row["fingerprint"]), jumps=tuple(row["jumps"]), scope=scope)
        return SavedPlan(str(body["account"]), bool(body["livemode"]), plan, body["deployment"])
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
    except (ValueError, KeyError, TypeError):
        reason = "it is not a plan made by `creditctl setup --plan-out`"
    raise ConfigurationError(
        f"The plan {path} cannot be used: {reason}.",
        code="setup.plan_file",
        fix="Make one with `creditctl setup --dry-run --plan-out FILE`.",
    )


def _require_unchanged(path: Path, body: dict[str, Any]) -> None:
    """A plan is what somebody looked at: one that was edited since, or is only half there, is another plan."""
    if digest({name: value for name, value in body.items() if name != "digest"}) == body["digest"]:
        return
    raise ConfigurationError(
        f"The plan {path} was changed after it was made; nothing was applied.",
        code="setup.plan_changed",
        fix="Make a new plan with `creditctl setup --dry-run --plan-out FILE`, and look at it again.",
    )


def require_unmoved(
    saved: SavedPlan, observed: Observed, *, account: str, livemode: bool, deployment: str | None
) -> None:
    """Refuses a plan for another account or deployment, or one that Stripe moved away from. Errors: GuardRefused."""
    if (saved.account, saved.livemode) != (account, livemode):
        raise GuardRefused(
            f"The plan was made for {saved.account}, and the key belongs to {account}, or to its other mode.",
            code="setup.plan_account",
            fix="Use the key that the plan was made with, or make a new plan.",
        )
    if saved.deployment != deployment:
        raise GuardRefused(
            f"The plan was made for {deployment_words(saved.deployment)}, and this is {deployment_words(deployment)}.",
            code="setup.plan_deployment",
            fix="Apply it with the settings that it was made with, or make a new plan.",
        )
    if fingerprint(saved.plan.scope, observed) != saved.plan.fingerprint:
        raise GuardRefused(
            "Stripe has changed since the plan was made; nothing was applied.",
            code="setup.plan_stale",
            fix="Make a new plan with `creditctl setup --dry-run --plan-out FILE`, and look at it again.",
        )
