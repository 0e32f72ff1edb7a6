"""A set-up carried out on the emulator, with its secret in an env file; and what has to hold when it is done."""

from __future__ import annotations

from pathlib import Path

import stripe

from creditctl.core.catalog import Catalog
from creditctl.core.keys import Secret
from creditctl.provisioning.apply import Applied, apply_plan
from creditctl.provisioning.observe import observe
from creditctl.provisioning.planning.endpoint_choice import NO_CHOICE, EndpointChoice
from creditctl.provisioning.planning.plan import Adoption, make_plan
from creditctl.provisioning.planning.steps import Plan
from creditctl.provisioning.secret_sinks import EnvFileSink
from creditctl.provisioning.state import DesiredEndpoint
from creditctl.stripe_api.client import StripeConnection

URL = "http://127.0.0.1:9/api/credits/webhook"


def held_in(path: Path) -> tuple[Secret, ...]:
    """The signing secrets in an env file, newest first."""
    text = path.read_text() if path.exists() else ""
    lines = [line.partition("=")[2] for line in text.splitlines() if line.startswith("STRIPE_WEBHOOK_SECRET=")]
    return tuple(Secret(part) for line in lines for part in line.split(",") if part)


def plan_now(door: StripeConnection, catalog: Catalog, env: Path, choice: EndpointChoice = NO_CHOICE) -> Plan:
    """What set-up would do now."""
    wish = DesiredEndpoint(URL, stripe.api_version, tuple(secret.fingerprint for secret in held_in(env)))
    return make_plan(catalog, wish, observe(door), adoption=Adoption({}, choice.adopt), choice=choice)


def set_up(door: StripeConnection, catalog: Catalog, env: Path, choice: EndpointChoice = NO_CHOICE) -> Applied:
    """Plans, applies, and writes the secret into the env file."""
    return apply_plan(door, plan_now(door, catalog, env, choice), EnvFileSink(env), held=held_in(env))


def assert_settled(door: StripeConnection, catalog: Catalog, env: Path) -> None:
    """One active price a package, one endpoint, its secret in our hands, and a plan of nothing but keep."""
    assert plan_now(door, catalog, env).changes == ()
    seen = observe(door)
    for package in catalog:
        active = [p for p in seen.prices if p.active and p.metadata.get("package") == package.slug]
        assert [(p.unit_amount, p.lookup_key) for p in active] == [(package.amount, package.lookup_key)]
    assert len(seen.products) == len(catalog)
    assert [endpoint.fingerprint for endpoint in seen.endpoints] == [held_in(env)[0].fingerprint]
