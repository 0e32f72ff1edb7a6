"""Page docs/simulation.md: the text of .ci/simulation.md, then every cause, every scenario and every step."""

from __future__ import annotations

from pathlib import Path

HEADING = Path(__file__).with_name("simulation.md")
OWN = Path(__file__).with_name("simulation_own.md")


def simulation_page() -> str:
    """Every cause that a verdict can name, and every scenario."""
    from creditctl.simulation.causes import CAUSES
    from creditctl.simulation.scenarios.table import SCENARIOS

    causes = [f"| `{each.slug}` | {each.meaning} | {each.mend} |" for each in CAUSES.values()]
    scenarios = [f"| `{each.name}` | {each.group} | {each.title} |" for each in SCENARIOS]
    table = ["", "## Scenarios", "", "| scenario | group | what it proves |", "|---|---|---|", *scenarios]
    own = ["", *OWN.read_text().splitlines(), "", "| `do` | takes | what happens |", "|---|---|---|", *_step_rows()]
    return HEADING.read_text() + "\n".join([*causes, *table, *own]) + "\n"


def _step_rows() -> list[str]:
    """A line for each step that a scenario file may have: its keys with what they are where they are left out."""
    import inspect
    from dataclasses import MISSING, fields

    from creditctl.simulation.histories.kept import CHOICES, STEP_WORDS, toml_value

    rows = []
    for word, kind in STEP_WORDS.items():
        said = []
        for each in fields(kind):
            usual = each.default_factory() if each.default_factory is not MISSING else each.default
            known = usual is not MISSING and usual is not None
            said.append(f"`{each.name} = {toml_value(usual)}`" if known else f"`{each.name}`")
        story = " ".join((inspect.getdoc(kind) or "").split()).replace("|", "\\|")
        for each in fields(kind):
            words = [text for text in CHOICES.get((word, each.name), ()) if text]
            if words and "credits_never" not in words:
                story += f" `{each.name}` is one of {', '.join(words)}."
        rows.append(f"| `{word}` | {', '.join(said)} | {story} |")
    return rows
