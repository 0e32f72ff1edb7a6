"""The /v1 handler: key, version, parameters, idempotency, the action in one transaction, the envelope.

Source: Stripe API reference, "Authentication", "Errors", "Idempotent requests", "Versioning".
"""

import time
from collections.abc import Mapping
from functools import lru_cache

from creditctl.emulator.api.accounts import Accounts, Caller, check_permission
from creditctl.emulator.api.context import RequestContext, Services
from creditctl.emulator.api.expand import expand, expanded_unasked
from creditctl.emulator.api.left_out import answer_left_out
from creditctl.emulator.api.older_parameters import newest_form, was_documented
from creditctl.emulator.api.routes import Route, Router
from creditctl.emulator.documented.parameters import is_documented
from creditctl.emulator.protocol.errors import StripeError, UnknownParameters, invalid, not_acted_on
from creditctl.emulator.protocol.forms import Tree, decode
from creditctl.emulator.protocol.http_date import http_date
from creditctl.emulator.protocol.json_text import indented, item_alone, written
from creditctl.emulator.protocol.limits import RateLimit
from creditctl.emulator.protocol.schema import read_fields
from creditctl.emulator.protocol.versions import WHOLE_CUSTOMERS_UNTIL, check_version, since
from creditctl.emulator.protocol.wire import ListPage, Request, Response
from creditctl.emulator.resources.table import INCLUDABLE, ROUTES
from creditctl.emulator.storage import idempotency
from creditctl.emulator.storage.idempotency import StoredResponse
from creditctl.emulator.storage.object_types import Body
from creditctl.emulator.storage.older_versions import older_body, render
from creditctl.emulator.storage.store import decode as from_json


class Api:
    """From a request under /v1 to its answer."""

    def __init__(self, services: Services, accounts: Accounts) -> None:
        self._services = services
        self._accounts = accounts
        self._router = Router(ROUTES)
        self._limit = RateLimit()

    def handle(self, request: Request, now: int) -> Response:
        """Answer one request; refusals become Stripe's error envelope."""
        request_id = "req_" + self._services.ids.passing(14)
        headers = _standard_headers(request_id) | {"Date": http_date(now)}
        try:
            caller = self._accounts.caller(request.headers, now)
        except StripeError as error:
            return Response(error.status, headers | error.headers, _envelope(error, None, request_id))
        context = RequestContext(self._services, caller.scope, now)
        context.request_id = request_id
        try:
            response = self._answer(request, context, caller, headers)
        except StripeError as error:
            headers |= error.headers
            headers.setdefault("Stripe-Version", context.version)
            response = Response(error.status, headers, _envelope(error, context, context.request_id or ""))
        headers["Request-Id"] = context.request_id or ""
        # The CLI's own session calls are not in its log.
        if self._services.listeners.tailing and not request.path.startswith("/v1/stripecli"):
            self._services.listeners.log(caller.scope.id, _log_entry(request, response, context))
        return response

    def _answer(self, request: Request, context: RequestContext, caller: Caller, headers: dict[str, str]) -> Response:
        version = request.headers.get("stripe-version")
        context.version, context.version_given = check_version(version, context.version), version is not None
        headers["Stripe-Version"] = context.version
        self._limit.check(caller.scope.id, self._services.options.rate_limit, time.monotonic())
        _check_account(request.headers, caller)
        found = self._router.find(request.method, request.path)
        if found is None:
            tree = _parameters(request) if request.method == "GET" else {}
            none = answer_left_out(context, caller, request.method, request.path, tree)
            return Response(200, headers, indented(none))
        entry, context.args = found
        check_permission(caller, entry.permission)
        context.base_url = self._services.options.page_base(request.headers.get("host"))
        # GET changes nothing: no transaction, no idempotency, and request ids that leave no trace in the database.
        if request.method == "GET":
            _read(context, entry, _parameters(request))
            return Response(200, headers, _run(context, entry))
        return self._write(request, context, entry, headers)

    def _write(self, request: Request, context: RequestContext, entry: Route, headers: dict[str, str]) -> Response:
        tree = _parameters(request)
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        fingerprint = b""
        if key is not None:
            idempotency.refuse_empty(key)
            headers["Idempotency-Key"] = key
            idempotency.refuse_in_flight(self._services.in_flight, context.scope.id, key)
            fingerprint = idempotency.fingerprint(request.path, tree)
            stored = idempotency.lookup(self._services.store, context.scope.id, key, fingerprint, context.now)
            if stored is not None:
                headers |= {"Original-Request": stored.request_id, "Idempotent-Replayed": "true"}
                return Response(stored.status, headers, stored.body)
            context.idempotency_key = key
        # Parameters are looked at before anything runs: such a refusal leaves the key free for another try.
        # Source: Stripe API reference, "Idempotent requests": results are kept once the execution began.
        _read(context, entry, tree)
        stored = self._execute(context, entry, key, fingerprint)
        if key:
            headers["Original-Request"] = stored.request_id
        return Response(stored.status, headers, stored.body, key=(context.scope.id, key) if key else None)

    def _execute(self, context: RequestContext, entry: Route, key: str | None, fingerprint: bytes) -> StoredResponse:
        """Run the action with its events, deliveries and idempotency record as one transaction."""
        store, passing = self._services.store, context.request_id
        store.begin()
        context.request_id = request_id = "req_" + self._services.ids.token(14)
        try:
            stored = StoredResponse(200, _run(context, entry), request_id)
        except StripeError as error:
            if not (error.commit and error.executed):
                self._take_back(context)
            if not error.executed:
                context.request_id = passing
                raise
            # The rollback gave the drawn numbers back, this request's id among them: draw it again, or the next one
            # gets it.
            if not store.in_transaction:
                store.begin()
                self._services.ids.token(14)
            stored = StoredResponse(error.status, _envelope(error, context, request_id), request_id)
        except BaseException:
            self._take_back(context)
            raise
        if key:
            idempotency.keep(store, context.scope.id, key, fingerprint, stored, context.now)
        store.commit()
        return stored

    def _take_back(self, context: RequestContext) -> None:
        self._services.store.rollback()
        # An endpoint that was made in this transaction is gone again; the cache may have it.
        self._services.subscribers.forget(context.scope.id)


_SAYS_NOTHING = (b"", b"{}", b"[]", b"null")
"""What HTTP clients send with a GET that has no parameters; what Stripe says to it is unconfirmed."""


def _parameters(request: Request) -> Tree:
    """The parameters in body and query of any method: a GET may have a form as well.

    Source: stripe/stripe-node, issue 230 (Stripe reads a form in the body of a GET); that library sent one until 7.9.
    """
    if not request.body or (request.method == "GET" and request.body.strip() in _SAYS_NOTHING):
        return decode(request.query) if request.query else {}
    if _is_no_form(request.headers.get("content-type", "")):
        raise invalid(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have "
            "any questions, we can help at https://support.stripe.com/.",
            executed=False,
        )
    tree = decode(request.body.decode("utf-8", "replace"))
    return tree | decode(request.query) if request.query else tree


@lru_cache(maxsize=256)
def _is_no_form(content_type: str) -> bool:
    """Whether a body says that it is something else than a form; many shell clients say nothing."""
    return any(kind in content_type.lower() for kind in ("json", "multipart/", "xml", "text/", "octet-stream"))


def _log_entry(request: Request, response: Response, context: RequestContext) -> Body:
    """A request as `stripe logs tail` shows it."""
    error: Body = from_json(response.body).get("error", {}) if response.status >= 400 else {}
    names = ("type", "code", "decline_code", "message", "charge", "param")
    return {
        "created_at": context.now,
        "livemode": context.scope.livemode,
        "method": request.method,
        "request_id": context.request_id,
        "status": response.status,
        "url": request.path,
        "error": {name: error.get(name, "") for name in names} | {"error_insight": ""},
    }


def _read(context: RequestContext, entry: Route, tree: Tree) -> None:
    try:
        tree = newest_form(entry, tree, context.version)
        context.params = read_fields(entry.fields, tree, required=entry.required)
    except UnknownParameters as error:
        documented = [name for name in error.names if _is_documented(entry, name, context.version)]
        raise not_acted_on(documented[0]) if documented == error.names else error from None
    if entry.check is not None:
        entry.check(context)


def _is_documented(entry: Route, name: str, version: str) -> bool:
    return is_documented(entry.method, entry.pattern, name) or was_documented(entry, name, version)


def _run(context: RequestContext, entry: Route) -> bytes:
    """The action's answer, expanded and rendered for the caller's version."""
    paths = context.params.pop("expand", None) or []
    result = entry.action(context)
    answer = result.text() if isinstance(result, ListPage) else result
    if paths or not since(context.version, WHOLE_CUSTOMERS_UNTIL):
        store, scope = context.services.store, context.scope.id
        body: Body = from_json(answer) if isinstance(answer, bytes) else answer
        # What an older version shows inside an object can be expanded there.
        answer = older_body(store, scope, body, context.version)
        expand(context, INCLUDABLE, answer, list(dict.fromkeys([*expanded_unasked(context, answer), *paths])))
    text = answer if isinstance(answer, bytes) else written(answer)
    # What an action answers as bytes is an object as it is stored.
    return render(
        context.services.store, context.scope.id, item_alone(text) if text is result else text, context.version
    )


def _check_account(headers: Mapping[str, str], caller: Caller) -> None:
    """`Stripe-Account` and `Stripe-Context` may name the caller's own account; there are no connected ones here."""
    for named in (headers.get("stripe-account"), headers.get("stripe-context")):
        if not named or named == caller.scope.account:
            continue
        raise invalid(
            f"The provided key '{caller.hint}' does not have access to account '{named}' (or that account does "
            "not exist). Application access may have been revoked.",
            code="account_invalid",
            status=403,
            executed=False,
        )


def _standard_headers(request_id: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Request-Id": request_id,
        "Cache-Control": "no-cache, no-store",
        "Access-Control-Allow-Origin": "*",
    }


def _envelope(error: StripeError, context: RequestContext | None, request_id: str) -> bytes:
    fields = dict(error.fields)
    if "code" in fields:
        fields["doc_url"] = "https://stripe.com/docs/error-codes/" + fields["code"].replace("_", "-")
    if context is not None:
        # The intent of a decline is shown as any other answer shows it.
        fields = older_body(context.services.store, context.scope.id, fields, context.version)
        if error.logged:
            mode = "" if context.scope.livemode else "test/"
            fields["request_log_url"] = f"https://dashboard.stripe.com/{mode}logs/{request_id}"
    return written({"error": {name: fields[name] for name in sorted(fields)}})


def forbidden(reason: str) -> Response:
    """The answer to a caller that is not taken, whatever it asked for."""
    body = written({"error": {"type": "invalid_request_error", "code": "caller_refused", "message": reason}})
    return Response(403, {"Content-Type": "application/json", "Cache-Control": "no-store"}, body)


def server_error(why: str = "This is a bug of the emulator: its log has the traceback.") -> Response:
    """A fault of the emulator itself, in Stripe's words."""
    message = f"An unknown error occurred. ({why})"
    body = written({"error": {"type": "api_error", "message": message}})
    return Response(500, _standard_headers("req_unknown0000000"), body)
