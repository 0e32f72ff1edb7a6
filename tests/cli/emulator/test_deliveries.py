"""`creditctl emulator deliveries`: the log, and a delivery sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import stripe

from tests.support.terminal import assert_whole
from tests.support.waiting import wait_until
from tests.support.webhook_server import webhook_server

if TYPE_CHECKING:
    from tests.support.cli import Cli

LONG_URL = "http://127.0.0.1:9/credits/of/a-rather-long-company-name/webhook?deployment=production-eu-1"


def test_the_delivery_log_and_a_retry(cli: Cli, client: stripe.StripeClient) -> None:
    with webhook_server() as receiver:
        receiver.planned = [500]
        client.v1.webhook_endpoints.create(params={"url": receiver.url, "enabled_events": ["customer.created"]})
        client.v1.customers.create()

        def rows() -> Any:
            return cli("emulator", "deliveries", "--json").report["deliveries"]

        failed = wait_until(lambda: [row for row in rows() if row["attempt_count"] == 1], 10)[0]
        assert (failed["state"], failed["attempts"][0]["status"]) == ("pending", 500)
        assert "500" in cli("emulator", "deliveries").stdout

        again = cli("emulator", "deliveries", "--retry", str(failed["id"]), "--json")
        assert again.report["made_due"] == 1
        wait_until(lambda: rows()[0]["state"] == "delivered", 10)
    assert receiver.types == ["customer.created", "customer.created"]


def test_every_id_and_url_is_whole_at_80_columns_and_in_a_pipe(cli: Cli, client: stripe.StripeClient) -> None:
    client.v1.webhook_endpoints.create({"url": LONG_URL, "enabled_events": ["customer.created"]})
    client.v1.customers.create()
    rows = cli("emulator", "deliveries", "--json").report["deliveries"]

    endpoints = {row["endpoint"] for row in rows}
    assert endpoints
    assert_whole(cli, ["emulator", "deliveries"], [*(row["event"] for row in rows), *endpoints])


def test_a_pipe_has_a_row_a_delivery(cli: Cli, client: stripe.StripeClient) -> None:
    client.v1.webhook_endpoints.create({"url": LONG_URL, "enabled_events": ["customer.created"]})
    client.v1.customers.create()
    (delivery,) = cli("emulator", "deliveries", "--json").report["deliveries"]

    headings, row, following = cli("emulator", "deliveries").stdout.splitlines()

    assert headings.split() == ["#", "Event", "Type", "To", "State", "Attempts"]
    assert row.split()[:4] == [str(delivery["id"]), delivery["event"], "customer.created", delivery["endpoint"]]
    assert following.startswith("Send one again: creditctl emulator deliveries")
