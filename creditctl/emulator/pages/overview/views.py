"""HTML views of the overview pages, rendered with Jinja2."""

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from creditctl.emulator.pages.overview.redaction import linked, redact
from creditctl.emulator.protocol.currencies import in_words

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("creditctl.emulator"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"utc": utc, "money": in_words, "linked": linked, "redact": redact}
    return made


def render(name: str, context: Mapping[str, Any]) -> str:
    """One page of `templates/overview/`."""
    return _environment().get_template(f"overview/{name}.html").render(context)


def utc(moment: int) -> str:
    """A time as people compare it: `2026-11-28 02:19:40`, UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))
