"""The hosted page of an invoice: number, lines, totals; and the same as the file that `invoice_pdf` names.

Source: Stripe docs, "Hosted Invoice Page". A receipt is no PDF here: it is the page itself.
"""

from creditctl.emulator.api.context import Services
from creditctl.emulator.pages.views import invoice_page
from creditctl.emulator.storage.object_types import INVOICE
from creditctl.emulator.storage.store import decode

PREFIX = "/invoice/"


def show_invoice(services: Services, path: str) -> str | None:
    """The page of an invoice as HTML; None where there is none of this id. Its id is the secret, as Stripe's URL is."""
    invoice_id = path.removeprefix(PREFIX).removesuffix("/pdf")
    row = services.store.db.execute(
        "SELECT body FROM objects WHERE scope IN (SELECT scope FROM scopes) AND id = ? AND kind = ?",
        (invoice_id, INVOICE.name),
    ).fetchone()
    return invoice_page(decode(row[0])) if row else None
