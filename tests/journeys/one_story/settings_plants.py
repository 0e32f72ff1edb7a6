"""What is planted in settings and on Stripe beside payments: endpoints, secrets, prices, env files; two machines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stripe

from tests.support.cli import Cli
from tests.support.keys import TEST_KEY

URL = "http://127.0.0.1:9"
PATH = "/api/credits/webhook"


@dataclass
class Machines:
    """Two machines with the same settings, and the account that they share."""

    first: Cli
    second: Cli
    client: stripe.StripeClient

    @property
    def api(self) -> Any:
        """The SDK's services."""
        return self.client.v1

    @property
    def env(self) -> Path:
        """The first machine's env file."""
        return self.first.folder / ".env"

    def edit(self, pattern: str, text: str) -> None:
        """Rewrites lines of the first machine's env file."""
        self.env.write_text(re.sub(pattern, text, self.env.read_text(), flags=re.MULTILINE))


Plant = Callable[[Machines], None]


def write_settings(cli: Cli) -> None:
    """An env file before set-up."""
    cli.write_env(
        [
            f"STRIPE_SECRET_KEY={TEST_KEY}",
            "STRIPE_API_BASE=http://127.0.0.1:12111",
            "FRONTEND_URL=http://localhost:3000",
            f"CREDITS_API_URL={URL}",
            "STRIPE_WEBHOOK_SECRET=",
        ]
    )


def nothing(machines: Machines) -> None:
    """Before set-up."""


def set_up(machines: Machines) -> None:
    assert machines.first("setup", "--yes").exit_code == 0


def endpoint_disabled(machines: Machines) -> None:
    set_up(machines)
    change_endpoint(machines, disabled=True)


def endpoint_lacks_events(machines: Machines) -> None:
    set_up(machines)
    change_endpoint(machines, enabled_events=["charge.refunded"])


def endpoint_deleted(machines: Machines) -> None:
    set_up(machines)
    machines.api.webhook_endpoints.delete(machines.api.webhook_endpoints.list().data[0].id)


def endpoint_made_by_hand(machines: Machines) -> None:
    """Its secret stands in the settings."""
    params = {"url": f"{URL}{PATH}", "enabled_events": ["charge.refunded"]}
    made = machines.api.webhook_endpoints.create(params)
    machines.edit("^STRIPE_WEBHOOK_SECRET=.*$", f"STRIPE_WEBHOOK_SECRET={made.secret}")


def endpoint_made_by_hand_elsewhere(machines: Machines) -> None:
    """Somebody else has its secret."""
    machines.api.webhook_endpoints.create({"url": f"{URL}{PATH}", "enabled_events": ["charge.refunded"]})


def endpoint_adopted(machines: Machines) -> None:
    """Taken over with the secret that stands in the settings: whether it is its own, a probe has to prove."""
    endpoint_made_by_hand(machines)
    (endpoint,) = machines.api.webhook_endpoints.list().data
    assert machines.first("setup", "--adopt", endpoint.id, "--yes").exit_code in (0, 1)


def endpoint_for_everything(machines: Machines) -> None:
    """Somebody's endpoint at another URL gets every event."""
    set_up(machines)
    machines.api.webhook_endpoints.create({"url": "http://127.0.0.1:12/hook", "enabled_events": ["*"]})


def endpoint_of_another_machine(machines: Machines) -> None:
    assert machines.second("setup", "--yes").exit_code == 0


def secret_lost(machines: Machines) -> None:
    set_up(machines)
    machines.edit("^STRIPE_WEBHOOK_SECRET=.*$", "STRIPE_WEBHOOK_SECRET=")


def secret_of_another(machines: Machines) -> None:
    set_up(machines)
    machines.edit("^STRIPE_WEBHOOK_SECRET=.*$", "STRIPE_WEBHOOK_SECRET=whsec_" + "aB3dE6gH" * 4)


def secret_of_the_process_wins(machines: Machines) -> None:
    set_up(machines)
    machines.first.environ["STRIPE_WEBHOOK_SECRET"] = "whsec_" + "aB3dE6gH" * 4


def rotation_begun(machines: Machines) -> None:
    set_up(machines)
    assert machines.first("webhooks", "rotate", "--yes").exit_code == 0


def url_changed(machines: Machines) -> None:
    set_up(machines)
    machines.edit("^CREDITS_API_URL=.*$", "CREDITS_API_URL=http://127.0.0.1:11")


def url_without_scheme(machines: Machines) -> None:
    machines.edit("^CREDITS_API_URL=http://", "CREDITS_API_URL=")


def price_archived(machines: Machines) -> None:
    set_up(machines)
    machines.api.prices.update(machines.api.prices.list().data[0].id, {"active": False})


def product_archived(machines: Machines) -> None:
    set_up(machines)
    machines.api.products.update(machines.api.products.list().data[0].id, {"active": False})


def price_marked_otherwise(machines: Machines) -> None:
    """By little: more than half would be refused until somebody says that it is meant."""
    set_up(machines)
    machines.api.prices.update(machines.api.prices.list().data[0].id, {"metadata": {"credits": "119000"}})


def file_open_to_all(machines: Machines) -> None:
    set_up(machines)
    machines.env.chmod(0o644)


def values_quoted(machines: Machines) -> None:
    set_up(machines)
    machines.edit("=(.+)$", r'="\1"')


def file_of_another_system(machines: Machines) -> None:
    """Written by an editor of another system: a mark before the first name, CR LF, white space, no last line end."""
    set_up(machines)
    text = machines.env.read_text().rstrip("\n").replace("=", " = ")
    machines.env.write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode())
    machines.env.chmod(0o644)


def secret_is_a_placeholder(machines: Machines) -> None:
    machines.edit("^STRIPE_WEBHOOK_SECRET=.*$", "STRIPE_WEBHOOK_SECRET=whsec_...")


def key_in_place_of_the_secret(machines: Machines) -> None:
    set_up(machines)
    machines.edit("^STRIPE_WEBHOOK_SECRET=.*$", f"STRIPE_WEBHOOK_SECRET={TEST_KEY}")


def price_that_no_package_sells(machines: Machines) -> None:
    """Of a package that the catalogue had once."""
    set_up(machines)
    mark = {"managed_by": "creditctl", "package": "gone", "credits": "500"}
    machines.api.products.create({"id": "creditctl_gone", "name": "Gone", "metadata": mark})
    terms = {"currency": "usd", "unit_amount": 500, "lookup_key": "creditctl_gone_usd"}
    machines.api.prices.create({"product": "creditctl_gone", "metadata": mark, **terms})


def rotation_whose_new_endpoint_was_deleted(machines: Machines) -> None:
    rotation_begun(machines)
    found = machines.api.webhook_endpoints.list().data
    old = {each.metadata.to_dict().get("rotation") for each in found}
    machines.api.webhook_endpoints.delete(next(each.id for each in found if each.id in old))


def change_endpoint(machines: Machines, **changes: Any) -> None:
    (endpoint,) = machines.api.webhook_endpoints.list().data
    machines.api.webhook_endpoints.update(endpoint.id, changes)
