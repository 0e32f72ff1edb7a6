"""Many past payments at once: from a seed, over a window of time, with a manifest of what is true.

Each price and fate has one template per object, made by the same functions as any other payment and filled in per
payment, so that a hundred thousand take seconds.
"""

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.control.seed_templates import FATES, Template, templates
from creditctl.emulator.payments import balances
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.storage.ids import Ids
from creditctl.emulator.storage.object_types import PRICE, Body
from creditctl.emulator.storage.store import body_value, encode

if TYPE_CHECKING:
    from creditctl.emulator.control.api import Command

MOST_PAYMENTS = 1_000_000
MOST_INLINE = 1000
DEFAULT_SHARES = {"refunded": 0.05, "partial": 0.02, "disputed": 0.01, "declined": 0.03, "expired": 0.05}
_INSERT = "INSERT INTO objects (scope, kind, id, created, owner, parent, label, body, extra) VALUES (?,?,?,?,?,?,?,?,?)"


class SeedPlan(msgspec.Struct):
    """What to make."""

    payments: int
    seed: int
    since: int
    until: int
    users: int
    prices: list[Body]
    shares: dict[str, float]
    manifest: Path | None


def read_plan(context: RequestContext, params: dict[str, Any]) -> SeedPlan:
    """The plan that the parameters describe; without prices, all active one-time prices."""
    named = params.get("prices") or []
    names = list(named.values()) if isinstance(named, dict) else named
    names = names.split(",") if isinstance(names, str) else names
    prices = [context.refer(PRICE, str(name), "prices") for name in names]
    if not prices:
        conditions = (body_value("$.active", True), body_value("$.type", "one_time"))
        prices = [
            row.decoded() for row in reversed(context.services.store.select(context.scope.id, PRICE, *conditions))
        ]
    if not prices:
        raise invalid("There are no prices to sell: create some, or name them in `prices`.", param="prices")
    payments = int(params.get("payments", 1000))
    if not 0 < payments <= MOST_PAYMENTS:
        raise invalid(f"payments must be between 1 and {MOST_PAYMENTS}", param="payments")
    until = int(params.get("until", context.now))
    since = int(params.get("since", until - 30 * balances.DAY_SECONDS))
    shares = {name: float(params.get(name, share)) for name, share in DEFAULT_SHARES.items()}
    path = params.get("manifest")
    users = int(params.get("users", max(payments // 4, 1)))
    return SeedPlan(
        payments, int(params.get("seed", 1)), since, until, users, prices, shares, Path(str(path)) if path else None
    )


def seed_payments(command: "Command") -> Body:
    """Make the payments in one transaction; answers a summary, and writes or includes the manifest."""
    from creditctl.emulator.control.payments import transaction

    def action(context: RequestContext) -> Body:
        plan = read_plan(context, command.params)
        return Seeding(context, plan).run()

    answer: Body = transaction(command, action)
    return answer


class Seeding:
    """One run of a plan."""

    def __init__(self, context: RequestContext, plan: SeedPlan) -> None:
        self._call, self._plan = context, plan
        name = f"{plan.seed}:{context.scope.account}"
        self._random = random.Random(name)  # noqa: S311 - a reproducible history, not secrets
        self._ids = Ids(name)
        self._made = {(price["id"], fate): templates(context, price, fate) for price in plan.prices for fate in FATES}
        self._rows: list[tuple[Any, ...]] = []
        self._sums: dict[tuple[str, str], int] = {}
        self._days: set[int] = set()

    def run(self) -> Body:
        """Make everything; the moments rise, so the list order is the order of making."""
        plan, db = self._plan, self._call.services.store.db
        moments = sorted(self._random.randint(plan.since, plan.until) for _ in range(plan.payments))
        fates = self._random.choices(*self._weights(), k=plan.payments)
        facts = []
        for moment, fate in zip(moments, fates, strict=True):
            facts.append(self._payment(moment, fate))
            if len(self._rows) > 20_000:
                db.executemany(_INSERT, self._rows)
                self._rows.clear()
        db.executemany(_INSERT, self._rows)
        self._settle()
        return self._report(facts)

    def _weights(self) -> tuple[list[str], list[float]]:
        shares = self._plan.shares
        paid = max(1.0 - sum(shares.values()), 0.0)
        return [*shares, "paid"], [*shares.values(), paid]

    def _payment(self, moment: int, fate: str) -> Body:
        price = self._random.choice(self._plan.prices)
        user = f"user_{self._random.randrange(self._plan.users) + 1}"
        later = min(moment + self._random.randint(60, 86_400), max(self._call.now, moment + 60))
        values = self._values(moment, later, user)
        holes = {name.encode(): v.encode() if isinstance(v, str) else v for name, v in values.items()}
        for template in self._made[price["id"], fate]:
            self._rows.append(template.row(self._call.scope.id, values, holes))
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
        ids, account = self._ids, self._call.scope.account
        intent = ids.relative("pi_", ids.dated("pi_", account, moment, "3"), "0")
        mode = "live" if self._call.scope.livemode else "test"
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
            "expires": moment + balances.DAY_SECONDS,
            "due_by": (later // balances.DAY_SECONDS + 9) * balances.DAY_SECONDS - 1,
            "available_on": available,
            "status": "pending" if available > self._call.now else "available",
        }

    def _count(self, template: Template, moment: int) -> None:
        if template.net is None:
            return
        available = balances.settles_on(moment)
        pending = template.settles and available > self._call.now
        if pending:
            self._days.add(available)
        key = (template.currency, "pending" if pending else "available")
        self._sums[key] = self._sums.get(key, 0) + template.net

    def _settle(self) -> None:
        for (currency, state), amount in self._sums.items():
            balances.move(self._call, currency, state, amount)
        for day in sorted(self._days):
            self._call.schedule(day - self._call.now, "settle_balance", str(day))

    def _report(self, facts: list[Body]) -> Body:
        counts = {fate: sum(fact["fate"] == fate for fact in facts) for fate in FATES}
        report: Body = {"payments": len(facts), "seed": self._plan.seed, "fates": counts}
        if self._plan.manifest:
            self._plan.manifest.write_bytes(b"".join(encode(fact) + b"\n" for fact in facts))
            report["manifest"] = str(self._plan.manifest)
        elif len(facts) <= MOST_INLINE:
            report["data"] = facts
        return report
