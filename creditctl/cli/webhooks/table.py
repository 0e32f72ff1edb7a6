"""Table of the `creditctl webhooks` commands: name, heading, help line, and the function imported when it runs."""

from __future__ import annotations

from creditctl.cli.command_line.entry import CommandEntry

ENTRIES = (
    CommandEntry(
        "list",
        "Look",
        "Show every webhook endpoint of the account, and whether the secret we hold is its own.",
        "creditctl.cli.webhooks.listing:list_endpoints",
    ),
    CommandEntry(
        "probe",
        "Look",
        "Send the backend inert deliveries (unsigned, forged, stale, rightly signed), and name what its answers prove.",
        "creditctl.cli.webhooks.probe:probe",
    ),
    CommandEntry(
        "register",
        "Change",
        "Make or repair the endpoint at the backend's webhook URL and capture its secret, as setup does.",
        "creditctl.cli.webhooks.register:register",
    ),
    CommandEntry(
        "rotate",
        "Change",
        "Replace the signing secret with overlap: begin, give the backend both secrets, then --finish.",
        "creditctl.cli.webhooks.rotate:rotate",
    ),
    CommandEntry(
        "disable",
        "Change",
        "Stop deliveries to an endpoint; what happens meanwhile is not sent later. `enable` starts them again.",
        "creditctl.cli.webhooks.switch:disable",
    ),
    CommandEntry(
        "enable",
        "Change",
        "Start deliveries to an endpoint again.",
        "creditctl.cli.webhooks.switch:enable",
    ),
    CommandEntry(
        "delete",
        "Change",
        "Delete an endpoint for good, together with its signing secret.",
        "creditctl.cli.webhooks.switch:delete",
    ),
)
