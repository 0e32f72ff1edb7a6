"""Whatever is planted, probes and the judgement of what they suspect find just what judging everything finds."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.core.entitlement.facts import RefundFact
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind
from creditctl.core.project_file.running import DisputePolicy, NegativeBalances, PolicySection
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.source_models import SourceRow
from creditctl.ledger.archive.source_queries import SourceRows
from creditctl.ledger.archive.source_store import begin
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.matching.worth_store import WorthStore
from creditctl.ledger.models import FindingStatus
from creditctl.ledger.view import LedgerView
from creditctl.payments.keeper import OUR_LEDGER, Keeper
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.source.fitting import FittingTerms
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation.bulk_reader import BulkReader
from creditctl.reconciliation.kept.archive_pull import ArchivePull
from creditctl.reconciliation.match import Matched
from creditctl.reconciliation.probed_match import ProbedMatch
from creditctl.reconciliation.pull import PullPlan
from creditctl.reconciliation.pulled import Pulled
from creditctl.reconciliation.report import ReconcileReport
from tests.support.payment_shop import ACCOUNT, OpenShop, Shop

SLUGS = ("starter", "basic", "pro")
USERS = ("u1", "u2", "u3")
CREDITS = (1000, 5500, 13_500, -1000, 400, 999)


class Killed(BaseException):
    """The run was killed."""


class KillableArchive(Archive):
    """An archive whose run is killed before or after one of its writes. Shape: `left` counts both; None is never."""

    left: int | None = None

    @contextmanager
    def write_session(self) -> Iterator[sqlite3.Connection]:
        self._come_closer()
        with super().write_session() as connection:
            yield connection
        self._come_closer()

    def _come_closer(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


@dataclass
class World:
    """A shop and its archive, moved at random."""

    shop: Shop
    archive: KillableArchive
    chance: random.Random
    keys: list[str] = field(default_factory=list)
    entries: int = 0
    source: list[SourceRow] | None = None
    negative: NegativeBalances | None = None
    read: list[SourceRow] = field(default_factory=list)

    def slug(self) -> str:
        return self.chance.choice(SLUGS)

    def user(self) -> str:
        return self.chance.choice(USERS)

    def key(self) -> str | None:
        return self.chance.choice(self.keys) if self.keys else None

    def session(self, key: str | None) -> str | None:
        rows = self.shop.shelf.objects.get("checkout/sessions", {}).values()
        return next((str(row["id"]) for row in rows if key in (row["payment_intent"], row["id"])), None)

    def age(self) -> int:
        return self.chance.choice((5, 100, 500, 1000, 2000, 90_000, 90_100, 90_650, 200_000))

    @property
    def keeper(self) -> Keeper:
        if self.source is None:
            return OUR_LEDGER
        terms = FittingTerms(policy=PolicySection(negative=self.negative, disputes=DisputePolicy.AT_LOSS))
        return SourceKeeper(SourceRows(self.archive), False, 1, terms, self.shop.now)

    def judged(self, *, probed: bool, record: bool) -> ReconcileReport:
        def kept(reader: PaymentReader) -> ArchivePull:
            return ArchivePull(reader, PullStore(self.archive), BulkReader(self.shop.client, workers=1))

        night = ProbedMatch(WorthStore(self.archive), self.shop.ledger.path)
        plan = PullPlan(source=kept, matcher=night, news=night.news) if probed else PullPlan(source=kept)
        self.shop.moment[0] -= 60
        return self.shop.reconcile(plan=plan, record=record, keeper=self.keeper)

    def killed(self) -> None:
        """A run that is killed somewhere; it may come to its end before."""
        self.archive.left = self.chance.randint(0, 24)
        with suppress(Killed):
            self.judged(probed=True, record=True)
        self.archive.left = None

    def read_rows(self) -> None:
        """The application's rows as they are now, read into the archive: all of them, or those that say something new.

        Shape: the balances that it keeps beside them are sometimes off.
        """
        if self.source is None:
            return
        whole = self.chance.random() < 0.7
        page = self.source if whole else [each for each in self.source if each not in self.read]
        writer = begin(self.archive, whole=whole, started=self.shop.now, fingerprint="f", named=True)
        assert writer.store(page, ()) is None
        writer.keep_balances((user, self.chance.choice((0, 0, 1000, 7))) for user in USERS)
        writer.finish(self.shop.now, None)
        self.read = list(self.source)


Act = Callable[[World], None]


def pays(world: World, slug: str | None = None, **changes: Any) -> None:
    """A payment whose line items say the same as its metadata, or something else."""
    key = world.shop.pay(slug or world.slug(), world.user(), world.age(), **changes)
    body = world.shop.session_of(key)
    price = {"id": "price_1", "product": "creditctl_starter", "unit_amount": body["amount_subtotal"], "currency": "usd"}
    if world.chance.random() < 0.8:
        price["metadata"] = body["metadata"]
    item = {
        "id": "li_1",
        "quantity": 1,
        "amount_subtotal": body["amount_subtotal"],
        "amount_total": 1,
        "currency": "usd",
    }
    world.shop.line_items(key, {**item, "price": {"metadata": {}, **price}})
    world.shop.shelf.put("prices", price)
    world.keys.append(key)


def pays_and_is_credited(world: World) -> None:
    pays(world)
    credited(world, world.keys[-1])


def pays_otherwise(world: World) -> None:
    changes: dict[str, Any] = world.chance.choice(
        (
            {"payment_status": "unpaid"},
            {"status": "open", "payment_status": "unpaid", "payment_intent": None},
            {"payment_status": "no_payment_required", "payment_intent": None, "amount_total": 0},
            {"amount_total": 900},
            {"amount_total": 1190},
            {"amount_subtotal": 777},
            {"client_reference_id": "u9"},
            {"livemode": True},
            {"metadata": {}},
            {"metadata": {"managed_by": "creditctl"}},
            {"currency": "eur"},
        )
    )
    pays(world, "starter", **changes)


def intent_alone(world: World) -> None:
    """Somebody else's, taken by hand, or of ours without a session."""
    name = f"pi_y{world.shop.number()}"
    metadata = world.chance.choice(({}, {"order": "7"}, {"managed_by": "creditctl"}, {"user_id": "u1"}))
    status = world.chance.choice(("succeeded", "succeeded", "requires_payment_method"))
    world.shop.intent(name, created=world.shop.now - world.age(), metadata=metadata, status=status)
    world.keys.append(name)


def refunded(world: World) -> None:
    key = world.key()
    if key is not None and key.startswith("pi_"):
        status = world.chance.choice(("succeeded", "succeeded", "pending", "failed"))
        name = world.shop.refund(key, world.chance.choice((333, 1000, 450)), status, world.age())
        names_charge_alone(world, "refunds", name)


def names_charge_alone(world: World, path: str, name: str) -> None:
    """Sometimes a refund or dispute says nothing of its payment; what its charge says, Stripe sometimes answers."""
    body = world.shop.shelf.objects[path][name]
    if world.chance.random() < 0.2:
        if world.chance.random() < 0.8:
            said = {"object": "charge", "created": 1, "payment_intent": body["payment_intent"]}
            world.shop.shelf.put("charges", {"id": body["charge"], **said})
        body["payment_intent"] = None


def disputed(world: World) -> None:
    key = world.key()
    if key is not None and key.startswith("pi_"):
        status = world.chance.choice(("needs_response", "won", "lost", "warning_needs_response"))
        name = world.shop.dispute(key, world.chance.choice((500, 1000)), status, world.age())
        names_charge_alone(world, "disputes", name)


def refund_changes(world: World) -> None:
    refunds = list(world.shop.shelf.objects.get("refunds", {}).values())
    if refunds:
        world.chance.choice(refunds)["status"] = world.chance.choice(("failed", "succeeded"))


def credited(world: World, key: str | None = None) -> None:
    """What a webhook leaves behind, or an application books."""
    key = key or world.key()
    if key is None or world.session(key) is None:
        return
    body = world.shop.session_of(key)
    if world.source is not None:
        name = world.chance.choice((key, key, key, body["id"]))
        sold = {"user_id": body["client_reference_id"], "credits": int(body["metadata"].get("credits", 1))}
        row(world, **sold, payment_key=name, created=body["created"])
        return
    with suppress(AssertionError):  # one that is worth nothing for certain
        world.shop.fulfil(key)


def posted(world: World) -> None:
    """An entry of any kind, right or wrong, under any name."""
    key = world.key()
    session = world.session(key)
    refunds = list(world.shop.shelf.objects.get("refunds", {}))
    names = [key, key, key, session, f"ch_{key}", "pi_unknown", None, *refunds[:1]]
    kind = world.chance.choice(
        (EntryKind.PURCHASE, EntryKind.PURCHASE, EntryKind.ADJUSTMENT, *CLAWBACK_KINDS, EntryKind.USAGE)
    )
    credits = world.chance.choice(CREDITS)
    if kind in (EntryKind.REFUND, EntryKind.DISPUTE, EntryKind.USAGE):
        credits = -abs(credits)
    elif kind is not EntryKind.ADJUSTMENT:
        credits = abs(credits)
    name = world.chance.choice(names)
    corrects = None
    if kind is EntryKind.ADJUSTMENT and world.entries and world.chance.random() < 0.7:
        corrects = world.chance.randint(1, world.entries)
    if world.source is not None:
        row(
            world,
            user_id=world.chance.choice((*USERS, None)),
            kind=str(kind),
            credits=credits,
            payment_key=name,
            status=world.chance.choice(("done", "done", "pending", "void")),
            contrary=world.chance.random() < 0.1,
            object_id=world.chance.choice((None, *refunds)),
            created=world.shop.now - world.age(),
            corrects=None if corrects is None else f"r{corrects}",
            amount=world.chance.choice((None, 1000, 990)),
            livemode=world.chance.choice((None, None, False, True)),
        )
        return
    if name is None and kind not in (EntryKind.ADJUSTMENT, EntryKind.USAGE):
        name = key or "pi_unknown"
    session_id = world.chance.choice((None, None, session, f"cs_test_{world.chance.randint(1, 9):04}"))
    count = world.shop.ledger
    with count.reading() as view:
        last = view.count()
    world.shop.post(
        credits,
        world.user(),
        kind=kind,
        payment_key=name,
        session_id=session_id,
        amount=world.chance.choice((1000, 1000, 990, 4500, 0)) * (-1 if credits < 0 else 1),
        currency=world.chance.choice(("usd", "usd", "eur", None)),
        package=world.chance.choice((None, "starter", "pro")),
        object_id=world.chance.choice((None, *refunds)),
        corrects=min(corrects, last) if corrects and last else None,
        created=world.shop.now - world.age(),
        idempotency_key=world.chance.choice((f"import:app:x{last}", f"purchase:x{last}")),
    )
    world.entries = last + 1


def row(world: World, **changes: object) -> None:
    assert world.source is not None
    number = len(world.source) + 1
    known = SourceRow(
        f"r{number}",
        world.shop.now - 86_400,
        None,
        "u1",
        "purchase",
        "done",
        1000,
        False,
        None,
        None,
        None,
        None,
        None,
        None,
    )
    world.source.append(known._replace(**changes))  # type: ignore[arg-type]
    world.entries = number


def row_changes(world: World) -> None:
    """A row says something else than before, is completed, or is gone."""
    if world.source:
        place = world.chance.randrange(len(world.source))
        old = world.source[place]
        change = world.chance.choice(
            (
                {"credits": 7},
                {"status": "done"},
                {"status": "void"},
                {"status": "pending"},
                {"user_id": "u2"},
                {"payment_key": world.key()},
                None,
            )
        )
        if change is None:
            world.source.pop(place)
            world.source.append(old._replace(row_id=f"z{world.shop.number()}"))
        else:
            world.source[place] = old._replace(**change)


def repaired(world: World) -> None:
    """What an application lacks is delivered again: it books some of it, and its rows are read once more."""
    if world.source is None:
        return
    world.read_rows()
    for each in world.judged(probed=True, record=True).repairs:
        for draft in each.drafts if world.chance.random() < 0.8 else ():
            said = {"kind": str(draft.kind), "credits": draft.credits, "object_id": draft.object_id}
            row(world, **said, user_id=draft.user_id, payment_key=each.payment_key, created=world.shop.now)
    world.read_rows()


def settled(world: World) -> None:
    """A person dismisses what a run found."""
    with world.shop.ledger.transaction() as tx:
        found = tx.findings(FindingStatus.OPEN)
        if found:
            tx.settle_finding(world.chance.choice(found), "as it should be", None)


def time_passes(world: World) -> None:
    world.shop.later(world.chance.choice((300, 900, 90_000)))


def price_changes(world: World) -> None:
    first, *rest = world.shop.catalog.packages
    world.shop.catalog = replace(world.shop.catalog, packages=(replace(first, amount=first.amount ^ 1), *rest))


ACTS: tuple[Act, ...] = (
    *[pays_and_is_credited] * 4,
    pays,
    pays_otherwise,
    intent_alone,
    refunded,
    refunded,
    disputed,
    refund_changes,
    credited,
    credited,
    posted,
    posted,
    row_changes,
    row_changes,
    repaired,
    settled,
    time_passes,
    price_changes,
)


def said(report: ReconcileReport) -> dict[str, object]:
    return {
        "findings": [{**each.as_dict(), "new": None} for each in report.findings],
        "repairs": [each.as_dict() for each in report.repairs],
        "payments": report.payments,
        "entries": report.entries,
        "complete": report.complete,
        "pulled": report.pulled,
        "tie_out": report.basis.tie_out,
        "ended": report.ended,
    }


@pytest.mark.parametrize("source", [False, True], ids=["our ledger", "a source"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), nights=st.lists(st.integers(0, 9), min_size=1, max_size=3))
def test_probes_find_what_judging_everything_finds(
    open_shop: OpenShop, source: bool, seed: int, nights: list[int]
) -> None:
    with ExitStack() as stack:
        shop = stack.enter_context(open_shop())
        path = Path(shop.ledger.path).with_name("archive.db")
        archive = stack.enter_context(KillableArchive.open(path, account=ACCOUNT, livemode=False))
        world = World(shop, archive, random.Random(seed), source=[] if source else None)
        world.negative = world.chance.choice((None, NegativeBalances.CLAMPED))
        for acts in nights:
            for _ in range(acts):
                world.chance.choice(ACTS)(world)
            world.read_rows()
            shop.later(world.chance.choice((0, 60)))
            world.killed() if world.chance.random() < 0.5 else None
            world.judged(probed=True, record=True)
            probed, whole = world.judged(probed=True, record=False), world.judged(probed=False, record=False)
            assert said(probed) == said(whole)


@pytest.fixture
def kept(shop: Shop, tmp_path: Path) -> Iterator[World]:
    """A shop with three payments that stand as they should, judged once."""
    with KillableArchive.open(tmp_path / "archive.db", account=ACCOUNT, livemode=False) as archive:
        world = World(shop, archive, random.Random(1))
        for user in USERS:
            world.keys.append(shop.pay("starter", user))
        shop.fulfil(*world.keys)
        shop.later()
        assert world.judged(probed=True, record=True).clean
        yield world


def test_what_was_booked_before_a_delayed_payment_came_is_named_until_it_comes_or_is_taken_back(kept: World) -> None:
    """The bank confirms one and refuses the other, whose row is taken back then: that was asked for."""
    kept.source = []
    for key, user in zip(kept.keys, USERS, strict=True):
        row(kept, user_id=user, payment_key=key)
    delayed = [kept.shop.pay(age=90_000, payment_status="unpaid") for _ in range(2)]
    for key in delayed:
        row(kept, payment_key=key)

    def found() -> set[tuple[str, str]]:
        kept.read_rows()
        kept.shop.later()
        report = kept.judged(probed=True, record=True)
        assert said(kept.judged(probed=True, record=False)) == said(kept.judged(probed=False, record=False))
        return {(each.code.rpartition(".")[2], each.subject) for each in report.findings if each.subject in delayed} | {
            (each.code, each.subject) for each in report.findings if each.code == "reconcile.row_gone"
        }

    assert found() == {("not_paid_credit", key) for key in delayed}
    kept.shop.session_of(delayed[0])["payment_status"] = "paid"
    assert found() == {("settled_finding", delayed[0]), ("not_paid_credit", delayed[1])}
    kept.source[-1] = kept.source[-1]._replace(status="void")
    assert found() == {("settled_finding", key) for key in delayed}


def worths(world: World) -> dict[str, Worth]:
    with world.archive.read_session() as connection:
        return {row[0]: Worth._make(row) for row in connection.execute(f"SELECT {', '.join(Worth._fields)} FROM worth")}


def test_only_what_was_touched_is_judged_anew(kept: World) -> None:
    """A row that says something else than Stripe stays as it is, until Stripe is read anew about its payment."""
    with kept.archive.write_session() as connection:
        connection.execute("UPDATE worth SET look = 1")
    kept.shop.session_of(kept.keys[0])["metadata"]["note"] = "changed"
    kept.judged(probed=True, record=True)
    assert [worth.look for worth in worths(kept).values()] == [0, 1, 1]
    assert WorthStore(kept.archive).touched() == frozenset()


def test_another_catalogue_judges_everything_anew(kept: World) -> None:
    before = WorthStore(kept.archive).digest()
    with kept.archive.write_session() as connection:
        connection.execute("UPDATE worth SET look = 1")
    first, *rest = kept.shop.catalog.packages
    kept.shop.catalog = replace(kept.shop.catalog, packages=(replace(first, name="Another"), *rest))
    kept.judged(probed=True, record=True)
    assert [worth.look for worth in worths(kept).values()] == [0, 0, 0]
    assert WorthStore(kept.archive).digest() != before


def test_a_second_run_writes_no_worth(kept: World) -> None:
    key = kept.shop.pay()
    kept.shop.refund(key, 450)
    kept.shop.fulfil(key)
    kept.judged(probed=True, record=True)
    with kept.archive.read_session() as connection:
        for change in ("INSERT", "UPDATE", "DELETE"):
            refused = f"AFTER {change} ON main.worth BEGIN SELECT RAISE(ABORT, 'written'); END"
            connection.execute(f"CREATE TEMP TRIGGER no_{change} {refused}")
    assert kept.judged(probed=True, record=True).complete


def test_a_refunded_payment_is_judged_anew_where_the_ledger_learns_of_its_refund(kept: World) -> None:
    """What a ledger knows of a refund counts beside what Stripe's list says, which has not changed."""
    refund = kept.shop.refund(kept.keys[0], 450, "succeeded")
    kept.judged(probed=True, record=True)
    with kept.archive.write_session() as connection:
        connection.execute("UPDATE worth SET look = 1")
    kept.judged(probed=True, record=True)
    assert [worth.look for worth in worths(kept).values()] == [1, 1, 1]
    fact = RefundFact(refund, kept.keys[0], None, 450, "usd", "succeeded", kept.shop.now, kept.shop.now)
    with kept.shop.ledger.transaction() as tx:
        tx.keep_fact(fact)
    kept.judged(probed=True, record=True)
    assert [worth.look for worth in worths(kept).values()] == [0, 1, 1]


def test_an_incomplete_pull_keeps_what_was_touched(kept: World) -> None:
    """Nothing is judged, so nothing is kept: the next complete run knows what changed all the same."""
    kept.shop.session_of(kept.keys[0])["metadata"]["user_id"] = "u9"
    refund = kept.shop.refund(kept.keys[1], 500)
    kept.shop.shelf.objects["payment_intents"][kept.keys[2]]["latest_charge"] |= {"amount_refunded": 100}
    assert not kept.judged(probed=True, record=True).complete
    assert {kept.keys[0], kept.keys[1], refund} <= WorthStore(kept.archive).touched()
    del kept.shop.shelf.objects["payment_intents"][kept.keys[2]]["latest_charge"]["amount_refunded"]
    probed, whole = kept.judged(probed=True, record=False), kept.judged(probed=False, record=False)
    assert said(probed) == said(whole)
    assert {each.code for each in probed.findings} >= {"reconcile.refund_not_taken"}


def test_a_window_is_compared_in_memory(kept: World) -> None:
    def unasked(pulled: Pulled, context: JudgementContext, view: LedgerView) -> Matched:
        raise AssertionError("probes were asked")

    assert kept.shop.reconcile(since=kept.shop.now - 100_000, plan=PullPlan(matcher=unasked)).complete


def test_a_repair_judges_by_what_was_read_before_and_keeps_no_worth_of_it(kept: World) -> None:
    """While somebody makes up their mind, another run may have read more of Stripe, and could not judge it."""
    lacking = kept.shop.pay(age=90_000)
    asked = kept.judged(probed=True, record=True)
    kept.shop.session_of(kept.keys[0])["metadata"]["user_id"] = "u9"
    kept.shop.session_of(kept.keys[0])["client_reference_id"] = "u9"
    kept.shop.shelf.objects["payment_intents"][kept.keys[2]]["latest_charge"] |= {"amount_refunded": 100}
    assert not kept.judged(probed=True, record=True).complete

    repaired = kept.shop.repair(asked)

    assert [each.payment_key for each in repaired.repaired] == [lacking]
    del kept.shop.shelf.objects["payment_intents"][kept.keys[2]]["latest_charge"]["amount_refunded"]
    probed, whole = kept.judged(probed=True, record=False), kept.judged(probed=False, record=False)
    assert said(probed) == said(whole)
    assert {each.code for each in probed.findings} >= {"reconcile.wrong_user"}
