"""Whatever was on Stripe before: carry the plan out, plan again, and there is nothing left to do."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.core.catalog import parse_catalog
from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.provisioning.planning.endpoint_choice import NO_CHOICE, EndpointChoice
from creditctl.provisioning.planning.plan import make_plan
from creditctl.provisioning.planning.steps import Plan
from creditctl.provisioning.state import (
    DesiredEndpoint,
    EndpointState,
    Observed,
    PriceState,
    ProductState,
    SecretState,
)
from tests.support.examples import ONE_FIXTURE
from tests.support.provisioning import TinyStripe

CATALOG = parse_catalog(
    """
currency = "usd"
[[package]]
number = 1
slug = "starter"
name = "Starter"
credits = 1000
amount = 1000
[[package]]
number = 2
slug = "basic"
name = "Basic"
credits = 5500
amount = 4500
"""
)
URL = "https://api.example.com/api/credits/webhook"
VERSION = "2026-10-28.endive"
SHARED = settings(max_examples=300, deadline=None, suppress_health_check=ONE_FIXTURE)

metadatas = st.fixed_dictionaries(
    {},
    optional={
        "managed_by": st.sampled_from(["creditctl", "somebody"]),
        "package": st.sampled_from(["starter", "basic", "gone"]),
        "credits": st.sampled_from(["1000", "5500", "7"]),
        "note": st.just("kept"),
    },
)


@st.composite
def catalog_states(draw: st.DrawFn) -> Observed:
    ids = draw(st.lists(st.sampled_from(["creditctl_starter", "creditctl_basic", "prod_a", "prod_b"]), unique=True))
    prices = []
    holders: set[str] = set()
    for number in range(draw(st.integers(0, 5)) if ids else 0):
        key = draw(st.sampled_from([None, None, "creditctl_starter_usd", "creditctl_basic_usd", "other"]))
        active = draw(st.booleans())
        if active and key in holders:
            key = None
        holders |= {key} if active and key else set()
        prices.append(
            PriceState(
                f"price_{number}",
                draw(st.sampled_from(ids)),
                draw(st.sampled_from(["usd", "usd", "eur"])),
                draw(st.sampled_from([1000, 4500, 999, None])),
                active,
                draw(st.sampled_from([False, False, True])),
                key,
                number,
                draw(metadatas),
            )
        )
    products = []
    for product_id in ids:
        own = [price.id for price in prices if price.product == product_id and price.active]
        default = draw(st.sampled_from([None, *own]))
        name = draw(st.sampled_from(["Starter", "Basic", "Other"]))
        products.append(ProductState(product_id, name, draw(st.booleans()), None, default, draw(metadatas)))
    return Observed(tuple(products), tuple(prices))


@SHARED
@given(state=catalog_states(), prune=st.booleans())
def test_a_catalogue_is_finished_by_one_plan(state: Observed, prune: bool) -> None:
    account = TinyStripe.holding(state)
    first = make_plan(CATALOG, None, state, prune=prune)
    account.apply(first.steps)

    second = make_plan(CATALOG, None, account.observed(), prune=prune)

    assert second.changes == ()


@SHARED
@given(state=catalog_states(), cut=st.integers(0, 12))
def test_a_catalogue_plan_can_be_killed_after_any_step(state: Observed, cut: int) -> None:
    account = TinyStripe.holding(state)
    account.apply(make_plan(CATALOG, None, state).steps[:cut])
    account.apply(make_plan(CATALOG, None, account.observed()).steps)

    assert make_plan(CATALOG, None, account.observed()).changes == ()


@SHARED
@given(state=catalog_states(), prune=st.booleans())
def test_each_package_ends_with_one_active_price_and_strangers_are_left_alone(state: Observed, prune: bool) -> None:
    account = TinyStripe.holding(state)
    plan = make_plan(CATALOG, None, state, prune=prune)
    account.apply(plan.steps)

    prices = account.observed().prices
    stuck = {finding.subject for finding in plan.findings if finding.code == "setup.default_elsewhere"}
    blocked = {finding.message for finding in plan.findings if finding.code == "setup.lookup_key_taken"}
    for package in CATALOG:
        if any(f"package {package.slug} " in message for message in blocked):
            continue
        keyed = [p for p in prices if p.active and p.lookup_key == package.lookup_key]
        ours = [p for p in prices if p.active and p.ours and p.metadata.get("package") == package.slug]
        assert [p.id for p in keyed] == [p.id for p in ours if p.id not in stuck]
        assert [(p.unit_amount, p.metadata["credits"]) for p in keyed] == [(package.amount, str(package.credits))]
        assert account.products[keyed[0].product].active
    for product in state.products:
        mine = product.ours or product.id in {package.product_id for package in CATALOG}
        assert mine or account.products[product.id] == product
    for price in prices:
        before = next((old for old in state.prices if old.id == price.id), None)
        assert before is None or {**before.metadata, **price.metadata} == dict(price.metadata)


@st.composite
def endpoint_states(draw: st.DrawFn) -> tuple[EndpointState, ...]:
    count = draw(st.integers(0, 4))
    found = []
    for number in range(count):
        metadata = {}
        if draw(st.booleans()):
            metadata["managed_by"] = "creditctl"
            if draw(st.booleans()):
                metadata["secret_fingerprint"] = draw(st.sampled_from(["aaaaaaaa", "bbbbbbbb", "cccccccc"]))
            if draw(st.booleans()):
                metadata["secret_state"] = draw(st.sampled_from(["pending", "unproven"]))
            if draw(st.booleans()) and number:
                metadata["rotation"] = f"we_{draw(st.integers(0, number - 1))}"
        events = draw(st.sampled_from([tuple(sorted(ENDPOINT_EVENTS)), ("*",), ("charge.refunded",)]))
        found.append(
            EndpointState(
                f"we_{number}",
                draw(st.sampled_from([URL, URL + "/", "https://old.example.com/api/credits/webhook"])),
                events,
                draw(st.sampled_from(["enabled", "disabled"])),
                draw(st.sampled_from([VERSION, "2026-09-30.endive", "2026-08-26.dahlia", None])),
                number,
                metadata,
            )
        )
    return tuple(found)


HELD = st.sampled_from([(), ("aaaaaaaa",), ("aaaaaaaa", "bbbbbbbb"), ("dddddddd",)])
CHOICES = st.sampled_from([NO_CHOICE, NO_CHOICE, EndpointChoice(rotate=True), EndpointChoice(replace=True)])


def planned(account: TinyStripe, choice: EndpointChoice = NO_CHOICE, *, trusts: bool = False) -> Plan:
    desired = DesiredEndpoint(URL, VERSION, tuple(account.held), trust_fingerprint=trusts)
    plan = make_plan(CATALOG, desired, account.observed(), choice=choice)
    return replace(plan, steps=tuple(step for step in plan.steps if step.kind == "webhook_endpoint"))


def settled(account: TinyStripe) -> dict[str, EndpointState]:
    """Our endpoints whose secret somebody may hold."""
    return {e.id: e for e in account.observed().endpoints if e.ours and e.secret_state is not SecretState.PENDING}


@SHARED
@given(state=endpoint_states(), held=HELD, choice=CHOICES, trusts=st.booleans())
def test_the_endpoint_is_finished_by_one_plan(
    state: tuple[EndpointState, ...], held: tuple[str, ...], choice: EndpointChoice, trusts: bool
) -> None:
    account = TinyStripe.holding(Observed(endpoints=state), held)
    first = planned(account, choice, trusts=trusts)
    account.apply(first.steps)

    assert planned(account, trusts=trusts).changes == ()
    here = [each for each in account.observed().endpoints if each.ours and each.url.rstrip("/") == URL]
    codes = {finding.code for finding in first.findings}
    assert codes & {"endpoint.made_by_hand", "endpoint.secret_elsewhere", "endpoint.unproven"} or any(
        each.fingerprint in account.held for each in here
    )
    assert all(each.secret_state is not SecretState.PENDING for each in here)


@SHARED
@given(state=endpoint_states(), held=HELD, choice=CHOICES, trusts=st.booleans())
def test_a_secret_that_somebody_may_hold_is_given_up_only_where_that_is_said(
    state: tuple[EndpointState, ...], held: tuple[str, ...], choice: EndpointChoice, trusts: bool
) -> None:
    account = TinyStripe.holding(Observed(endpoints=state), held)
    before = settled(account)
    plan = planned(account, choice, trusts=trusts)
    account.apply(plan.steps)
    after = settled(account)

    gone = {step.id for step in plan.given_up}
    assert before.keys() - after.keys() == gone
    assert choice.replace or not gone
    assert not any(before[str(name)].fingerprint in held for name in gone), "a secret that is here is never given up"
    assert {name: each.url for name, each in before.items() if name in after} == {
        name: each.url for name, each in after.items() if name in before
    }
    strangers = [endpoint for endpoint in state if not endpoint.ours]
    assert all(account.endpoints[endpoint.id] == endpoint for endpoint in strangers)


@SHARED
@given(state=endpoint_states(), held=HELD, choice=CHOICES, dies_at=st.integers(0, 6), in_the_middle=st.booleans())
def test_an_endpoint_plan_can_be_killed_anywhere_and_the_same_command_finishes_it(
    state: tuple[EndpointState, ...], held: tuple[str, ...], choice: EndpointChoice, dies_at: int, in_the_middle: bool
) -> None:
    account = TinyStripe.holding(Observed(endpoints=state), held)
    account.apply(planned(account, choice).steps, dies_at=dies_at, in_the_middle=in_the_middle)
    again = planned(account, choice)
    account.apply(again.steps)

    assert planned(account).changes == ()
    marks = {each.fingerprint for each in account.observed().endpoints}
    assert any(mark in marks for mark in account.held) or {finding.code for finding in again.findings} & {
        "endpoint.made_by_hand",
        "endpoint.secret_elsewhere",
        "endpoint.unproven",
    }
