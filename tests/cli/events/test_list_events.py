"""`creditctl events list`: its filters, its streams, and what is undelivered."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from creditctl.cli.local.local_stack import LocalStack
from tests.support.event_world import PIPE, TERMINAL, bought, require_usage_error, spoken


def test_list_filters_by_type_user_object_and_time(world: LocalStack) -> None:
    made = bought(world, "lia")

    by_user = world.command("events", "list", "--user", "lia", "--type", "checkout.session.*")["report"]["events"]
    by_object = world.command("events", "list", "--object", made["payment_key"], "--limit", "0")["report"]["events"]
    later = world.command("events", "list", "--since", "2099-01-01")["report"]["events"]

    assert [row["id"] for row in by_user] == [made["event"]]
    assert {"payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"} <= {
        r["type"] for r in by_object
    }
    assert all(made["payment_key"] in (row["object_id"], row["payment_key"]) for row in by_object)
    assert later == []


def test_list_streams_lines_for_pipes_and_sentences_for_people(world: LocalStack) -> None:
    bought(world, "max")

    code, out, _ = spoken(world, "events", "list", "--jsonl", "--limit", "3")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, len(rows)) == (0, 3)
    assert {"id", "type", "created", "about", "source"} <= set(rows[0])

    code, out, _ = spoken(world, "events", "list", "--limit", "2")
    assert code == 0
    assert rows[0]["id"] in out
    assert "raise --limit" in out


def test_list_undelivered_shows_what_an_endpoint_has_not_accepted(world: LocalStack) -> None:
    bought(world, "ned")
    assert world.command("events", "list", "--undelivered")["report"]["events"] == []


def test_a_time_that_is_none_is_a_usage_error_with_a_way_out(world: LocalStack) -> None:
    require_usage_error(world, "events", "list", "--since", "yesterday")


@pytest.mark.parametrize("environ", [TERMINAL, PIPE], ids=["terminal", "pipe"])
def test_every_id_and_amount_is_whole_at_eighty_columns_and_in_a_pipe(
    world: LocalStack, environ: Mapping[str, str]
) -> None:
    made = bought(world, "auth0|66b1f0c2d3e4f5a6b7c8d9e0")

    rows = world.command("events", "list", "--object", made["payment_key"], "--limit", "0")["report"]["events"]
    _, out, _ = spoken(world, "events", "list", "--object", made["payment_key"], "--limit", "0", environ=environ)

    assert made["event"] in [row["id"] for row in rows]
    assert [row["about"] for row in rows if f"{row['id']}  {row['about']}" not in out] == []
    assert len(out.splitlines()) == len(rows) + 1, "an event is one line, however narrow"
