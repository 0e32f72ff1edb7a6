"""Metrics in Prometheus' text format, whatever an account or deployment is called."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from creditctl.reconciliation.metrics import metrics_text
from tests.support.payment_shop import Shop


def test_labels_are_escaped_and_samples_have_no_time(shop: Shop) -> None:
    shop.pay()
    shop.reconcile()
    odd = 'a "quoted" \\ name\nwith lines'
    with shop.ledger.reading() as view:
        text = metrics_text(view, {"deployment": odd})
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert {sample.labels["deployment"] for sample in found} == {odd}
    assert {sample.timestamp for sample in found} == {None}
    assert text.endswith("\n")


def test_before_the_first_run_the_age_of_the_last_is_an_alarm(shop: Shop) -> None:
    with shop.ledger.reading() as view:
        text = metrics_text(view, {})
    values = {sample.name: sample.value for each in text_string_to_metric_families(text) for sample in each.samples}
    assert values["creditctl_reconcile_last_complete_run_timestamp_seconds"] == 0
    assert values["creditctl_reconcile_open_findings_count"] == 0
