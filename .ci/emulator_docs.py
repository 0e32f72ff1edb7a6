"""Pages about the emulator, from its own tables: docs/emulator-control.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from creditctl.emulator.control.api import CONTROLS, PREFIX
from creditctl.emulator.control.command import Control
from creditctl.emulator.protocol.fields import Field

CONTROL_HEADING = f"""# The emulator's control API

Made by `make docs` from the emulator itself. What only an emulator can do lies below `{PREFIX}`, never under `/v1`.
`creditctl emulator …` uses the same calls from a shell.

- Answers are JSON. A POST wants `Content-Type: application/json` and a JSON object; a GET or DELETE takes its
  parameters in the query. An unknown one is refused, and the error has Stripe's shape: `{{"error": {{"message", …}}}}`.
- `Authorization: Bearer sk_test_…` chooses the account; without it, an emulator with one account takes that one.
- Requests that a page of another site sends, or that name another host, are refused.

## Bound to one object or user

Faults, holds and steps of time take three parameters, so that many scenarios run side by side on one emulator:

- `object`: an id of a session, payment intent, charge, refund, dispute, customer, … It covers what belongs to it: a
  session covers its intent, charge, refunds and disputes; a customer all of its payments.
- `user`: what the application calls its buyer: a session's `client_reference_id`, or `metadata.user_id` of any of these
  objects. It is known before a session is made.
- `user_key`: where else `user` stands, such as `metadata.account`.

A fault of answers that is bound strikes the requests whose path or parameters name the object, what belongs to it, or
the user. Probabilities of bound faults are drawn from a chance of their own, so that neighbours do not change them. A
bound fault or hold is lifted alone: `DELETE {PREFIX}/faults?user=…`, `POST {PREFIX}/holds/ID/release`.

```console
$ curl -s $URL{PREFIX}/holds -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
    -d '{{"user": "user_1"}}'
$ curl -s $URL{PREFIX}/holds/1/release -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
    -d '{{"order": ["charge.refunded", "checkout.session.completed"], "rest": true}}'
$ curl -s $URL{PREFIX}/clock -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
    -d '{{"advance": 432000, "object": "cs_test_…"}}'
```

Faults live in memory, as long as the emulator runs. Holds and what they keep are part of its state: they survive a
restart with `--state`, and lie in snapshots. Deliveries to a connected `stripe listen` are let go in the order given,
each when the CLI has the one before; to an endpoint, when its first attempt has ended.
"""


def control_page() -> str:
    """The page of the control API."""
    return CONTROL_HEADING + "".join(_control(entry) for entry in CONTROLS)


def _control(entry: Control) -> str:
    path = f"{PREFIX}/{entry.pattern}".rstrip("/").replace("*", "ID")
    text = " ".join((entry.handler.__doc__ or "").split())
    return f"\n## {entry.method} {path}\n\n{text}\n" + parameter_table(entry.fields)


def parameter_table(schema: Mapping[str, Field]) -> str:
    """A table of parameters; nothing where there are none."""
    rows = "".join(f"| `{name}` | {describe(spec)} |\n" for name, spec in schema.items())
    return f"\n| parameter | takes |\n|---|---|\n{rows}" if rows else ""


def describe(spec: Field) -> str:
    """A parameter in words: its kind, bounds, and whether it is required or can be emptied."""
    said = [_kind(spec)]
    said += ["required"] if spec.required else []
    said += ["may be emptied"] if spec.unset and type(spec).__name__ in ("Text", "Email", "Integer") else []
    return ", ".join(said)


def _kind(spec: Field) -> str:
    name = type(spec).__name__
    held = {part.name: getattr(spec, part.name) for part in fields(spec)}
    if name == "Enum":
        return "one of " + ", ".join(f"`{value}`" for value in held["values"])
    if "item" in held:
        return f"a list, each {describe(held['item'])}"
    if held.get("fields"):
        return "a hash of " + ", ".join(f"`{key}`" for key in held["fields"])
    words = {"Text": "text", "Email": "an e-mail address", "Integer": "a whole number", "Boolean": "true or false"}
    words |= {"Number": "a number", "Limit": "1 to 100", "Currency": "a currency", "Url": "an http(s) URL"}
    words |= {"Metadata": "metadata", "Range": "a time, or a hash of `gt`, `gte`, `lt`, `lte`", "Amount": "a decimal"}
    return words.get(name, name.lower()) + _bounds(held)


def _bounds(held: Mapping[str, Any]) -> str:
    low, high = held.get("low"), held.get("high")
    parts: Iterable[str] = (
        *([f"at least {low:g}"] if low is not None else []),
        *([f"at most {high:g}"] if high is not None and high != float("inf") else []),
    )
    return "".join(f", {part}" for part in parts)
