"""Users of a source: how the application's ids are written on Stripe. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from creditctl.core.entitlement.user_ids import canonical_uuid
from creditctl.core.project_file.source import SourceUsers, UserForm


@dataclass(frozen=True)
class UserNames:
    """Translation of user ids to those on Stripe.

    Shape: `known` are pairs from a query or a file; `earlier` those that it gave before, of users who are gone.
    """

    users: SourceUsers = field(default_factory=SourceUsers)
    known: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, str] = field(default_factory=dict)

    def on_stripe(self, owner: str) -> str:
        """The user as Stripe has them."""
        if self.users.prefix is not None:
            return owner if owner.startswith(self.users.prefix) else f"{self.users.prefix}{owner}"
        if self.users.form is UserForm.UUID:
            return canonical_uuid(owner) or owner
        return self.known.get(owner) or self.earlier.get(owner, owner)


def sameness(users: SourceUsers) -> Callable[[str], str]:
    """What two spellings of one user have in common."""
    return canonical_or_same if users.form is UserForm.UUID else str


def canonical_or_same(text: str) -> str:
    """A UUID in its usual form, another text as it is."""
    return canonical_uuid(text) or text
