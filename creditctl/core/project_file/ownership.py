"""Whose sessions these are, as the project file says: deployment, the application's own mark, buyer, webhook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from creditctl.core.project_file.faults import shown
from creditctl.core.project_file.metadata_keys import flat_metadata, metadata_key
from creditctl.core.project_file.tables import TomlTable

WEBHOOK_PATH = "/api/credits/webhook"
"""Where a backend takes webhooks, below CREDITS_API_URL, unless the project file names another path."""

CLIENT_REFERENCE_ID = "client_reference_id"
_DEPLOYMENT = re.compile(r"[a-z0-9-]{1,30}")
_DEPLOYMENT_WORDS = "1 to 30 of a-z, 0-9 and -"
_WEBHOOK_PATH = re.compile(r"/[^\s?#{}]*")
_WEBHOOK_PATH_WORDS = "a path that begins with / and has no ?, no #, no braces and no blanks"


class SecretPlace(StrEnum):
    """Where the webhook's signing secret is kept: in these settings, or by a secret manager."""

    HERE = "here"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class DeploymentMatch:
    """The application's own mark of sessions that it made before us: a metadata key and the value that is ours."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class WebhookSection:
    """`[webhook]`. Shape: `path` is kept as given, slash at the end or not."""

    path: str = WEBHOOK_PATH
    secret: SecretPlace = SecretPlace.HERE

    @property
    def secret_is_elsewhere(self) -> bool:
        """Whether another place than the settings holds the signing secret."""
        return self.secret is SecretPlace.ELSEWHERE


def read_deployment(document: TomlTable) -> str | None:
    """`deployment`: the name of this installation among those that sell on one account."""
    return document.matching("deployment", _DEPLOYMENT, _DEPLOYMENT_WORDS)


def deployment_fault(name: str) -> str | None:
    """What is wrong with the name of a deployment, None for a good one: for names from elsewhere than the file."""
    return None if _DEPLOYMENT.fullmatch(name) else f"must be {_DEPLOYMENT_WORDS}, not {shown(name)}"


def webhook_path_fault(path: str) -> str | None:
    """What is wrong with a webhook path, None for a good one: for paths from elsewhere than the file."""
    return None if _WEBHOOK_PATH.fullmatch(path) else f"must be {_WEBHOOK_PATH_WORDS}, not {shown(path)}"


def read_deployment_match(document: TomlTable) -> DeploymentMatch | None:
    """`deployment_match`: one metadata key and its value."""
    pairs = flat_metadata(document, "deployment_match", "metadata.")
    if len(pairs) > 1:
        document.fault("deployment_match", "must have one key: a session has one mark of its deployment")
    return DeploymentMatch(*pairs[0]) if pairs else None


def read_user(document: TomlTable) -> tuple[str, ...]:
    """`user`: where a session carries the buyer, first that is set; empty where the file does not say."""
    places = document.texts("user")
    for place in places:
        if place != CLIENT_REFERENCE_ID and metadata_key(place) is None:
            document.fault("user", f'must name "{CLIENT_REFERENCE_ID}" or "metadata.KEY", not {shown(place)}')
    return places


def read_webhook(table: TomlTable | None) -> WebhookSection:
    """`[webhook]`."""
    if table is None:
        return WebhookSection()
    table.refuse_unknown(("path", "secret"))
    return WebhookSection(
        table.matching("path", _WEBHOOK_PATH, _WEBHOOK_PATH_WORDS) or WEBHOOK_PATH,
        table.choice("secret", SecretPlace) or SecretPlace.HERE,
    )
