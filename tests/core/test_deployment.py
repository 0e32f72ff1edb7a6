"""A deployment's name in ids, lookup keys and metadata; without one everything is called as ever."""

from __future__ import annotations

from importlib import resources

from creditctl.core.catalog import parse_catalog
from creditctl.core.deployment import UNNAMED, Deployment, deployment_in, is_of_deployment, names_another

CATALOG = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))


def test_the_name_stands_in_id_lookup_key_and_metadata() -> None:
    package = CATALOG.sold_by(Deployment("eu-1")).find("pro")

    assert (package.product_id, package.lookup_key) == ("creditctl-eu-1_pro", "creditctl-eu-1_pro_usd")
    assert package.metadata == {
        "managed_by": "creditctl",
        "deployment": "eu-1",
        "package": "pro",
        "credits": "13500",
    }


def test_without_a_name_nothing_is_different() -> None:
    assert CATALOG.sold_by(UNNAMED) == CATALOG


def test_whose_an_object_is_by_its_metadata() -> None:
    ours, theirs, nobodys = (
        {"managed_by": "creditctl"},
        {"managed_by": "creditctl", "deployment": "eu"},
        {"deployment": "eu"},
    )

    assert [is_of_deployment(each, None) for each in (ours, theirs, nobodys)] == [True, False, False]
    assert [is_of_deployment(each, "eu") for each in (ours, theirs, nobodys)] == [False, True, False]
    assert [names_another(each, "us") for each in (ours, theirs, nobodys)] == [True, True, False]
    assert [deployment_in(each) for each in ({}, {"deployment": ""}, {"deployment": "eu"})] == [None, None, "eu"]
