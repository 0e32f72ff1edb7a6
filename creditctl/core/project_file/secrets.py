"""Secrets in a project file: found by their look, refused without showing them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import SECRET_PATTERN
from creditctl.core.project_file.lines import Path

_URL_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/@]*:[^\s/]+@", re.IGNORECASE)
_ALERT_URL = re.compile(r"https://hooks\.(?:slack\.com|[a-z0-9.-]+)/\S+", re.IGNORECASE)


def secret_places(value: object, before: Path = ()) -> Iterator[Path]:
    """Where in a document something stands that looks like a key, a signing secret or a URL with a password."""
    if isinstance(value, dict):
        for key, each in value.items():
            if _looks_secret(key):
                yield before
            yield from secret_places(each, (*before, key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from secret_places(each, (*before, place))
    elif isinstance(value, str) and _looks_secret(value):
        yield before


def _looks_secret(text: str) -> bool:
    return any(pattern.search(text) for pattern in (SECRET_PATTERN, _URL_WITH_PASSWORD, _ALERT_URL))


def secret_found(source: str, where: str) -> ConfigurationError:
    """The refusal of a file with a secret in it."""
    return ConfigurationError(
        f"{source} holds a secret: {where}. This file is for what anybody may read.",
        code="project.secret",
        fix="Write the secret into the env file under a name of its own, and that name here, as in "
        'url_env = "DATABASE_URL"; if this file was ever committed, replace the secret where it came from.',
    )
