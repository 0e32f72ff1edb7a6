"""`creditctl webhooks rotate`: begun, waiting for its proof, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.endpoints import endpoints

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_a_rotation_waits_for_the_word_and_the_proof(shop: Cli) -> None:
    """Two endpoints deliver each event twice, each signed once: no delivery could prove that all is well."""
    shop("setup")
    before = (shop.folder / ".env").read_text()
    assert shop("webhooks", "rotate", "--json").report["stage"] == "overlap"
    assert shop("setup", "--check").exit_code == 0
    waiting = shop("webhooks", "rotate", "--json")
    assert (waiting.exit_code, waiting.document["findings"][0]["code"]) == (1, "rotation.waiting")
    unproven = shop("webhooks", "rotate", "--finish", "--json")
    assert (unproven.exit_code, unproven.document["findings"][0]["code"]) == (5, "rotation.unproven")
    assert len(endpoints(shop)) == 2

    assert shop("webhooks", "rotate", "--finish", "--now", "--json").report["stage"] == "done"
    assert [row["secret"] for row in endpoints(shop)] == ["held"]
    after = (shop.folder / ".env").read_text()
    assert after != before
    assert "," not in after
    assert shop("setup", "--check").exit_code == 0


def test_what_was_not_begun_cannot_be_finished(shop: Cli) -> None:
    shop("setup")
    outcome = shop("webhooks", "rotate", "--finish", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "webhooks.no_rotation")
    assert len(endpoints(shop)) == 1


def test_a_rotation_by_a_machine_without_the_old_secret_says_what_will_fail(shop: Cli) -> None:
    shop("setup")
    (old,) = endpoints(shop)
    (shop.folder / ".env").unlink()
    begun = shop("webhooks", "rotate")

    assert begun.exit_code == 0
    assert f"{old['id']}, whose secret is not here" in begun.stdout
    assert sorted(row["secret"] for row in endpoints(shop)) == ["another", "held"]
    checked = shop("setup", "--check", "--json")
    assert (checked.exit_code, {each["code"] for each in checked.document["findings"]}) == (
        0,
        {"endpoint.rotation_alone"},
    )


def test_a_rotation_can_be_ended_without_waiting(shop: Cli) -> None:
    shop("setup")
    shop("webhooks", "rotate")
    assert shop("webhooks", "rotate", "--now", "--json").report["stage"] == "done"
    assert len(endpoints(shop)) == 1


def test_there_is_nothing_to_rotate_without_an_endpoint(shop: Cli) -> None:
    outcome = shop("webhooks", "rotate", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "webhooks.nothing_to_rotate")
