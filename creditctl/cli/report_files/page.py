"""Pages of one file: no script, nothing from elsewhere, and a policy of their own that lets nothing in."""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import TYPE_CHECKING, Any

from creditctl.core.keys import redact
from creditctl.core.text import printable

if TYPE_CHECKING:
    from jinja2 import Environment


@functools.cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("creditctl.cli.report_files", "templates")
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_all_to_be_seen,
    )


def _all_to_be_seen(value: object) -> object:
    """A value of a page: a text from outside with what does not print spelled out; what a template marks is its own."""
    return printable(value) if type(value) is str else value


def page(name: str, **values: Any) -> str:
    """A page by the name of its template; every value is escaped, and no secret stands in it.

    Shape:  its style is the only thing that its policy lets apply, by its hash: an injected one does nothing.
    Source: Content Security Policy Level 3, "hash-source"; as <meta> it holds for a file that nobody serves.
    """
    loader = _templates().loader
    assert loader is not None
    style, _, _ = loader.get_source(_templates(), "style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return redact(_templates().get_template(name).render(style=style, policy=policy, **values))
