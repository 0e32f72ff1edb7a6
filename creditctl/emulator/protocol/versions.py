"""API versions: which are accepted, and what an older one sees otherwise.

Source: Stripe docs, "Versioning"; Stripe changelog, 2026-03-25.dahlia (`ui_mode` renamed) and 2026-09-30.endive
(`payment_method_types` not writable).
"""

import re

from creditctl.emulator.protocol.errors import invalid

API_VERSION = "2026-10-28.endive"
"""The default. Source: the version pinned by stripe-python 16.1.0."""
_VERSION = re.compile(r"(20[12][0-9]-[0-1][0-9]-[0-3][0-9])(?:\.([a-z]+))?(; [a-z_]+=v[0-9]+)*\Z")
_RELEASES = (
    ("2026-09-30", "endive"),
    ("2026-03-25", "dahlia"),
    ("2025-09-30", "clover"),
    ("2025-03-31", "basil"),
    ("2024-09-30", "acacia"),
)
"""Since when a version carries which name; preview versions are dated alike."""
RENAMED_UI_MODES_SINCE = "2026-03-25"
DYNAMIC_METHODS_ONLY_SINCE = "2026-09-30"
ASYNC_CAPTURE_SINCE = "2024-04-10"

_OLD_UI_MODES = {
    b'"ui_mode":"hosted_page"': b'"ui_mode":"hosted"',
    b'"ui_mode":"embedded_page"': b'"ui_mode":"embedded"',
    b'"ui_mode":"elements"': b'"ui_mode":"custom"',
}
UI_MODES = {"hosted": "hosted_page", "embedded": "embedded_page", "custom": "elements"}


def check_version(header: str | None, default: str) -> str:
    """The version in force for a request; refuses what was never one."""
    if header is None:
        return default
    match = _VERSION.match(header)
    if match is None or match[2] not in _names(match[1]):
        raise invalid(f"Invalid Stripe API version: {header}", executed=False)
    return header


def _names(date: str) -> tuple[str | None, ...]:
    """The names that a version of this date may carry: none before there were any."""
    return next(((name, "preview") for first, name in _RELEASES if date >= first), (None,))


def since(version: str, date: str) -> bool:
    """Whether a version is of this date or later."""
    return version[:10] >= date


def render(body: bytes, version: str) -> bytes:
    """An answer as this version shows it."""
    if version[:10] < RENAMED_UI_MODES_SINCE and b'"ui_mode":' in body:
        for new, old in _OLD_UI_MODES.items():
            body = body.replace(new, old)
    return body
