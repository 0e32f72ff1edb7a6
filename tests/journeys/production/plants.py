"""Faults to plant into a production that is in order, each with the check that names it and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from creditctl.ledger.store import Ledger
from tests.journeys.production.backend import HOOK, Asked
from tests.journeys.production.world import Production

OTHER_SECRET = "whsec_" + "aN0therSecret" * 3


NOBODYS = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}


@dataclass(frozen=True)
class Plant:
    """A fault. Shape: `cause` is the doctor's check, `words` stand in its evidence, `follows` are its consequences."""

    name: str
    do: Callable[[Production], object]
    cause: str
    words: str
    follows: frozenset[str] = frozenset()
    item: str = ""


def for_posts(status: int, text: str = "no") -> Callable[[Production], None]:
    """The backend answers every POST to its webhook in one way, before its own code is asked."""

    def plant(production: Production) -> None:
        def habit(asked: Asked) -> tuple[int, str] | None:
            return (status, text) if asked.path == HOOK and asked.method == "POST" else None

        production.backend.habit = habit

    return plant


def settings(**changes: str) -> Callable[[Production], None]:
    """The env file here says something else."""

    def plant(production: Production) -> None:
        production.settings |= changes
        production.write()

    return plant


def endpoint(**changes: object) -> Callable[[Production], None]:
    """The endpoint on Stripe is another."""

    def plant(production: Production) -> None:
        production.client.v1.webhook_endpoints.update(production.endpoint().id, changes)  # type: ignore[arg-type]

    return plant


def no_endpoint(production: Production) -> None:
    production.client.v1.webhook_endpoints.delete(production.endpoint().id)


def backends_secret(before: str = "", after: str = "", secret: str | None = None) -> Callable[[Production], None]:
    """The backend alone holds another secret, or the right one with something that sticks to it."""

    def plant(production: Production) -> None:
        production.backend.secret = before + (secret or production.backend.secret) + after

    return plant


def settings_secret(after: str) -> Callable[[Production], None]:
    """The env file here holds the secret with something behind it."""
    return lambda production: settings(STRIPE_WEBHOOK_SECRET=production.backend.secret + after)(production)


def both_secrets(production: Production) -> None:
    production.backend.secret = OTHER_SECRET
    settings(STRIPE_WEBHOOK_SECRET=OTHER_SECRET)(production)


def another_endpoints_secret(production: Production) -> None:
    wish = {"url": "https://other.example.com/hook", "enabled_events": ["charge.refunded"]}
    made = production.client.v1.webhook_endpoints.create(wish)  # type: ignore[arg-type]
    from creditctl.core.keys import Secret

    mark = {"metadata": {"secret_fingerprint": Secret(str(made.secret)).fingerprint, "managed_by": "creditctl"}}
    production.client.v1.webhook_endpoints.update(made.id, mark)  # type: ignore[arg-type]
    settings(STRIPE_WEBHOOK_SECRET=str(made.secret))(production)
    production.backend.secret = str(made.secret)


def bought_with(**changes: Any) -> Callable[[Production], object]:
    """Another purchase, whose session the backend made in another way."""
    return lambda production: production.buy("8", **changes)


def not_credited(production: Production) -> None:
    production.backend.credits = lambda _: False
    production.buy("8")
    production.later()


def credited_to_another(production: Production) -> None:
    production.backend.user_of = lambda _: "99"
    production.buy("8")
    production.later()


def unmarked(production: Production) -> None:
    production.backend.credits = lambda session: bool(session["metadata"])
    bought_with(metadata={}, payment_intent_data=None, client_reference_id=None)(production)


def archived_price(production: Production) -> None:
    price = production.client.v1.prices.list(params={"lookup_keys": ["creditctl_pro_usd"]}).data[0]
    production.client.v1.products.update("creditctl_pro", {"default_price": ""})
    production.client.v1.prices.update(price.id, {"active": False})
    settings(STRIPE_PRICE_PRO=price.id)(production)


def blind_key(production: Production) -> None:
    restricted_key(production)
    scope = production.emulator.accounts.all()[0]
    production.emulator.accounts.restrict(
        scope, production.cli.environ["STRIPE_SECRET_KEY"], ["rak_balance_read"], None
    )


def restricted_key(production: Production) -> None:
    key = "rk_test_" + "emulator0000000000"
    scope = production.emulator.accounts.all()[0]
    names = ["accounts_kyc_basic_read", "balance_read", "webhook_read", "checkout_session_read"]
    production.emulator.accounts.restrict(scope, key, [f"rak_{name}" for name in names], None)
    production.cli.environ["STRIPE_SECRET_KEY"] = key


def slow(production: Production) -> None:
    import time

    def habit(asked: Asked) -> tuple[int, str] | None:
        if asked.path == HOOK:
            time.sleep(60)
        return None

    production.backend.habit = habit


def down(production: Production) -> None:
    settings(CREDITS_API_URL="http://127.0.0.1:9")(production)
    production.client.v1.webhook_endpoints.update(production.endpoint().id, {"url": f"http://127.0.0.1:9{HOOK}"})


def credited_twice(production: Production) -> None:
    production.backend.key_of = lambda session: str(session["id"])
    production.client.v1.webhook_endpoints.update(production.endpoint().id, {"metadata": {"note": "seen"}})
    session = production.buy("8")
    production.backend.key_of = lambda session: str(session["payment_intent"])
    production.backend.book(production.client.v1.checkout.sessions.retrieve(session).to_dict())
    production.later()


def storefront_down(production: Production) -> None:
    home = "http://127.0.0.1:9"
    settings(FRONTEND_URL=home)(production)
    back = f"{home}/credits/success?session_id={{CHECKOUT_SESSION_ID}}"
    production.buy("8", success_url=back, cancel_url=f"{home}/credits")


def unknown_package(production: Production) -> None:
    production.backend.credits = lambda session: session["metadata"]["package"] != "giant"
    metadata = {**NOBODYS, "package": "giant", "user_id": "8"}
    production.buy("8", metadata=metadata, payment_intent_data={"metadata": metadata})
    production.later()


def others_ledger(production: Production) -> None:
    path = production.cli.folder / "others.db"
    Ledger.open(path, account="acct_another", livemode=False, clock=production.cli.clock).close()
    settings(CREDITCTL_LEDGER="others.db")(production)


def old_and_missing(production: Production) -> None:
    not_credited(production)
    production.later(40 * 86_400)


NO_ENDPOINT = frozenset({"secret"})
CANNOT_LOOK = frozenset({"endpoint", "marker", "prices", "secret", "redirects", "ledger", "payload"})
NO_BOOKS = frozenset({"marker", "payload"})
ANOTHER_ACCOUNT = NO_BOOKS | {"ledger", "credited", "signatures"}
SOILED = frozenset({"secret", "verification"})
UNREACHED = frozenset({"verification"})
PLANTS = (
    Plant("endpoint missing", no_endpoint, "endpoint", "No webhook endpoint delivers", NO_ENDPOINT, "webhook_endpoint"),
    Plant("endpoint disabled", endpoint(disabled=True), "endpoint", "is disabled", NO_ENDPOINT, "webhook_endpoint"),
    Plant(
        "wrong path",
        lambda p: endpoint(url=f"{p.backend.url}/webhook")(p),
        "endpoint",
        "delivers to another path",
        NO_ENDPOINT,
        "webhook_endpoint",
    ),
    Plant(
        "wrong host",
        endpoint(url=f"https://old.example.com{HOOK}"),
        "endpoint",
        "delivers to another host",
        NO_ENDPOINT,
        "webhook_endpoint",
    ),
    Plant(
        "wrong events",
        endpoint(enabled_events=["charge.refunded"]),
        "endpoint",
        "does not listen for",
        item="webhook_endpoint",
    ),
    Plant("backend down", down, "backend", "Nobody listens", UNREACHED, "backend_probe"),
    Plant("slow", slow, "backend", "did not answer in time", UNREACHED, "backend_probe"),
    Plant("500", for_posts(500), "backend", "fails with 500", UNREACHED, "backend_probe"),
    Plant("login", for_posts(401), "backend", "refused with 401", UNREACHED, "backend_probe"),
    Plant("404", for_posts(404), "backend", "Nothing is at this path", UNREACHED, "backend_probe"),
    Plant("redirect", for_posts(308, "/x"), "backend", "redirects with 308", UNREACHED, "backend_probe"),
    Plant("csrf", for_posts(419, "Page Expired"), "backend", "CSRF", UNREACHED, "backend_probe"),
    Plant("no verification", for_posts(200), "verification", "It answers 2xx to everything", item="backend_probe"),
    Plant(
        "another secret in the backend", backends_secret(secret=OTHER_SECRET), "secret", "refused", item="backend_probe"
    ),
    Plant(
        "line end in the backend", backends_secret(after="\n"), "secret", "a line end behind it", item="backend_probe"
    ),
    Plant("quotes in the backend", backends_secret('"', '"'), "secret", "double quotes around", item="backend_probe"),
    Plant("secret of nobody's", both_secrets, "secret", "the Stripe CLI", item="webhook_secret"),
    Plant("another endpoint's", another_endpoints_secret, "secret", "other.example.com", item="webhook_secret"),
    Plant(
        "backend's clock", lambda p: setattr(p.backend, "skew_seconds", 3600), "clock", "clock is", item="backend_probe"
    ),
    Plant(
        "not credited",
        not_credited,
        "credited",
        "missing_credit",
    ),
    Plant(
        "user mismatch",
        credited_to_another,
        "credited",
        "wrong_user",
    ),
    Plant("no marker", unmarked, "marker", "sold nothing"),
    Plant("archived price", archived_price, "prices", "which is archived", item="prices"),
    Plant(
        "success page without the id",
        lambda p: p.buy("8", success_url=f"{p.backend.url}/credits/success"),
        "redirects",
        "does not carry the session's id",
        item="redirects",
    ),
    Plant(
        "success on localhost",
        bought_with(success_url="http://localhost:3000/credits/success?session_id={CHECKOUT_SESSION_ID}"),
        "redirects",
        "localhost:3000",
        item="redirects",
    ),
    Plant(
        "cancel elsewhere",
        bought_with(cancel_url="https://old.example.com/cancel"),
        "redirects",
        "cancel_url",
        item="redirects",
    ),
    Plant("success page 404", lambda p: p.backend.pages.discard("/credits/success"), "frontend", "answers 404"),
    Plant("storefront down", storefront_down, "frontend", "Nobody answers", item="success_page"),
    Plant(
        "no owner",
        bought_with(client_reference_id=None, metadata=NOBODYS, payment_intent_data=None),
        "credited",
        "owner_missing",
    ),
    Plant("unknown package", unknown_package, "credited", "line_items"),
    Plant("duplicate", credited_twice, "credited", "duplicate_credit"),
    Plant("source gone", settings(DATABASE_URL="sqlite:////no/such/shop.db"), "ledger", "/no/such", NO_BOOKS),
    Plant("signature lost", for_posts(400, "No stripe-signature header"), "backend", "does not arrive", UNREACHED),
    Plant("another account's ledger", others_ledger, "key", "acct_another", ANOTHER_ACCOUNT),
    Plant("older than Stripe's events", old_and_missing, "credited", "missing_credit"),
    Plant("secret with white space here", settings_secret(after=" x"), "secret_clean", "STRIPE_WEBHOOK_SECRET", SOILED),
    Plant("another secret here alone", settings(STRIPE_WEBHOOK_SECRET=OTHER_SECRET), "secret", "is not the secret of"),
    Plant("restricted key", restricted_key, "key", "lacks", CANNOT_LOOK, "permissions"),
    Plant("key that may read nothing", blind_key, "key", "lacks", CANNOT_LOOK, "permissions"),
)
