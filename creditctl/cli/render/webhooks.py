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
    from creditctl.core.checks import CheckResult
    from creditctl.provisioning.apply import Applied
    from creditctl.provisioning.endpoint_switch import EndpointSwitch
    from creditctl.provisioning.planning.steps import Plan
    from creditctl.provisioning.probing.responses import ProbeResponses
    from creditctl.provisioning.rotate import Rotation
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


def probe_answer(
    url: str, responses: ProbeResponses, *, answers_first: bool, more: Sequence[CheckResult] = ()
) -> Answer:
    """What the deliveries prove. Shape: exit 1 where one failed, 5 where one could not be judged; `more` checks."""
    from creditctl.provisioning.probing.diagnosis import diagnose
    from creditctl.provisioning.probing.results import probe_results

    found, results = diagnose(responses), [*probe_results(responses, answers_first=answers_first), *more]

    def human(console: Console) -> None:
        _print_checks(console, results)
        for result in more:
            if result.fix:
                console.print(f"         {result.fix}")
        console.print(f"{found.sentence}  [{found.cause}]")
        console.print(found.fix or "Next: `creditctl checklist`")

    cause = {"cause": found.cause, "sentence": found.sentence, "fix": found.fix}
    report = {"url": url, **cause, "checks": [result.as_dict() for result in results]}
    return Answer(report, human, exit_code=_probe_exit_code({result.status for result in results}))


def _print_checks(console: Console, results: Sequence[CheckResult]) -> None:
    for result in results:
        console.print(f"{result.status:>7}  {result.title}: {result.evidence}")


def _probe_exit_code(statuses: set[CheckStatus]) -> ExitCode:
    if CheckStatus.FAIL in statuses:
        return ExitCode.FINDINGS
    return ExitCode.UNREACHABLE if CheckStatus.UNKNOWN in statuses else ExitCode.OK


def begun_answer(endpoint_id: str, rotation: Rotation) -> Answer:
    """The first stage of a rotation: two endpoints deliver; the held secrets are in place, the new one first."""
    old = "the old endpoint" if rotation.old is None else rotation.old.id
    report = {"stage": "overlap", "endpoint": endpoint_id, "old_secret_kept": bool(rotation.keeps)}
    following = "Next: restart the backend with the new settings, then `creditctl webhooks rotate --finish`."
    if rotation.keeps:
        told = [f"Both secrets are in place; {endpoint_id} delivers beside {old}."]
    else:
        told = [
            f"{endpoint_id} delivers beside {old}, whose secret is not here: the new one stands alone.",
            f"Until the backend has the new secret, the deliveries of {endpoint_id} fail; once it has only that, "
            f"those of {old} do. Each event is delivered by both, so one of the two is enough.",
        ]
    return Answer.lines(report, *told, following)


def waiting_answer(rotation: Rotation) -> Answer:
    """A rotation under way: what finishes it."""
    old, new = rotation.old, rotation.new
    finding = Finding(
        "rotation.waiting",
        Severity.MEDIUM,
        "rotation" if new is None else new.id,
        f"A rotation is under way: {'?' if new is None else new.id} delivers beside {'?' if old is None else old.id}.",
        "Once the backend runs with the new secret, `creditctl webhooks rotate --finish` probes it and retires the old "
        "endpoint.",
    )
    return _finding_answer({"stage": "overlap"}, finding, ExitCode.FINDINGS)


def unproven_answer(results: Sequence[CheckResult]) -> Answer:
    """A rotation that is not finished, because the probe does not show that the backend has the new secret."""
    finding = Finding(
        "rotation.unproven",
        Severity.MEDIUM,
        "rotation",
        "The rotation was not finished: nothing proves that the backend holds the new signing secret.",
        "Start the backend with the new secret and try again; `creditctl webhooks rotate --now` goes without that "
        "proof, on your word.",
    )
    checks = [result.as_dict() for result in results]
    exit_code = _probe_exit_code({result.status for result in results})
    return _finding_answer({"stage": "overlap", "checks": checks}, finding, exit_code, results)


def _finding_answer(
    report: dict[str, Any], finding: Finding, exit_code: ExitCode, results: Sequence[CheckResult] = ()
) -> Answer:
    def human(console: Console) -> None:
        _print_checks(console, results)
        console.print(finding.message)
        console.print(finding.fix)

    return Answer(report, human, [finding], exit_code)


def finished_answer(rotation: Rotation, results: Sequence[CheckResult]) -> Answer:
    """The last stage of a rotation: the old endpoint and its secret are gone."""
    endpoint_id = None if rotation.new is None else rotation.new.id
    proof = " (the backend accepts its secret)" if results else ""
    return Answer.lines(
        {"stage": "done", "endpoint": endpoint_id, "checks": [result.as_dict() for result in results]},
        f"The old endpoint and its secret are retired; {endpoint_id} stays{proof}.",
        _PROBE_NEXT,
    )
