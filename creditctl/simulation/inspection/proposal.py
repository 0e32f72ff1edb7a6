"""Proposal of an inspection: the tables of `creditctl.toml` with the reason for each line before it (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from creditctl.core.project_file.writing import Plain, WrittenSection, section_text
from creditctl.simulation.inspection.inspector import Inspection, TargetGuess
from creditctl.simulation.target import declaration

_WEBHOOK = "webhook.path"
_USUAL_WEBHOOK = "/api/credits/webhook"
_USUAL = {
    "purchase_path": declaration.PURCHASE_PATH,
    "purchase_body": declaration.PURCHASE_BODY,
    "session_path": declaration.SESSION_PATH,
    "balance_path": declaration.BALANCE_PATH,
    "balance_pointer": declaration.BALANCE_POINTER,
    "headers": declaration.USER_HEADER,
}


def proposed_sections(found: Inspection, given: Mapping[str, Plain]) -> list[WrittenSection]:
    """The tables to write: `[webhook]` where its path is not the usual one, and `[simulate]`.

    Shape: `given` are lines that were said already, such as how the backend starts; they come first.
    """
    said = [TargetGuess(_WEBHOOK, str(given[_WEBHOOK]), "as it was said")] if _WEBHOOK in given else []
    webhook = [*said, *(each for each in found.guesses if each.key == _WEBHOOK)]
    lines = [each for each in found.guesses if each.key != _WEBHOOK]
    first = {key: value for key, value in given.items() if key != _WEBHOOK}
    values: dict[str, Plain] = {**first, **{each.key: _value(each) for each in lines}}
    comments = [_comment(each) for each in lines] + [f"Not found: {each}." for each in found.missing]
    sections = []
    if webhook and webhook[0].value != _USUAL_WEBHOOK:
        sections.append(WrittenSection("webhook", {"path": webhook[0].value}, (_comment(webhook[0]),)))
    return [*sections, WrittenSection("simulate", values, tuple(comments))]


def proposal_text(found: Inspection, given: Mapping[str, Plain]) -> str:
    """The proposal as it would stand in creditctl.toml."""
    return "\n\n".join(map(section_text, proposed_sections(found, given)))


def _value(guess: TargetGuess) -> Plain:
    return [guess.value] if guess.key == "headers" else guess.value


def _comment(guess: TargetGuess) -> str:
    name = guess.key.rpartition(".")[2]
    usual = " (the usual one)" if _USUAL.get(guess.key) == guess.value else ""
    return f"{name}: {'' if guess.sure else 'a guess: '}{guess.reason}{usual}."
