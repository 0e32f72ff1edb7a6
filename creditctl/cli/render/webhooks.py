"""Answers of the `creditctl webhooks` commands: endpoint table, plans and switches, probes, stages of a rotation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl.cli.output import Answer
from creditctl.cli.render.plan import exit_code_of, print_findings, print_plan
from creditctl.cli.render.table import Table, show_table
from creditctl.core.checks import CheckStatus
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity
from creditctl.provisioning.endpoint_switch import SwitchAction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.cli.console import Console
    from creditctl.provisioning.apply import Applied
    from creditctl.provisioning.endpoint_switch import EndpointSwitch
    from creditctl.provisioning.planning.steps import Plan
    from creditctl.provisioning.probing.responses import ProbeResponses
    from creditctl.provisioning.state import EndpointState

_PROBE_NEXT = "Next: `creditctl webhooks probe`"


def list_answer(rows: Sequence[dict[str, Any]]) -> Answer:
    """The endpoints as a table. Shape: rows as they stand in the report."""

    def human(console: Console) -> None:
        show_table(console, _endpoint_table(rows))
        console.print("Next: `creditctl webhooks probe`, or `creditctl setup`")

    return Answer({"endpoints": rows}, human)


def _endpoint_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(("Endpoint", "URL", "Status", "Events", "Version", "Managed", "Secret"), title="Webhook endpoints")
    for row in rows:
        events = "all (*)" if row["enabled_events"] == ["*"] else str(len(row["enabled_events"]))
        version = row["api_version"] or "account's default"
        managed = "creditctl" if row["managed"] else "no"
        table.add(row["id"], row["url"], row["status"], events, version, managed, row["secret"])
    return table


def register_answer(plan: Plan, applied: Applied) -> Answer:
    """The plan that was applied to the endpoint, with its findings."""

    def human(console: Console) -> None:
        print_plan(console, plan)
        print_findings(console, plan.findings)
        console.print(_PROBE_NEXT)

    report = {"plan": plan.as_dict(), "changes": applied.done, "endpoint": applied.endpoint}
    return Answer(report, human, plan.findings, exit_code_of(plan.findings))


def switch_plan_answer(switch: EndpointSwitch, action: SwitchAction) -> Answer:
    """What disable, enable or delete would do; nothing was sent."""

    def human(console: Console) -> None:
        print_plan(console, switch.plan)
        again = f"Next: `creditctl webhooks {action} {switch.endpoint.id}`"
        console.print(again if switch.plan.changes else "Nothing to do.")

    return Answer({"plan": switch.plan.as_dict()}, human)


def switched_answer(endpoint: EndpointState, action: SwitchAction) -> Answer:
    """The endpoint as it is after disable or enable."""
    after = "Next: `creditctl webhooks enable …`" if action is SwitchAction.DISABLE else _PROBE_NEXT
    report = {"endpoint": {"id": endpoint.id, "url": endpoint.url, "status": endpoint.status}}
    return Answer.lines(report, f"{endpoint.id} ({endpoint.url}) is {endpoint.status}.", after)


def deleted_answer(endpoint_id: str) -> Answer:
    """An endpoint that is gone."""
    return Answer.lines({"deleted": endpoint_id}, f"{endpoint_id} is gone.", "Next: `creditctl webhooks list`")


def probe_answer(url: str, responses: ProbeResponses, *, answers_first: bool) -> Answer:
    """What the deliveries prove. Shape: exit 1 where one failed, 5 where one could not be judged."""
    from creditctl.provisioning.probing.diagnosis import diagnose
    from creditctl.provisioning.probing.results import probe_results

    found, results = diagnose(responses), probe_results(responses, answers_first=answers_first)

    def human(console: Console) -> None:
        for result in results:
            console.print(f"{result.status:>7}  {result.title}: {result.evidence}")
        console.print(f"{found.sentence}  [{found.cause}]")
        console.print(found.fix or "Next: `creditctl checklist`")

    cause = {"cause": found.cause, "sentence": found.sentence, "fix": found.fix}
    report = {"url": url, **cause, "checks": [result.as_dict() for result in results]}
    return Answer(report, human, exit_code=_probe_exit_code({result.status for result in results}))


def _probe_exit_code(statuses: set[CheckStatus]) -> ExitCode:
    if CheckStatus.FAIL in statuses:
        return ExitCode.FINDINGS
    return ExitCode.UNREACHABLE if CheckStatus.UNKNOWN in statuses else ExitCode.OK


def begun_answer(endpoint_id: str) -> Answer:
    """The first stage of a rotation: two endpoints deliver, two secrets are held."""
    return Answer.lines(
        {"stage": "overlap", "endpoint": endpoint_id},
        f"Both secrets are in place; {endpoint_id} delivers beside the old endpoint.",
        "Next: restart the backend with the new settings, then `creditctl webhooks rotate` again.",
    )


def waiting_answer() -> Answer:
    """A rotation that waits for its proof, with what would bring it."""
    finding = Finding(
        "rotation.waiting",
        Severity.MEDIUM,
        "rotation",
        "No event has reached the new endpoint yet, so nothing proves that the backend holds the new secret.",
        "Run `creditctl webhooks probe`, wait for a purchase, then run rotate again; --now does not wait.",
    )

    def human(console: Console) -> None:
        console.print(finding.message)
        console.print(finding.fix)

    return Answer({"stage": "overlap"}, human, [finding], ExitCode.FINDINGS)


def finished_answer(endpoint_id: str | None, event: str | None) -> Answer:
    """The last stage of a rotation: the old endpoint and its secret are gone."""
    proof = f" ({event} was delivered to it)" if event else ""
    return Answer.lines(
        {"stage": "done", "endpoint": endpoint_id, "event": event},
        f"The old endpoint and its secret are retired; {endpoint_id} stays{proof}.",
        _PROBE_NEXT,
    )
