"""Diff of observed and desired fields, and the update parameters that close it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from creditctl.provisioning.planning.steps import Change


def differences(have: Mapping[str, object], want: Mapping[str, object]) -> tuple[Change, ...]:
    """Compares the desired fields; those that differ, as changes."""
    return tuple(Change(name, have[name], want[name]) for name in want if have[name] != want[name])


def all_new(want: Mapping[str, object]) -> tuple[Change, ...]:
    """Changes for something that does not exist yet: every field is new."""
    return tuple(Change(name, None, value) for name, value in want.items())


def metadata_changes(have: Mapping[str, str], want: Mapping[str, str]) -> tuple[Change, ...]:
    """Compares metadata by our own keys only; what others wrote stays."""
    return tuple(
        Change(f"metadata.{name}", have.get(name), want[name]) for name in want if have.get(name) != want[name]
    )


def update_params(changes: Sequence[Change]) -> dict[str, object]:
    """Update parameters that make these changes. Source: Stripe API reference, "Metadata": an update merges keys."""
    params: dict[str, object] = {change.field: change.new for change in changes if "." not in change.field}
    metadata = {change.field.partition(".")[2]: change.new for change in changes if "." in change.field}
    return {**params, "metadata": metadata} if metadata else params
