"""The hosted pages: Checkout and the 3D Secure challenge, plain HTML that needs no JavaScript.

Source: Stripe docs, "How Checkout works": declines show on the page, success redirects to `success_url` with the
session id filled in.
"""

from collections.abc import Callable

import msgspec

from creditctl.emulator.api.accounts import Accounts
from creditctl.emulator.api.context import RequestContext, Services
from creditctl.emulator.pages.actions import adjust, answer_for_intent, answer_for_setup, pay_by_form, way_back
from creditctl.emulator.pages.form_tokens import FIELD, FormTokens
from creditctl.emulator.pages.invoice import PREFIX as INVOICE_PREFIX
from creditctl.emulator.pages.invoice import show_invoice
from creditctl.emulator.pages.views import PageForm, challenge_page, checkout_page, notice_page
from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.protocol.forms import readable
from creditctl.emulator.protocol.wire import Request, Response
from creditctl.emulator.resources.checkout.buyer import apply_promotion
from creditctl.emulator.resources.checkout.flow import authenticate_session
from creditctl.emulator.resources.checkout.recovery import PLACE as RECOVER
from creditctl.emulator.resources.checkout.recovery import recover
from creditctl.emulator.storage.object_types import PAYMENT_INTENT, SESSION, SETUP_INTENT, Body
from creditctl.emulator.storage.store import Row
from creditctl.emulator.storage.transactions import transact

PREFIXES = ("/c/pay/", "/_challenge/", INVOICE_PREFIX)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    # With `no-referrer` a browser would send the page's own forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Visit(msgspec.Struct):
    """A browser at a page: the call that acts for the buyer, the object, the form."""

    context: RequestContext
    row: Row
    path: str
    form: dict[str, str]
    token: str

    @property
    def page(self) -> PageForm:
        """Where the page's forms go, and their token."""
        return PageForm(self.path, self.token)


def handle(services: Services, accounts: Accounts, tokens: FormTokens, request: Request, now: int) -> Response:
    """Answer a browser."""
    if request.path.startswith(INVOICE_PREFIX):
        return _invoice(services, request)
    parts = request.path.strip("/").split("/")
    challenge = parts[0] == "_challenge"
    object_id, rest = parts[1 if challenge else 2], "/".join(parts[2 if challenge else 3 :])
    setup = challenge and object_id.startswith("seti_")
    kind = SETUP_INTENT if setup else PAYMENT_INTENT if challenge else SESSION
    # A page is public like Stripe's: its id is the secret, and no key says whose it is.
    scope = services.store.db.execute(
        "SELECT scope FROM objects WHERE scope IN (SELECT scope FROM scopes) AND id = ? AND kind = ?",
        (object_id, kind.name),
    ).fetchone()
    place = "_setup" if setup else "_challenge" if challenge else rest.replace("_", "?")
    action = _ACTIONS.get(("GET" if request.method == "HEAD" else request.method, place))
    if scope is None or (action is None and place not in _PLACES):
        return _html(404, notice_page("Not found", "There is no such page here."))
    if action is None:
        return _not_allowed(place)
    context = RequestContext(services, accounts.by_id(scope[0]), now)
    context.browser = True
    context.base_url = services.options.page_base(request.headers.get("host", "127.0.0.1"))
    form = {
        key: value for key, value in readable(request.body.decode("utf-8", "replace")).items() if isinstance(value, str)
    }
    path = f"/_challenge/{object_id}" if challenge else f"/c/pay/{object_id}"
    if request.method == "POST" and not tokens.fits(path, form.pop(FIELD, "")):
        return forbidden("This form was not shown here, or before the emulator started anew.", path)
    return action(Visit(context, context.fetch_row(kind, object_id), path, form, tokens.token(path)))


def _invoice(services: Services, request: Request) -> Response:
    """The hosted page of an invoice, which can only be read."""
    if request.method not in ("GET", "HEAD"):
        return _not_allowed("challenge")
    text = show_invoice(services, request.path)
    return _html(200, text) if text else _html(404, notice_page("Not found", "There is no such invoice here."))


def forbidden(reason: str, path: str = "") -> Response:
    """The answer to a form or a caller that is not taken."""
    return _html(403, notice_page("Not possible", reason, path))


def _not_allowed(place: str) -> Response:
    response = _html(405, notice_page("Not possible", "This page can't be used that way."))
    response.headers["Allow"] = ", ".join(sorted(method for method, known in _ACTIONS if known == place))
    return response


def _html(status: int, text: str) -> Response:
    return Response(status, dict(_HEADERS), text.encode())


def _redirect(url: str) -> Response:
    return Response(303, {"Location": url, "Cache-Control": "no-store"}, b"")


def _act(visit: Visit, action: Callable[[], Body]) -> Body:
    """Run what the buyer does as one transaction; a decline keeps what it did."""
    return transact(visit.context.services.store, action)


def show(visit: Visit) -> Response:
    """The Checkout page, the challenge it waits for, or what became of the session."""
    session = visit.row.decoded()
    if session["status"] != "open":
        return _after(session)
    if _waiting(visit, session):
        return _redirect(visit.path + "/challenge")
    return _html(200, checkout_page(visit.row, session, visit.page, {}, None))


def _waiting(visit: Visit, session: Body) -> bool:
    intent = session["payment_intent"]
    return bool(intent) and visit.context.fetch(PAYMENT_INTENT, intent)["status"] == "requires_action"


def _after(session: Body) -> Response:
    if session["status"] == "expired":
        return _html(410, notice_page("This page has expired", "Ask the shop for a new payment link."))
    return _html(200, notice_page("You're all done here", "This order has been completed.", success_url(session)))


def success_url(session: Body) -> str:
    """Where the buyer goes after paying."""
    url: str = session["success_url"] or session.get("return_url") or ""
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])


def submit(visit: Visit) -> Response:
    """The buyer pays: redirect, challenge, or the page again with what was wrong."""
    session = visit.row.decoded()
    if session["status"] != "open":
        return _after(session)
    try:
        done = _act(visit, lambda: pay_by_form(visit.context, visit.row, visit.form))
    except StripeError as error:
        row = visit.context.fetch_row(SESSION, session["id"])
        return _html(error.status, checkout_page(row, row.decoded(), visit.page, visit.form, error.fields))
    return _finished(visit, done) if done["status"] == "complete" else _redirect(visit.path + "/challenge")


def _finished(visit: Visit, session: Body) -> Response:
    """Redirect to the shop, once its endpoints have answered the event of the payment."""
    response = _redirect(success_url(session))
    # Written a moment ago in this scope, under the lock: the newest such event is this session's, unless a fault has
    # kept it from being made.
    row = visit.context.services.store.db.execute(
        "SELECT id, json_extract(CAST(body AS TEXT), '$.data.object.id') FROM objects "
        "WHERE scope = ? AND kind = 'event' AND label = 'checkout.session.completed' "
        "ORDER BY created DESC, seq DESC LIMIT 1",
        (visit.context.scope.id,),
    ).fetchone()
    response.awaits = (visit.context.scope.id, row[0]) if row and row[1] == session["id"] else None
    return response


def promote(visit: Visit) -> Response:
    """The buyer enters a promotion code."""
    try:
        _act(visit, lambda: apply_promotion(visit.context, visit.row, visit.form.get("promotion_code", "")))
    except StripeError as error:
        return _html(400, checkout_page(visit.row, visit.row.decoded(), visit.page, visit.form, error.fields))
    return _redirect(visit.path)


def open_again(visit: Visit) -> Response:
    """The link of an expired session: the same purchase on a page of its own."""
    try:
        session = _act(visit, lambda: recover(visit.context, visit.row))
    except StripeError as error:
        return _html(410, notice_page("This page has expired", error.fields["message"]))
    return _redirect(f"/c/pay/{session['id']}")


def change_quantity(visit: Visit) -> Response:
    """The buyer changes how many of an item to buy."""
    try:
        _act(visit, lambda: adjust(visit.context, visit.row, visit.form))
    except StripeError as error:
        return _html(400, checkout_page(visit.row, visit.row.decoded(), visit.page, visit.form, error.fields))
    return _redirect(visit.path)


def show_challenge(visit: Visit) -> Response:
    """The page of a session's 3D Secure challenge."""
    session = visit.row.decoded()
    if session["status"] != "open" or not _waiting(visit, session):
        return _redirect(visit.path)
    page = PageForm(visit.path + "/challenge", visit.token)
    return _html(200, challenge_page(session["amount_total"], session["currency"], page))


def answer_challenge(visit: Visit) -> Response:
    """The buyer passes or fails the challenge of a session."""
    passed = visit.form.get("result") == "pass"
    try:
        done = _act(visit, lambda: authenticate_session(visit.context, visit.row, passed))
    except StripeError as error:
        row = visit.context.fetch_row(SESSION, visit.row.id)
        return _html(error.status, checkout_page(row, row.decoded(), visit.page, {}, error.fields))
    if done["status"] == "complete":
        return _finished(visit, done)
    intent = visit.context.fetch(PAYMENT_INTENT, done["payment_intent"])
    row = visit.context.fetch_row(SESSION, done["id"])
    return _html(402, checkout_page(row, done, visit.page, {}, intent["last_payment_error"]))


def show_intent_challenge(visit: Visit) -> Response:
    """The page of the challenge of a payment made without Checkout."""
    intent, session = visit.row.decoded(), visit.row.hidden().get("session")
    if session:
        return _redirect(f"/c/pay/{session}/challenge")
    if intent["status"] != "requires_action":
        return _html(200, notice_page("Nothing to do", "This payment needs no authentication."))
    return _html(200, challenge_page(intent["amount"], intent["currency"], visit.page))


def answer_intent_challenge(visit: Visit) -> Response:
    """The buyer passes or fails a challenge without Checkout, and goes back to `return_url` with the outcome."""
    intent, session = visit.row.decoded(), visit.row.hidden().get("session")
    if session:
        return _redirect(f"/c/pay/{session}/challenge")
    back = way_back(intent)
    passed = visit.form.get("result") == "pass"
    try:
        done = _act(visit, lambda: answer_for_intent(visit.context, intent, passed))
        outcome = "failed" if done["status"] == "requires_payment_method" else "succeeded"
    except StripeError:
        outcome = "failed"
    if back is None:
        return _html(200, notice_page("Authentication finished", f"It has {outcome}."))
    return _redirect(back + f"&redirect_status={outcome}")


def show_setup_challenge(visit: Visit) -> Response:
    """The page of the challenge of a card that is being saved."""
    intent = visit.row.decoded()
    if intent["status"] != "requires_action":
        return _html(200, notice_page("Nothing to do", "This card needs no authentication."))
    return _html(200, challenge_page(0, "usd", visit.page))


def answer_setup_challenge(visit: Visit) -> Response:
    """The buyer passes or fails the challenge of a card that is being saved, and goes back with the outcome."""
    intent = visit.row.decoded()
    back = way_back(intent)
    passed = visit.form.get("result") == "pass"
    try:
        done = _act(visit, lambda: answer_for_setup(visit.context, intent, passed))
        outcome = "succeeded" if done["status"] == "succeeded" else "failed"
    except StripeError:
        outcome = "failed"
    if back is None:
        return _html(200, notice_page("Authentication finished", f"Saving the card has {outcome}."))
    return _redirect(back + f"&redirect_status={outcome}")


_ACTIONS: dict[tuple[str, str], Callable[[Visit], Response]] = {
    ("GET", ""): show,
    ("POST", ""): submit,
    ("POST", "promotion"): promote,
    ("POST", "quantity"): change_quantity,
    ("GET", RECOVER): open_again,
    ("GET", "challenge"): show_challenge,
    ("POST", "challenge"): answer_challenge,
    ("GET", "_challenge"): show_intent_challenge,
    ("POST", "_challenge"): answer_intent_challenge,
    ("GET", "_setup"): show_setup_challenge,
    ("POST", "_setup"): answer_setup_challenge,
}
_PLACES = frozenset(place for _, place in _ACTIONS)
