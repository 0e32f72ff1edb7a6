"""Inspector of a running backend: asks for its OpenAPI document, tries common paths, and proposes its declaration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from creditctl.core.errors import GuardRefused, Unreachable
from creditctl.simulation.inspection.common_paths import COMMON_PATHS, NO_SUCH_PATH
from creditctl.simulation.inspection.known_routes import DOCUMENT_PATHS, KnownRoute, best_route, read_openapi
from creditctl.simulation.inspection.templates import (
    GUESSED_BODIES,
    balance_pointer,
    body_template,
    path_template,
    spend_template,
)
from creditctl.simulation.target.backend_client import BackendAnswer, BackendClient, package_fields
from creditctl.simulation.target.buyers import Buyers
from creditctl.simulation.target.declaration import USER_HEADER, Target, fill

if TYPE_CHECKING:
    from creditctl.core.catalog import Catalog
    from creditctl.simulation.target.buyers import Buyer

_NOT_THERE = frozenset({404, 405, 501})
_SIGN_IN = frozenset({401, 403})
_LIVE = "cs_live_"
NOTHING_SAID: Mapping[str, str] = MappingProxyType({})
_BALANCES = ("balance_path", "balance_sql", "balance_command")


@dataclass(frozen=True, slots=True)
class TargetGuess:
    """One line of the proposal. Shape: `sure` where the backend itself answered so; else it is a guess."""

    key: str
    value: str
    reason: str
    sure: bool = True


@dataclass
class Inspection:
    """What was found: lines for `[simulate]`, the webhook's path, and what nobody could guess."""

    guesses: list[TargetGuess] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def value(self, key: str) -> str:
        """The proposed value; empty where there is none."""
        return next((each.value for each in self.guesses if each.key == key), "")


def inspect_backend(
    client: BackendClient, catalog: Catalog, user: str, *, may_buy: bool, said: Mapping[str, str] = NOTHING_SAID
) -> Inspection:
    """Looks at a running backend.

    Shape:  `may_buy` allows purchases with guessed bodies, which open unpaid Checkout sessions; `said` are lines that
            somebody declared, which are used and not guessed.
    Errors: Unreachable where nobody answers; GuardRefused where it sells in live mode.
    """
    return _Inspector(client, catalog, user, may_buy, said).look()


@dataclass
class _Inspector:
    client: BackendClient
    catalog: Catalog
    user: str
    may_buy: bool
    said: Mapping[str, str]
    found: Inspection = field(default_factory=Inspection)
    routes: tuple[KnownRoute, ...] = ()
    document: str = ""

    def look(self) -> Inspection:
        self._require_answer()
        self._read_document()
        if "headers" not in self.said:
            self._sign_in()
        if "webhook.path" not in self.said:
            self._webhook()
        if not any(key in self.said for key in _BALANCES):
            self._balance()
        self._purchase()
        if "session_path" not in self.said:
            self._optional("session", "session_path")
        if "spend_path" not in self.said and "spend_command" not in self.said:
            self._optional("spend", "spend_path")
        return self.found

    def _require_answer(self) -> None:
        answer = self._get("/")
        if answer.status is None:
            raise Unreachable(
                f"Nothing answers at {self.client.target.url} ({answer.text}).",
                code="simulation.backend",
                fix="Start the backend first, or let simulate do it: --start CMD --ready URL.",
            )

    def _read_document(self) -> None:
        for path in DOCUMENT_PATHS:
            answer = self._get(path)
            try:
                self.routes = read_openapi(json.loads(answer.text)) if answer.ok else ()
            except (ValueError, AttributeError, TypeError, RecursionError):
                self.routes = ()
            if self.routes:
                self.document = path
                return

    def _sign_in(self) -> None:
        """A header of the document that names a user, or the usual one."""
        named = {name for route in self.routes for name in route.headers if "user" in name.lower()}
        for name in sorted(named)[:1]:
            header = f"{name}: {{user}}"
            self._use(replace(self.client.target, headers=(header,)))
            self._say("headers", header, f"a header parameter in {self.document}")

    def _webhook(self) -> None:
        for path, reason, known in self._candidates("webhook"):
            answer = self._post(path, b"{}")
            if self._is_there(answer, "POST"):
                told = f"{reason}; it answers {answer.status} to a webhook without a signature"
                self._say("webhook.path", path, told, sure=known or answer.status in (400, 401, 403))
                return
        self._miss("webhook.path", "no usual path takes a POST: name it with --webhook-path")

    def _balance(self) -> None:
        refused: list[str] = []
        for path, reason, _ in self._candidates("balance"):
            answer = self._get(path)
            pointer = balance_pointer(answer.text) if answer.ok else None
            if pointer is not None:
                self._say("balance_path", path, f"{reason}; it answers {answer.text[:60]}")
                self._say("balance_pointer", pointer, "a number stands there in that answer")
                return
            if answer.status in _SIGN_IN and self._is_there(answer, "GET"):
                refused.append(path)
        if refused:
            self._say("balance_path", refused[0], "it asks for a sign-in, so its answer was not seen", sure=False)
            self._miss("headers", "how a buyer signs in: --header, with --users or --login-command")
            return
        self._miss("balance_path", "no usual path answers a number: --balance-path, --balance-sql or --balance-command")

    def _purchase(self) -> None:
        route, path = best_route(self.routes, "purchase"), self.said.get("purchase_path")
        if path is not None:
            self._purchase_body(path, self._bodies(route))
            return
        for path, reason, _ in self._candidates("purchase"):
            bodies = self._bodies(route)
            answer = self._post(path, b"{}")
            if not self._is_there(answer, "POST"):
                continue
            self._say("purchase_path", path, f"{reason}; it answers {answer.status} to an empty purchase")
            self._purchase_body(path, bodies)
            return
        self._miss("purchase_path", "no usual path takes a POST: --purchase-path")

    def _bodies(self, route: KnownRoute | None) -> list[tuple[str, str]]:
        """Bodies to try, each with its reason."""
        if route is None or not route.body:
            return [(body, "a usual body") for body in GUESSED_BODIES]
        body, missing = body_template(route, self.catalog)
        if missing:
            self._miss("purchase_body", f"a value for {', '.join(missing)}")
        least = body_template(route.least, self.catalog)[0]
        required = [(least, f"the required fields of its body in {self.document}")] if least not in ("{}", body) else []
        return [*required, (body, f"the fields of its body in {self.document}")]

    def _purchase_body(self, path: str, bodies: Sequence[tuple[str, str]]) -> None:
        if "purchase_body" in self.said:
            return
        if not self.may_buy:
            why = "not tried, because the backend is not on this machine"
            self._say("purchase_body", bodies[0][0], f"{bodies[0][1]}; {why}", sure=False)
            return
        for body, reason in bodies:
            answer = self._post(path, self._filled(body))
            if _LIVE in answer.text + answer.location:
                raise GuardRefused(
                    "The backend opened a Checkout session in live mode: simulate never goes on there.",
                    code="guard.live",
                    fix="Start it with a test key, or let simulate do it: --start CMD --ready URL.",
                )
            if answer.session_id:
                self._say("purchase_body", body, f"{reason}; it opened {answer.session_id[:16]}…")
                return
        self._say("purchase_body", bodies[0][0], f"{bodies[0][1]}; no purchase opened a session", sure=False)
        self._miss("purchase_body", "a body that opens a Checkout session: see the backend's log")

    def _filled(self, body: str) -> bytes:
        package = self.catalog.packages[0]
        return fill(body, {**package_fields(package), "user": self.user}).encode()

    def _optional(self, role: str, key: str) -> None:
        """What few backends have: only what a document names, or what answers otherwise than nothing does."""
        route = best_route(self.routes, role)
        if route is not None:
            self._say(key, path_template(route), f"{route.method} {route.path} in {self.document}", sure=False)
            if role == "spend" and route.body:
                self._say("spend_body", spend_template(route, self.catalog), "the fields of its body", sure=False)
            return
        for path, reason, _ in self._candidates(role):
            answer = self._get(path) if role == "session" else self._post(path, b"{}")
            if self._is_there(answer, "GET" if role == "session" else "POST"):
                self._say(key, path, f"{reason}; it answers {answer.status}", sure=False)
                return

    def _candidates(self, role: str) -> Iterator[tuple[str, str, bool]]:
        """Paths of a role with the reason for each: the document's, where there is one; else the usual ones."""
        route = best_route(self.routes, role)
        if route is not None:
            yield path_template(route), f"{route.method} {route.path} in {self.document}", True
        for path in COMMON_PATHS[role]:
            yield path, "a usual path", False

    def _is_there(self, answer: BackendAnswer, method: str) -> bool:
        """Whether an answer differs from the one to a path that no backend has."""
        if answer.status is None or answer.status in _NOT_THERE or answer.status in range(300, 309):
            return False
        nothing = self._get(NO_SUCH_PATH) if method == "GET" else self._post(NO_SUCH_PATH, b"{}")
        return (answer.status, answer.text) != (nothing.status, nothing.text)

    @property
    def _buyer(self) -> Buyer:
        with Buyers(self.client.target).lend((self.user,)) as (buyer,):
            return buyer

    def _get(self, path: str) -> BackendAnswer:
        return self.client.get(self._buyer, fill(path, {"user": self.user, "session": "cs_test_none"}))

    def _post(self, path: str, body: bytes) -> BackendAnswer:
        self._use(replace(self.client.target, purchase_path=path))
        return self.client.post_purchase(self._buyer, body)

    def _use(self, target: Target) -> None:
        self.client = replace(self.client, target=target)

    def _say(self, key: str, value: str, reason: str, *, sure: bool = True) -> None:
        if key == "headers" and value == USER_HEADER:
            reason += ", which is the usual one"
        self.found.guesses.append(TargetGuess(key, value, reason, sure))

    def _miss(self, key: str, what: str) -> None:
        self.found.missing.append(f"{key}: {what}")
