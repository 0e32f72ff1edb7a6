"""Only what is declared is compared, and only what differs is sent."""

from __future__ import annotations

from creditctl.provisioning.planning.diff import all_new, differences, metadata_changes, update_params
from creditctl.provisioning.planning.steps import Change


def test_only_declared_fields_that_differ_are_changes() -> None:
    have = {"name": "Starter", "active": False, "theirs": 1}

    assert differences(have, {"name": "Starter", "active": True}) == (Change("active", False, True),)


def test_of_something_new_every_field_is_a_change() -> None:
    assert all_new({"name": "Starter", "active": True}) == (
        Change("name", None, "Starter"),
        Change("active", None, True),
    )


def test_metadata_of_others_is_left_alone() -> None:
    changes = metadata_changes({"crm": "7", "credits": "5"}, {"credits": "1000", "package": "starter"})

    assert changes == (Change("metadata.credits", "5", "1000"), Change("metadata.package", None, "starter"))


def test_an_update_sends_the_changes_and_nothing_else() -> None:
    changes = (Change("active", False, True), Change("metadata.credits", "5", "1000"))

    assert update_params(changes) == {"active": True, "metadata": {"credits": "1000"}}
    assert update_params(changes[:1]) == {"active": True}
    assert update_params(()) == {}
