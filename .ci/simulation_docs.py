"""Page docs/simulation.md: the text of .ci/simulation.md, then every cause and every scenario."""

from __future__ import annotations

from pathlib import Path

HEADING = Path(__file__).with_name("simulation.md")


def simulation_page() -> str:
    """Every cause that a verdict can name, and every scenario."""
    from creditctl.simulation.causes import CAUSES
    from creditctl.simulation.scenarios.table import SCENARIOS

    causes = [f"| `{each.slug}` | {each.meaning} | {each.mend} |" for each in CAUSES.values()]
    scenarios = [f"| `{each.name}` | {each.group} | {each.title} |" for each in SCENARIOS]
    table = ["", "## Scenarios", "", "| scenario | group | what it proves |", "|---|---|---|", *scenarios]
    return HEADING.read_text() + "\n".join([*causes, *table]) + "\n"
