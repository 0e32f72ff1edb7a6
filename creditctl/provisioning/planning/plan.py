"""Set-up plan: catalogue and webhook endpoint from one observed state; adoption, fingerprint, price-jump guard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from creditctl.core.catalog import Catalog
from creditctl.core.deployment import deployment_in, deployment_words, names_another
from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.core.findings import sort_findings
from creditctl.provisioning.planning.catalog import plan_catalog
from creditctl.provisioning.planning.endpoint import plan_endpoint
from creditctl.provisioning.planning.endpoint_choice import NO_CHOICE, EndpointChoice
from creditctl.provisioning.planning.endpoint_secrets import free_secrets
from creditctl.provisioning.planning.price import JUMP_BOUND_PERCENT
from creditctl.provisioning.planning.steps import Action, Plan, Scope, Step, StepKind
from creditctl.provisioning.state import DesiredEndpoint, Observed, ProductState, digest, plain, same_url


@dataclass(frozen=True, slots=True)
class Adoption:
    """Objects named by --adopt: a product for each package, and an endpoint."""

    products: Mapping[str, str]
    endpoint: str | None = None


NO_ADOPTION = Adoption({})


def make_plan(
    catalog: Catalog,
    desired: DesiredEndpoint | None,
    observed: Observed,
    *,
    adoption: Adoption = NO_ADOPTION,
    choice: EndpointChoice = NO_CHOICE,
    prune: bool = False,
) -> Plan:
    """Plans the steps that would make Stripe match; `desired` None leaves the endpoints alone."""
    packages = plan_catalog(catalog, observed, adopt=adoption.products, prune=prune)
    steps, findings = list(packages.steps), list(packages.findings)
    if desired is not None:
        endpoint = plan_endpoint(desired, observed.endpoints, choice=replace(choice, adopt=adoption.endpoint))
        steps += endpoint.steps
        findings += endpoint.findings
    scope = plan_scope(catalog, desired, adoption)
    return Plan(tuple(steps), tuple(sort_findings(findings)), fingerprint(scope, observed), packages.jumps, scope)


def plan_scope(catalog: Catalog, desired: DesiredEndpoint | None, adoption: Adoption) -> Scope:
    """Scope of a plan: what it looks at by name, besides everything that carries our marker."""
    products = {*adoption.products.values(), *(package.product_id for package in catalog)}
    return Scope(
        tuple(sorted(products)),
        tuple(sorted(package.lookup_key for package in catalog)),
        None if desired is None else desired.url,
    )


def fingerprint(scope: Scope, observed: Observed) -> str:
    """Digest of everything that a plan looks at: another one means that Stripe has moved since.

    What concerns nobody but others is left out.
    """
    wanted = {*scope.products, *(product.id for product in observed.products if product.ours)}
    return digest(
        [
            sorted((plain(product) for product in observed.products if product.id in wanted), key=_id),
            [plain(p) for p in observed.prices if p.ours or p.product in wanted or p.lookup_key in scope.lookup_keys],
            [plain(e) for e in observed.endpoints if e.ours or same_url(e.url, scope.url or "")]
            if scope.url is not None
            else [],
        ]
    )


def _id(row: Mapping[str, object]) -> str:
    return str(row["id"])


def resolve_adoption(
    names: list[str], catalog: Catalog, observed: Observed, desired: DesiredEndpoint | None
) -> Adoption:
    """Resolves --adopt: `prod_…` (the package is found by amount or name), `<slug>=prod_…` or `we_…`.

    Errors: UsageError where a name fits nothing; ConfigurationError where an endpoint's secret is not held.
    """
    products: dict[str, str] = {}
    endpoint: str | None = None
    for name in names:
        slug, _, target = name.rpartition("=")
        if target.startswith("we_"):
            endpoint = _adopted_endpoint(target, observed, desired)
            continue
        product = observed.product(target)
        if product is None:
            raise _cannot_adopt(f"There is no product {target} in this account.")
        _require_free(target, product.metadata, product.deployment)
        products[catalog.find(slug).slug if slug else _package_of(product, catalog, observed)] = target
    return Adoption(products, endpoint)


def _adopted_endpoint(endpoint_id: str, observed: Observed, desired: DesiredEndpoint | None) -> str:
    found = next((endpoint for endpoint in observed.endpoints if endpoint.id == endpoint_id), None)
    if found is None or desired is None or not same_url(found.url, desired.url):
        raise _cannot_adopt(f"{endpoint_id} is no endpoint at the backend's webhook URL.")
    _require_free(endpoint_id, found.metadata, found.deployment)
    known = found.ours or desired.trust_fingerprint or found.fingerprint in desired.held
    if not (known or free_secrets(desired, observed.endpoints)):
        here = "the secret here is another endpoint's" if desired.held else "none is set"
        raise ConfigurationError(
            f"The endpoint {endpoint_id} can only be adopted with its signing secret, and {here}.",
            code="setup.adopt_secret",
            fix="Copy its signing secret from the Dashboard into STRIPE_WEBHOOK_SECRET first.",
        )
    return endpoint_id


def _require_free(object_id: str, metadata: Mapping[str, str], deployment: str | None) -> None:
    """Refuses what another deployment of the account works with; it would lose it. Errors: GuardRefused."""
    theirs = deployment_in(metadata)
    if theirs is not None and names_another(metadata, deployment):
        raise GuardRefused(
            f"{object_id} belongs to {deployment_words(theirs)}, which would lose it.",
            code="setup.adopt_other",
            fix="Let set-up make one for this deployment, or correct `deployment` in creditctl.toml.",
        )


def _package_of(product: ProductState, catalog: Catalog, observed: Observed) -> str:
    """The one package that a product can only mean: by its metadata, its active prices, or its name."""
    prices = [p for p in observed.prices if p.product == product.id and p.active and not p.recurring]
    by_mark = [p.slug for p in catalog if product.metadata.get("package") == p.slug]
    by_price = [p.slug for p in catalog if any((p.amount, p.currency) == (q.unit_amount, q.currency) for q in prices)]
    by_name = [p.slug for p in catalog if product.name.strip().casefold() == p.name.casefold()]
    for found in (by_mark, by_price, by_name):
        if len(found) == 1:
            return found[0]
    raise _cannot_adopt(f"It is not clear which package {product.id} ({product.name}) sells.")


def _cannot_adopt(message: str) -> UsageError:
    return UsageError(message, code="setup.adopt", fix="Say it as --adopt SLUG=prod_…, such as --adopt starter=prod_….")


def require_no_jump(plan: Plan, *, allowed: bool) -> None:
    """Refuses a price that changes suspiciously far. Errors: GuardRefused naming each."""
    if plan.jumps and not allowed:
        raise GuardRefused(
            f"A price or its credits change by more than {JUMP_BOUND_PERCENT} %, or to another currency: "
            f"{'; '.join(plan.jumps)}.",
            code="setup.price_jump",
            fix="Check the catalogue; if it is meant, add --allow-price-jump.",
        )


def creates_endpoint(plan: Plan) -> bool:
    """Whether a signing secret will have to be handed over."""
    return any(is_endpoint_creation(step) for step in plan.steps)


def is_endpoint_creation(step: Step) -> bool:
    """Whether a step makes an endpoint, and with it a secret."""
    return step.kind is StepKind.ENDPOINT and step.action in (Action.CREATE, Action.REPLACE)
