"""Error responses: refusals in Stripe's words, raised by actions and rendered into the error envelope.

Source: Stripe API reference, "Errors"; Stripe docs, "Error codes".
"""

from collections.abc import Sequence
from typing import Any

Fields = dict[str, Any]


class StripeError(Exception):
    """A refusal: HTTP status and the keys of the `error` hash."""

    def __init__(self, status: int, fields: Fields, *, executed: bool = True, commit: bool = False) -> None:
        super().__init__(fields.get("message", ""))
        self.status = status
        self.fields = fields
        self.executed = executed
        """False while only parameters were looked at: such an answer is not kept under an idempotency key."""
        self.commit = commit
        """True where the refusal itself changed something (a declined charge exists)."""
        self.headers: dict[str, str] = {}
        self.logged = True
        """False where the answer names no entry of the request log."""


def invalid(
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    status: int = 400,
    executed: bool = True,
    **more: Any,
) -> StripeError:
    """An `invalid_request_error`; keys without a value are left out."""
    fields: Fields = {"type": "invalid_request_error", "message": message}
    fields |= {k: v for k, v in {"code": code, "param": param, **more}.items() if v is not None}
    return StripeError(status, fields, executed=executed)


def bad_parameter(message: str, param: str, code: str | None = None) -> StripeError:
    """The refusal of a parameter, before anything ran."""
    return invalid(message, code=code, param=param, executed=False)


def missing_parameter(param: str) -> StripeError:
    """The refusal where a required parameter is absent."""
    return bad_parameter(f"Missing required param: {param}.", param, "parameter_missing")


def only_one_of(params: Fields, names: Sequence[str], prefix: str = "") -> None:
    """Refuse more than one of the parameters that say the same thing.

    Source: recorded refusals; that of a line names `amount, quantity` and the parameter `lines[0][amount]`.
    """
    given = [name for name in names if name in params]
    if len(given) > 1:
        param = f"{prefix}[{given[0]}]" if prefix else given[0]
        raise bad_parameter(f"You may only specify one of these parameters: {', '.join(given)}.", param)


def empty_parameter(param: str) -> StripeError:
    """The refusal of an empty string where the field can't be unset."""
    message = (
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{param}' cannot be unset. You should remove '{param}' from your request or supply a "
        "non-empty value."
    )
    return bad_parameter(message, param, "parameter_invalid_empty")


class UnknownParameters(StripeError):
    """The refusal of parameters that an endpoint does not read: Stripe may have them or not."""

    def __init__(self, names: list[str]) -> None:
        plural = "s" if len(names) > 1 else ""
        message = f"Received unknown parameter{plural}: {', '.join(names)}"
        super().__init__(400, bad_parameter(message, names[0], "parameter_unknown").fields, executed=False)
        self.names = names


def not_acted_on(param: str, why: str = "") -> StripeError:
    """The refusal of a parameter that Stripe has and this emulator does not act on: nothing is taken in silence."""
    reason = f": {why}" if why else ""
    return bad_parameter(
        f"This emulator, which covers one-time payments, does not act on `{param}`, which Stripe has{reason}. Leave it "
        "out here, or use Stripe's test mode.",
        param,
    )


def no_such(what: str, object_id: str, param: str, *, status: int = 404, hint: str = "") -> StripeError:
    """The refusal of an id that this mode of this account does not have."""
    return invalid(f"No such {what}: '{object_id}'{hint}", code="resource_missing", param=param, status=status)


def no_such_session(session_id: str, hint: str = "") -> StripeError:
    """The refusal of a Checkout Session's id, which names no parameter; what can't be one has words of its own.

    Source: stripe-cli#761, stripe-php#1336 (`{CHECKOUT_SESSION_ID}` that was not filled in); recorded refusals of ids
    that are not there, without quotation marks.
    """
    if not session_id.startswith("cs_"):
        return invalid(f"Invalid checkout.session id: {session_id}")
    return invalid(f"No such checkout.session: {session_id}{hint}", code="resource_missing", status=404)


def unrecognized_url(method: str, path: str) -> StripeError:
    """The refusal of a URL that Stripe does not have."""
    error = invalid(
        f"Unrecognized request URL ({method}: {path}). {_hint(path)}Please see https://stripe.com/docs or we can help "
        "at https://support.stripe.com/.",
        status=404,
    )
    error.logged = False
    return error


def _hint(path: str) -> str:
    """What is said where an id is empty, as after a trailing slash; Source: public reports of `…/payment_intents/`."""
    if not path.endswith("/") and "//" not in path:
        return ""
    return (
        "If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make "
        "sure you passed a valid (non-empty) identifier in your code. "
    )


def not_emulated(method: str, path: str) -> StripeError:
    """The refusal of a URL that Stripe has and this emulator leaves out."""
    return invalid(
        f"Unrecognized request URL ({method}: {path}): Stripe has this, but it is not in this emulator, which "
        "covers one-time payments.",
        status=404,
    )


def masked(key: str) -> str:
    """A key as error messages show it: prefix and last four."""
    if len(key) <= 12:
        return "*" * max(len(key) - 4, 0) + key[-4:]
    head = key[: key.find("_", 3) + 1] if "_" in key[3:12] else key[:8]
    return f"{head}{'*' * (len(key) - len(head) - 4)}{key[-4:]}"


def unauthorized(message: str, code: str | None = None) -> StripeError:
    """The 401 where there is no key, or one that opens nothing."""
    error = invalid(message, code=code, status=401, executed=False)
    error.headers = {"WWW-Authenticate": 'Basic realm="Stripe"'}
    return error


NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
    "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for "
    "details, or we can help at https://support.stripe.com/."
)
PUBLISHABLE_KEY = (
    "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of "
    "your API keys at https://dashboard.stripe.com/account/apikeys."
)
