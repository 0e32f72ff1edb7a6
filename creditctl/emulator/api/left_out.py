"""What this emulator leaves out: lists of kinds that an account could have answer none, all else 404 with its name.

Source: Stripe API reference, "Pagination", "Search"; the endpoints of stripe-python.
"""

import re

from creditctl.emulator.api.accounts import Caller, check_permission
from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import PAGE_FIELDS
from creditctl.emulator.documented.endpoints import DocumentedEndpoint, find_endpoint
from creditctl.emulator.protocol.errors import StripeError, invalid, not_emulated, unrecognized_url
from creditctl.emulator.protocol.forms import Tree
from creditctl.emulator.protocol.schema import EXPAND, read_fields
from creditctl.emulator.storage.object_types import KINDS

_OTHER_FAMILIES = re.compile(r"/v1/(linked_accounts|sources|treasury)(/|$)|/v2/")
"""What Stripe has besides the endpoints of the SDK."""
_IDS = re.compile(r"{\w+}")
_READ = {**PAGE_FIELDS, "expand": EXPAND}


def answer_left_out(context: RequestContext, caller: Caller, method: str, path: str, tree: Tree) -> bytes:
    """The empty list of a kind that is left out; anything else is refused."""
    endpoint = find_endpoint(method, path)
    if endpoint is None:
        raise (not_emulated if _OTHER_FAMILIES.match(path) else unrecognized_url)(method, path)
    segments = path.strip("/").split("/")
    if endpoint.answers == "one" or method != "GET":
        raise _refusal(endpoint, method, path, segments)
    check_permission(caller, f"rak_{_singular(endpoint)}_read")
    _require_parent(context, endpoint, segments)
    _check_parameters(endpoint, path, tree)
    if path.startswith("/v2/"):
        return b'{"data":[],"next_page_url":null,"previous_page_url":null}'
    if endpoint.answers == "search":
        return b'{"object":"search_result","data":[],"has_more":false,"next_page":null,"url":"%b"}' % path.encode()
    return b'{"object":"list","data":[],"has_more":false,"url":"%b"}' % path.encode()


def _refusal(endpoint: DocumentedEndpoint, method: str, path: str, segments: list[str]) -> StripeError:
    """No object of this kind exists to be read; nothing of it can be made, changed or deleted."""
    reads_one = method == "GET" and endpoint.pattern.endswith("}")
    return _none_of(_singular(endpoint), segments[-1]) if reads_one else not_emulated(method, path)


def _none_of(kind: str, object_id: str, *, param: str = "id", status: int = 404) -> StripeError:
    return invalid(
        f"No such {kind}: '{object_id}'. This emulator, which covers one-time payments, keeps none.",
        code="resource_missing",
        param=param,
        status=status,
    )


def _singular(endpoint: DocumentedEndpoint) -> str:
    """The kind that an endpoint is about, as `tax_id` for `/v1/customers/{customer}/tax_ids/{id}`."""
    names = [part for part in endpoint.pattern.split("/") if not part.startswith("{")]
    last = names[-2] if names[-1] == "search" else names[-1]
    return _one_of(last)


def _one_of(plural: str) -> str:
    """One of what a list holds, as `capability` of `capabilities`."""
    return f"{plural.removesuffix('ies')}y" if plural.endswith("ies") else plural.removesuffix("s")


def _require_parent(context: RequestContext, endpoint: DocumentedEndpoint, segments: list[str]) -> None:
    """What a list lies below must exist: a kind that is left out has no object at all."""
    parts = endpoint.pattern.strip("/").split("/")
    for place, part in enumerate(parts):
        if not _IDS.fullmatch(part):
            continue
        base, object_id = "/" + "/".join(parts[:place]), segments[place]
        if base == "/v1/accounts" and object_id == context.scope.account:
            continue
        kind = next((kind for kind in KINDS.values() if kind.url == base), None)
        if kind is None:
            raise _none_of(_one_of(parts[place - 1]), object_id, param=part.strip("{}"))
        context.fetch_row(kind, object_id, part.strip("{}"))


def _check_parameters(endpoint: DocumentedEndpoint, path: str, tree: Tree) -> None:
    """Documented filters find nothing, whatever they say; others this emulator does not know."""
    read = read_fields(_READ, {name: node for name, node in tree.items() if name in _READ})
    beside = ("include", "page") if path.startswith("/v2/") else ("page",) if endpoint.answers == "search" else ()
    unknown = [name for name in tree if name not in {*_READ, *endpoint.filters, *beside}]
    if unknown:
        raise invalid(
            f"Received unknown parameter: {unknown[0]} (GET: {path}). Stripe documents no such parameter, and these "
            "objects are not in this emulator, which covers one-time payments.",
            param=unknown[0],
            status=404,
            executed=False,
        )
    for name in ("starting_after", "ending_before"):
        if name in read:
            raise _none_of(_singular(endpoint), read[name], param=name, status=400)
