"""HTTP client of the emulator's control API, on this machine or at a listed host; proven before a key is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from creditctl.core.errors import ConfigurationError, CreditctlError, GuardRefused, StripeRefused, Unreachable
from creditctl.core.keys import ApiKey, require_emulator_key, require_rehearsal_key
from creditctl.core.modes import is_listed_emulator, is_loopback_url

DEFAULT_URL = "http://127.0.0.1:12111"
"""Where `creditctl emulator` listens unless told otherwise."""

CONTROL_PATH = "/_emulator"
_TIMEOUT_SECONDS = 30.0
SLOW_SECONDS = 900.0
"""How long a seeding of a million payments may take."""

ControlAnswer = dict[str, Any]


def emulator_url(given: str | None, configured: str | None, hosts: Collection[str] = ()) -> str:
    """Resolves the emulator's URL: as given on the command line, else STRIPE_API_BASE, else the default port.

    Shape:  `hosts` are those of other machines that creditctl.toml lists.
    Errors: GuardRefused for anything that is not plain HTTP to this machine or to a listed host.
    """
    url = (given or configured or DEFAULT_URL).rstrip("/")
    local = url.startswith("http://") and is_loopback_url(url)
    if (local or is_listed_emulator(url, hosts)) and not urlsplit(url).path:
        return url
    named = "--url" if given else "STRIPE_API_BASE"
    raise GuardRefused(
        f"{named} is neither an http:// URL of this machine nor a listed emulator: these commands go nowhere else.",
        code="guard.not_loopback",
        fix=f"Name the emulator with --url, for example --url {DEFAULT_URL}; start one with `creditctl emulator`. "
        "One elsewhere, such as a container's, is listed in creditctl.toml: [emulator] hosts.",
    )


class EmulatorControl:
    """Client for one account of a running emulator: its control API and its ordinary one.

    Shape:  `key` chooses the account: each key with a body of its own has one.
    Errors: of every request: StripeRefused with the emulator's words, Unreachable where nobody answers.
    """

    def __init__(self, http: httpx.Client, url: str, key: ApiKey) -> None:
        self._http = http
        self.key = key
        self.url = url

    def prove(self) -> ControlAnswer:
        """Proves that creditctl's emulator answers there; no key is sent before this has succeeded.

        Errors: GuardRefused where something else answers, a live key might be a real one, or meets an emulator
                without live mode.
        """
        if not is_loopback_url(self.url):
            require_emulator_key(self.key, self.url)
        require_rehearsal_key(self.key, self.url)
        info = _identity(self._send("GET", CONTROL_PATH, headers={}), self.url)
        if self.key.livemode and not info.get("livemode"):
            raise GuardRefused(
                "The key is a live one, and this emulator was not started for live mode.",
                code="guard.live_key_local",
                fix="Use a test key (sk_test_…), or rehearse live mode with `creditctl emulator --livemode`.",
            )
        return info

    def control(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> ControlAnswer:
        """Calls one control below /_emulator; parameters that are None are left out."""
        kept = {name: value for name, value in (params or {}).items() if value is not None}
        place: dict[str, Any] = {"params": kept} if method in ("GET", "DELETE") else {"json": kept}
        response = self._send(
            method, CONTROL_PATH + path, headers=self._bearer(), timeout_seconds=timeout_seconds, **place
        )
        return _answer(response)

    def api(self, method: str, path: str, params: Mapping[str, Any] | None = None) -> ControlAnswer:
        """Sends one request of Stripe's own API, such as POST /v1/refunds; flat parameters, None is left out."""
        kept = {name: str(value) for name, value in (params or {}).items() if value is not None}
        place: dict[str, Any] = {"params": kept} if method == "GET" else {"data": kept}
        return _answer(self._send(method, path, headers=self._bearer(), **place))

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key.secret.reveal()}"}

    def _send(
        self, method: str, path: str, *, timeout_seconds: float = _TIMEOUT_SECONDS, **more: Any
    ) -> httpx.Response:
        try:
            return self._http.request(method, self.url + path, timeout=timeout_seconds, **more)
        except httpx.InvalidURL as error:
            raise ConfigurationError(
                f"{self.url} is no URL: {error}.",
                code="emulator.url",
                fix=f"Name the emulator with --url {DEFAULT_URL}.",
            ) from error
        except httpx.HTTPError as error:
            raise Unreachable(
                f"No emulator answers at {self.url} ({type(error).__name__}).",
                code="emulator.unreachable",
                fix="Start one with `creditctl emulator`, or name the one that runs with --url.",
            ) from error


def _identity(response: httpx.Response, url: str) -> ControlAnswer:
    """The emulator's own words of who it is. Errors: GuardRefused where they are not."""
    answer = _decoded(response) if response.status_code == 200 else None
    if isinstance(answer, dict) and answer.get("emulator") == "creditctl":
        return answer
    raise GuardRefused(
        f"What listens at {url} did not answer as creditctl's emulator: nothing was sent to it.",
        code="guard.not_the_emulator",
        fix="Start `creditctl emulator` there, or name the one that runs with --url.",
    )


def _decoded(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _answer(response: httpx.Response) -> ControlAnswer:
    answer = _decoded(response)
    if response.is_success and isinstance(answer, dict):
        return answer
    raise _refusal(response, answer.get("error") if isinstance(answer, dict) else None)


def _refusal(response: httpx.Response, error: Any) -> CreditctlError:
    request_id = response.headers.get("request-id")
    if not isinstance(error, dict) or response.status_code >= 500:
        said = f": {error['message']}" if isinstance(error, dict) and error.get("message") else ""
        return Unreachable(
            f"The emulator answered {response.status_code}{said}",
            code="emulator.server_error",
            fix="`creditctl emulator faults` shows whether this was ordered; else look at the emulator's terminal.",
            request_id=request_id,
        )
    return refused(error, fix=_fix(response.status_code, error), request_id=request_id)


def refused(error: Mapping[str, Any], *, fix: str, request_id: str | None = None) -> StripeRefused:
    """Translates the `error` of an answer to StripeRefused, with the decline's code where a card was declined."""
    code = error.get("decline_code") or error.get("code")
    declined = f" ({code})" if error.get("type") == "card_error" and code else ""
    said = error.get("message") or error.get("type") or "no reason given"
    return StripeRefused(
        f"The emulator refused: {said}{declined}", code=f"stripe.{code or 'refused'}", fix=fix, request_id=request_id
    )


def _fix(status: int, error: Mapping[str, Any]) -> str:
    if status == 402:
        return "The session stays open: pay with another card; `creditctl emulator cards` lists them."
    if error.get("code") == "resource_missing":
        return (
            "The account is chosen by the key: is it the key that made the object? See STRIPE_SECRET_KEY, --key-name."
        )
    return "Correct what it names, then run the same command again."
