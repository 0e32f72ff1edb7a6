"""Every change to Stripe is a line in the audit file, also one that was killed under way; no read is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.stripe_api.audit import AuditLog
from tests.support.clock import NOW
from tests.support.scripted_stripe import StripeAnswer, error, lost
from tests.support.stripe_connections import PRODUCT, OpenDoor, scripted


def audit_lines(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]


def test_changes_are_audited_and_reads_are_not(open_door: OpenDoor, tmp_path: Path) -> None:
    refused = error(400)
    replayed = StripeAnswer(PRODUCT, headers={"Idempotent-Replayed": "true"})
    with open_door(scripted(PRODUCT, PRODUCT, refused, replayed, *[lost() for _ in range(5)])) as door:
        door.client.v1.products.retrieve("prod_1")
        assert door.audit is not None
        with door.audit.purpose("a test"):
            door.client.v1.products.create({"name": "Starter"}, {"idempotency_key": "key-1"})
        with pytest.raises(stripe.InvalidRequestError):
            door.client.v1.products.create({"name": ""})
        door.client.v1.products.create({"name": "Starter"}, {"idempotency_key": "key-1"})
        with pytest.raises(stripe.APIConnectionError):
            door.client.v1.products.delete("prod_1")

    assert audit_lines(tmp_path) == [
        {
            "when": NOW,
            "purpose": "a test",
            "what": "POST /v1/products",
            "idempotency_key": "key-1",
            "object": "prod_1",
            "request_id": "req_1",
            "outcome": "done",
        },
        {**audit_lines(tmp_path)[0], "purpose": "", "outcome": "replayed"},
        {
            "when": NOW,
            "purpose": "",
            "what": "DELETE /v1/products/prod_1",
            "idempotency_key": None,
            "object": None,
            "request_id": None,
            "outcome": "unknown",
        },
    ]


def test_nothing_is_changed_where_the_audit_file_cannot_be_written(open_door: OpenDoor, tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    transport = scripted(PRODUCT)
    with open_door(transport) as door, pytest.raises(OSError, match="directory"):
        door.client.v1.products.create({"name": "Starter"})
    assert transport.requests == []


def test_a_line_that_a_crash_cut_off_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"when": 1, "wha')
    log = AuditLog(path, lambda: 2, "this")
    log.append({"what": "POST /v1/products", "note": "whsec_" + "example0secret0text"})
    log.close()
    cut, line = path.read_text().splitlines()

    assert cut == '{"when": 1, "wha'
    assert json.loads(line)["when"] == 2
    assert "example0secret" not in line


def test_a_change_that_was_killed_under_way_is_noted_by_the_next_command(open_door: OpenDoor, tmp_path: Path) -> None:
    with open_door(scripted(KeyboardInterrupt())) as door:
        assert door.audit is not None
        with door.audit.purpose("a test"), pytest.raises(KeyboardInterrupt):
            door.client.v1.products.create({"name": "Starter"}, {"idempotency_key": "key-1"})
        assert (tmp_path / "audit.jsonl").read_text() == ""
    (left,) = tmp_path.glob("*.pending")
    left.rename(tmp_path / f"audit.jsonl.{os.getpid()}-another-1.pending")
    with open_door(scripted(PRODUCT)) as door:
        door.client.v1.products.create({"name": "Starter"}, {"idempotency_key": "key-1"})
    lines = audit_lines(tmp_path)

    assert [(line["idempotency_key"], line["outcome"]) for line in lines] == [("key-1", "unknown"), ("key-1", "done")]
    assert lines[0]["purpose"] == "a test"
    assert [path.name for path in tmp_path.iterdir()] == ["audit.jsonl"]


def test_what_another_running_command_is_about_to_change_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    running = tmp_path / f"audit.jsonl.{os.getppid()}-token-1.pending"
    running.write_text('{"when": 1}\n')
    (tmp_path / "audit.jsonl.999999999-token-1.pending").write_text('{"when": 2}\n')
    log = AuditLog(path, lambda: 3, "this")
    log.open()
    log.close()

    assert audit_lines(tmp_path) == [{"when": 2}]
    assert running.exists()
