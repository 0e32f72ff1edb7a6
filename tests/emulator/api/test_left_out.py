"""What is not in the emulator: lists answer like an account that has none, all else names the emulator."""

import pytest

from creditctl.emulator.documented.data_files import read_lines
from creditctl.emulator.resources.table import ROUTES
from tests.emulator.world import Inside, Refused, World
from tests.support.sdk_clients import client_at

HERE = {(route.method, route.pattern) for route in ROUTES}
LISTS = [
    line
    for line in read_lines("endpoints.txt")
    if line[1].startswith("/v1/")
    and line[2] in ("list", "search")
    and "{" not in line[1]
    and ("GET", line[1]) not in HERE
]


@pytest.mark.parametrize("line", LISTS, ids=lambda line: line[1])
def test_every_documented_list_answers_with_every_documented_filter(ask: Inside, line: list[str]) -> None:
    _, path, answers, *filters = line
    status, body, _ = ask("GET", path, "limit=3" + ("&query=status:'x'" if answers == "search" else ""))
    assert (status, body["data"], body["has_more"], body["url"]) == (200, [], False, path)
    assert body["object"] == ("list" if answers == "list" else "search_result")
    assert ask("GET", path, "&".join(f"{name}=1" for name in filters))[0] == 200


def test_lists_below_what_is_here(ask: Inside) -> None:
    ask("POST", "/v1/products", "name=A&id=p")
    customer = ask("POST", "/v1/customers")[1]["id"]
    for path in ("/v1/products/p/features", f"/v1/customers/{customer}/subscriptions"):
        status, body, _ = ask("GET", path, "limit=1&expand[]=data.customer")
        assert (status, body) == (200, {"object": "list", "data": [], "has_more": False, "url": path})
    status, body, _ = ask("GET", "/v1/customers/cus_none/subscriptions")
    assert (status, body["error"]["code"]) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("method", "path", "form", "code", "param"),
    [
        ("GET", "/v1/subscriptions/sub_1", "", "resource_missing", "id"),
        ("GET", "/v1/subscriptions", "wat=1", None, "wat"),
        ("POST", "/v1/subscriptions", "customer=cus_1", None, None),
        ("DELETE", "/v1/subscriptions/sub_1", "", None, None),
        ("GET", "/v1/quotes/qt_1/line_items", "", "resource_missing", "quote"),
        ("POST", "/v1/quotes/qt_1/finalize", "", None, None),
        ("POST", "/v1/products/p/features", "entitlement_feature=f", None, None),
        ("GET", "/v1/tax/settings", "", None, None),
        ("GET", "/v2/core/accounts/acct_1", "", "resource_missing", "id"),
        ("POST", "/v2/core/accounts", "", None, None),
        ("GET", "/v2/core/nothing", "", None, None),
    ],
)
def test_the_rest_answers_404_and_names_the_emulator(
    ask: Inside, method: str, path: str, form: str, code: str | None, param: str | None
) -> None:
    status, body, _ = ask(method, path, form)
    error = body["error"]
    assert (status, error.get("code"), error.get("param")) == (404, code, param)
    assert "emulator" in error["message"]


def test_a_cursor_into_an_empty_list_is_refused_as_stripe_refuses_it(world: World, refused: Refused) -> None:
    error = refused(lambda: world.stripe.subscriptions.list(params={"starting_after": "sub_1"}))
    assert (error.http_status, error.param) == (400, "starting_after")


def test_the_first_requests_of_dj_stripe(world: World, ask: Inside) -> None:
    assert list(world.stripe.accounts.list(params={"limit": 100}).auto_paging_iter()) == []
    listed = ask("GET", "/v2/core/accounts", "include[0]=configuration.customer&include[1]=identity")
    assert listed[:2] == (200, {"data": [], "next_page_url": None, "previous_page_url": None})


def test_lists_of_the_second_api_through_the_sdk(world: World) -> None:
    if world.url:
        client = client_at(world.url)
        assert list(client.v2.core.accounts.list().auto_paging_iter()) == []


def test_one_of_a_kind_is_named_in_the_singular(ask: Inside) -> None:
    account = ask("GET", "/v1/account")[1]["id"]
    status, body, _ = ask("GET", f"/v1/accounts/{account}/capabilities/card_payments")
    assert (status, body["error"]["message"].partition("'")[0]) == (404, "No such capability: ")
