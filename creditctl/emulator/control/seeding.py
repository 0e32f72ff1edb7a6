"""Seeding of many past payments: from a seed, over a window of time, with a manifest of what is true.

Each price and fate has one template per object, made by the same functions as any other payment and filled in per
payment, so that a hundred thousand take seconds.
"""

import os
import random
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.control.command import Command, control
from creditctl.emulator.control.files import create_file, new_file
from creditctl.emulator.control.params import Names
from creditctl.emulator.control.seed_templates import FATES, Template, templates
from creditctl.emulator.payments import balances
from creditctl.emulator.payments.dispute_bodies import evidence_due_by
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Integer, Number, Text
from creditctl.emulator.protocol.schema import Fields
from creditctl.emulator.storage.ids import Ids
from creditctl.emulator.storage.object_types import PRICE, Body
from creditctl.emulator.storage.store import body_value, encode

MOST_PAYMENTS = 1_000_000
MOST_INLINE = 1000
_PAYMENT_BYTES = 20_000
"""What a payment takes in the database at most, with its events."""
DEFAULT_SHARES = {"refunded": 0.05, "partial": 0.02, "disputed": 0.01, "declined": 0.03, "expired": 0.05}
_PARAMS: Fields = {
    "payments": Integer(low=1, high=MOST_PAYMENTS),
    "seed": Integer(),
    "since": Integer(),
    "until": Integer(),
    "users": Integer(low=1),
    "prices": Names(item=Text()),
    "manifest": Text(unset=True),
    **{name: Number(low=0, high=1) for name in DEFAULT_SHARES},
}


class SeedPlan(msgspec.Struct):
    """What a seeding makes: how many payments, over which time, of which prices, with which fates."""

    payments: int
    seed: int
    since: int
    until: int
    users: int
    prices: list[Body]
    shares: dict[str, float]
    manifest: Path | None


def read_plan(context: RequestContext, params: Mapping[str, Any]) -> SeedPlan:
    """The plan that the parameters describe; without prices, all active one-time prices."""
    payments = params.get("payments", 1000)
    until = params.get("until", context.now)
    since = params.get("since", until - 30 * DAY_SECONDS)
    if since > until:
        raise invalid("`since` must not be later than `until`.", param="since")
    manifest = params.get("manifest")
    return SeedPlan(
        payments=payments,
        seed=params.get("seed", 1),
        since=since,
        until=until,
        users=params.get("users", max(payments // 4, 1)),
        prices=_prices(context, params.get("prices") or []),
        shares={name: params.get(name, share) for name, share in DEFAULT_SHARES.items()},
        manifest=new_file(context.services.options, manifest, "manifest") if manifest else None,
    )


def _prices(context: RequestContext, names: list[str]) -> list[Body]:
    prices = [context.refer(PRICE, name, "prices") for name in names]
    if not prices:
        conditions = (body_value("$.active", True), body_value("$.type", "one_time"))
        rows = context.services.store.select(context.scope.id, PRICE, *conditions)
        prices = [row.decoded() for row in reversed(rows)]
    if not prices:
        raise invalid("There are no prices to sell: create some, or name them in `prices`.", param="prices")
    without = next((price["id"] for price in prices if price["unit_amount"] is None), None)
    if without:
        raise invalid(f"The price {without} has no whole unit amount to seed payments with.", param="prices")
    return prices


def seed_payments(command: Command) -> Body:
    """Make `payments` past purchases from a `seed`; answers (or writes to `manifest`) what is true."""
    command.services.store.make_room(command.params.get("payments", 0) * _PAYMENT_BYTES)
    try:
        return command.transaction(lambda context: Seeding(context, read_plan(context, command.params)).run())
    except sqlite3.IntegrityError as error:
        # The same seed in the same account draws the same ids.
        message = "Some of these objects are there already: choose another seed, or reset."
        raise invalid(message, param="seed", status=409) from error
    except OSError as error:
        raise invalid(f"The manifest can't be written: {error}", param="manifest") from error


class Seeding:
    """One run of a plan."""

    def __init__(self, context: RequestContext, plan: SeedPlan) -> None:
        self._context, self._plan = context, plan
        name = f"{plan.seed}:{context.scope.account}"
        self._random = random.Random(name)  # noqa: S311 - a reproducible history, not secrets
        self._ids = Ids(name)
        self._made = {(price["id"], fate): templates(context, price, fate) for price in plan.prices for fate in FATES}
        self._rows: list[tuple[Any, ...]] = []
        self._sums: dict[tuple[str, str], int] = {}
        self._days: set[int] = set()

    def run(self) -> Body:
        """Make everything; the moments rise, so the list order is the order of making."""
        plan, store = self._plan, self._context.services.store
        moments = sorted(self._random.randint(plan.since, plan.until) for _ in range(plan.payments))
        fates = self._random.choices(*self._weights(), k=plan.payments)
        facts = []
        for moment, fate in zip(moments, fates, strict=True):
            facts.append(self._payment(moment, fate))
            # In portions: a million payments would not fit into memory as rows.
            if len(self._rows) > 20_000:
                store.add_rows(self._rows)
                self._rows.clear()
        store.add_rows(self._rows)
        self._settle()
        return self._report(facts)

    def _weights(self) -> tuple[list[str], list[float]]:
        shares = self._plan.shares
        paid = max(1.0 - sum(shares.values()), 0.0)
        return [*shares, "paid"], [*shares.values(), paid]

    def _payment(self, moment: int, fate: str) -> Body:
        price = self._random.choice(self._plan.prices)
        user = f"user_{self._random.randrange(self._plan.users) + 1}"
        later = min(moment + self._random.randint(60, 86_400), max(self._context.now, moment + 60))
        values = self._values(moment, later, user)
        holes = {name.encode(): v.encode() if isinstance(v, str) else v for name, v in values.items()}
        for template in self._made[price["id"], fate]:
            self._rows.append(template.row(self._context.scope.id, values, holes))
            self._count(template, moment)
        return {
            "session": values["session"],
            "payment_intent": None if fate == "expired" else values["intent"],
            "charge": None if fate == "expired" else values["charge"],
            "refund": values["refund"] if fate in ("refunded", "partial") else None,
            "dispute": values["dispute"] if fate == "disputed" else None,
            "user_id": user,
            "price": price["id"],
            "amount": price["unit_amount"],
            "currency": price["currency"],
            "created": moment,
            "fate": fate,
        }

    def _values(self, moment: int, later: int, user: str) -> dict[str, Any]:
        ids, account = self._ids, self._context.scope.account
        intent = ids.relative("pi_", ids.dated("pi_", account, moment, "3"), "0")
        mode = "live" if self._context.scope.livemode else "test"
        available = balances.settles_on(moment)
        return {
            "session": f"cs_{mode}_a1{ids.token(56)}",
            "intent": intent,
            "secret": f"{intent}_secret_{ids.token(25)}",
            "charge": ids.relative("ch_", intent, "0"),
            "method": ids.dated("pm_", account, moment),
            "item": ids.dated("li_", account, moment),
            "txn": ids.relative("txn_", intent, "1"),
            "refund": ids.relative("re_", intent, "1"),
            "refund_txn": ids.relative("txn_", intent, "1"),
            "dispute": ids.dated("du_", account, moment),
            "dispute_txn": ids.dated("txn_", account, moment),
            "user": user,
            "created": moment,
            "later": later,
            "expires": moment + DAY_SECONDS,
            "due_by": evidence_due_by(later),
            "available_on": available,
            "status": "pending" if available > self._context.now else "available",
        }

    def _count(self, template: Template, moment: int) -> None:
        if template.net is None:
            return
        available = balances.settles_on(moment)
        pending = template.settles and available > self._context.now
        if pending:
            self._days.add(available)
        key = (template.currency, "pending" if pending else "available")
        self._sums[key] = self._sums.get(key, 0) + template.net

    def _settle(self) -> None:
        # Totals are moved once per currency and state, not once per payment.
        for (currency, state), amount in self._sums.items():
            balances.move(self._context, currency, state, amount)
        for day in sorted(self._days):
            self._context.schedule(day - self._context.now, "settle_balance", str(day))

    def _report(self, facts: list[Body]) -> Body:
        counts = {fate: sum(fact["fate"] == fate for fact in facts) for fate in FATES}
        report: Body = {"payments": len(facts), "seed": self._plan.seed, "fates": counts}
        if self._plan.manifest:
            _write_new(self._plan.manifest, b"".join(encode(fact) + b"\n" for fact in facts))
            report["manifest"] = str(self._plan.manifest)
        elif len(facts) <= MOST_INLINE:
            report["data"] = facts
        return report


def _write_new(place: Path, content: bytes) -> None:
    """Write a new file whole; what could not be written whole is removed. Errors: OSError."""
    descriptor = create_file(place)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except BaseException:
        place.unlink(missing_ok=True)
        raise


CONTROLS = (control("POST", "seed", seed_payments, _PARAMS),)
