"""HTML views of the hosted pages, rendered with Jinja2."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from creditctl.emulator.pages.questions import asks_address, questions
from creditctl.emulator.payments.banks import BANKS
from creditctl.emulator.protocol.currencies import written
from creditctl.emulator.storage.object_types import Body
from creditctl.emulator.storage.store import Row

if TYPE_CHECKING:
    from jinja2 import Environment

_VERBS = {"book": "Book", "donate": "Donate", "subscribe": "Subscribe"}
"""What the button says by `submit_type`; Stripe's own words are unconfirmed."""
HINTS = (
    ("4242 4242 4242 4242", "pays"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 9995", "has insufficient funds"),
    ("4000 0000 0000 0069", "has expired"),
    ("4000 0000 0000 3220", "asks for 3D Secure"),
    ("4000 0000 0000 0259", "pays, then disputes"),
    ("4000 0000 0000 7726", "pays; its refunds are pending at first"),
    ("4000 0000 0000 5126", "pays; its refunds fail later"),
)
LIVE_HINTS = (
    ("4539 1488 0343 6467", "pays, like every number that is no test card"),
    ("4242 4242 4242 4242", "is declined: a test card in live mode"),
)


class PageForm(msgspec.Struct, frozen=True):
    """Where a page's forms go, and the token that they carry."""

    path: str
    token: str


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("creditctl.emulator"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def _render(name: str, **context: Any) -> str:
    return _environment().get_template(name).render(**context)


def checkout_page(row: Row, session: Body, page: PageForm, form: Mapping[str, str], error: Body | None) -> str:
    """The Checkout page of an open session."""
    currency = session["currency"]
    wrong = (error or {}).get("param")

    def invalid(*names: str) -> bool:
        return wrong in names

    fields = ("email", "number", "expiry", "cvc", "name", "postal_code", "account", "method", "country")
    values = {name: form.get(name, "") for name in fields}
    values["email"] = values["email"] or session["customer_email"] or ""
    return _render(
        "checkout.html",
        title="Pay for your order",
        items=[_item(item, currency) for item in row.hidden()["items"]],
        questions=questions(session, form),
        whole_address=asks_address(session),
        consent=session["consent_collection"] or {},
        wants_news="promotions" in form,
        discount=_discount(session),
        taxes=_taxes(session),
        texts={name: (said or {}).get("message") for name, said in (session["custom_text"] or {}).items()},
        verb=_VERBS.get(session["submit_type"] or "", "Pay"),
        total=written(session["amount_total"], currency),
        due=session["amount_total"] > 0,
        error={"message": error["message"], "decline_code": error.get("decline_code")} if error else None,
        promotion_codes=bool(session["allow_promotion_codes"]) and not session["discounts"],
        page=page,
        values=values,
        locked_email=bool(session["customer_email"]),
        invalid=invalid,
        other_methods=[(name, BANKS[name]) for name in session["payment_method_types"] if name in BANKS],
        cancel_url=session["cancel_url"],
        hints=LIVE_HINTS if session["livemode"] else HINTS,
    )


def _item(item: Body, currency: str) -> Body:
    return {
        "description": item["description"],
        "quantity": item["quantity"],
        "subtotal": written(item["amount_subtotal"], currency),
        "adjustable": (item["adjustable_quantity"] or {}).get("enabled") and item["adjustable_quantity"],
    }


def _discount(session: Body) -> str:
    off = session["total_details"]["amount_discount"]
    return written(off, session["currency"]) if off else ""


def _taxes(session: Body) -> list[tuple[str, str]]:
    """The tax that is added to the prices, and that which they include."""
    details = session["total_details"]
    added = session["amount_total"] - session["amount_subtotal"] + details["amount_discount"]
    parts = (("Tax", added), ("Tax (included)", details["amount_tax"] - added))
    return [(name, written(amount, session["currency"])) for name, amount in parts if amount]


def invoice_page(invoice: Body) -> str:
    """The page of an invoice that was paid."""
    currency = invoice["currency"]
    totals = [("Subtotal", invoice["subtotal"])]
    totals += [("Discount", -entry["amount"]) for entry in invoice["total_discount_amounts"]]
    totals += [(f"Tax ({entry['tax_behavior']})", entry["amount"]) for entry in invoice["total_taxes"]]
    totals += [("Total", invoice["total"]), ("Amount paid", invoice["amount_paid"])]
    return _render(
        "invoice.html",
        title=f"Invoice {invoice['number']}",
        invoice=invoice,
        lines=[{**line, "money": written(line["amount"], currency)} for line in invoice["lines"]["data"]],
        totals=[(name, written(amount, currency)) for name, amount in totals],
    )


def challenge_page(amount: int, currency: str, page: PageForm) -> str:
    """The 3D Secure challenge of the buyer's bank."""
    return _render("challenge.html", title="Confirm the payment", total=written(amount, currency), page=page)


def notice_page(title: str, text: str, link: str = "") -> str:
    """A page that only says something."""
    return _render("notice.html", title=title, text=text, link=link)
