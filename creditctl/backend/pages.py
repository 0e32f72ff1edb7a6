"""Storefront pages: packages to buy, success and cancel pages of Stripe's redirects, and the API's documentation.

No script, no font, no picture from anywhere else: it works offline, without JavaScript, and reads well aloud. The
pages only show: none of them ever grants a credit.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from creditctl.backend import users
from creditctl.backend.api import order_for, package_body, read_session, unknown_session
from creditctl.backend.dependencies import Dependencies, SessionView
from creditctl.backend.error_handlers import note_error, status_and_words
from creditctl.backend.viewer import may_see, viewer_of_sessions
from creditctl.core.errors import CreditctlError
from creditctl.core.text import printable

if TYPE_CHECKING:
    from fastapi import FastAPI

_HEADERS = {
    "Cache-Control": "no-store",
    # After the form is posted the browser goes on to Stripe, whose page may be on a domain of the seller's own.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self' https: http://127.0.0.1:* http://localhost:*",
    # With `no-referrer` a browser would send the shop's own form with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@functools.cache
def _templates() -> Environment:
    loader = PackageLoader("creditctl.backend", "templates")
    return Environment(
        loader=loader,
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )


def render(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Renders one page from its template."""
    return HTMLResponse(_templates().get_template(name).render(**values), status_code=status, headers=_HEADERS)


class Storefront:
    """Storefront of one backend."""

    def __init__(self, services: Dependencies, app: FastAPI) -> None:
        self._services = services
        self._app = app

    def install(self) -> None:
        """Adds the pages to the app; they are not part of the API's document."""
        pages = {
            "/": self.credits,
            "/credits": self.credits,
            "/credits/success": self.success,
            "/credits/cancel": self.cancel,
            "/credits/style.css": self.style,
            "/docs": self.docs,
        }
        for path, page in pages.items():
            self._app.add_route(path, page, methods=["GET"], include_in_schema=False)
        self._app.add_route("/credits/buy", self.buy, methods=["POST"], include_in_schema=False)

    def credits(self, request: Request) -> Response:
        """The packages, each with a button to buy it."""
        return self._shop(user_id=request.query_params.get("user_id", "")[: users.MAX_CHARACTERS])

    async def buy(self, request: Request) -> Response:
        """Takes the form and sends the buyer on to Stripe's page."""
        form = _form(await request.body())
        return await run_in_threadpool(self._buy, request, form)

    def success(self, request: Request) -> Response:
        """What is known of a payment: credited, paid, waiting, not paid."""
        session_id = request.query_params.get("session_id", "")
        try:
            known = self._services.users_are_known
            viewer = viewer_of_sessions(self._services, request) if known else None
            session = read_session(self._services, session_id)
            if not may_see(viewer, session):
                raise unknown_session()
            return self._payment(session)
        except users.BadUserId:
            return render("payment.html", 422, state="unknown", **_no_payment())
        except HTTPException as error:
            return render("payment.html", error.status_code, state="unknown", **_no_payment())
        except CreditctlError as error:
            note_error(request, error)
            return render("payment.html", status_and_words(error)[0], state="unreachable", **_no_payment())

    def cancel(self, _request: Request) -> Response:
        """Where Stripe sends a buyer who turned back."""
        return render("cancel.html")

    def style(self, _request: Request) -> Response:
        """The one style sheet."""
        text = _templates().get_template("style.css").render()
        return Response(text, media_type="text/css", headers=_HEADERS)

    def docs(self, _request: Request) -> Response:
        """The API's document for people to read."""
        return render("docs.html", document=self._app.openapi())

    def _shop(self, status: int = 200, *, user_id: str = "", problem: str = "") -> HTMLResponse:
        return render(
            "credits.html",
            status,
            packages=[package_body(package) for package in self._services.catalog],
            mode=str(self._services.mode),
            user_id=user_id,
            problem=problem,
            max_characters=users.MAX_CHARACTERS,
            user_field=not self._services.trust_user_header,
            selling=self._services.users_are_known,
        )

    def _buy(self, request: Request, form: Mapping[str, str]) -> Response:
        typed = form.get("user_id", "")
        if not self._services.users_are_known:
            return self._shop(403, problem="Nothing can be bought here: who you are cannot be known.")
        package = next((item for item in self._services.catalog if str(item.number) == form.get("package_id")), None)
        if package is None:
            return self._shop(422, user_id=typed, problem="Choose one of the packages.")
        try:
            user_id = self._buyer(request, typed)
            session = self._services.checkout.create_session(order_for(self._services, package, user_id))
        except users.BadUserId as error:
            status = 401 if isinstance(error, users.NotSignedIn) else 422
            return self._shop(status, user_id=typed[: users.MAX_CHARACTERS], problem=str(error))
        except CreditctlError as error:
            note_error(request, error)
            status, words = status_and_words(error)
            return self._shop(status, user_id=typed, problem=words)
        request.state.outcome = f"created {session.id} for {package.slug}"
        return RedirectResponse(session.url, status_code=303, headers={"Cache-Control": "no-store"})

    def _buyer(self, request: Request, typed: str) -> str:
        """Who is buying: whoever signed them in says it in a header; without that, the form's field does."""
        if self._services.trust_user_header:
            return users.user_id_from_header([v for name, v in request.scope["headers"] if name == b"x-user-id"])
        return users.parse_user_id(typed.strip())

    def _payment(self, session: SessionView) -> Response:
        with self._services.ledger.reading() as view:
            entry = view.purchase_of(session.payment_key)
            balance = view.balance(entry.user_id) if entry else None
        if entry is None:
            return render("payment.html", state=_state(session), **{**_no_payment(), "session_id": session.id})
        # A session's page may be opened by whoever holds its id; in live mode that is not enough to see a balance.
        show = self._services.users_are_known
        return render(
            "payment.html",
            state="credited",
            session_id=session.id,
            credits=entry.credits,
            user_id=entry.user_id if show else None,
            balance=balance if show else None,
        )


def _state(session: SessionView) -> str:
    """What an unposted payment is waiting for."""
    if session.paid:
        return "paid"
    if session.status == "complete":
        return "pending"  # a delayed method: Stripe says later whether the money came
    return "expired" if session.status == "expired" else "open"


def _no_payment() -> dict[str, Any]:
    return {"session_id": None, "credits": None, "user_id": None, "balance": None}


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form; of a field that is there twice, none: nobody can say which was meant."""
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items() if len(values) == 1}
