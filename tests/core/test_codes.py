"""The registry of codes knows what the source uses, no more and no less, and says of it what the source does."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from creditctl.core.codes import CodeInfo, all_codes, find_code, nearest_codes, parse_codes
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Severity
from tests.support.source_codes import Place, families, places

CODES = all_codes()
WRITING = re.compile(
    r"`creditctl [^`]*(?:--repair(?! --dry-run)|--credit|--dismiss|adjust|delete|--prune|--confirm|--yes)"
)


def all_places() -> tuple[Place, ...]:
    """Every place of a code: read when a test asks, because reading the whole source takes seconds."""
    return places(frozenset(info.group for info in CODES.values()))


def by_code(kind: str) -> dict[str, list[Place]]:
    """The places of each code that the registry knows; another test names those that it does not."""
    found = defaultdict(list)
    for place in all_places():
        if place.kind == kind and place.code in CODES:
            found[place.code].append(place)
    return dict(found)


def test_every_code_in_the_source_is_in_the_registry() -> None:
    unknown = {place.code: place.where for place in all_places() if find_code(place.code, CODES) is None}

    assert unknown == {}, "write each into creditctl/core/codes.toml, then run `make docs`"


def test_every_code_of_the_registry_is_in_the_source() -> None:
    """Those of a family may be composed when the error happens: `stripe.resource_missing` is Stripe's own word."""
    used, composed = {place.code for place in all_places()}, tuple(families())

    assert [code for code in CODES if code not in used and not code.startswith(composed)] == []


def test_every_composed_error_code_has_a_family_in_the_registry() -> None:
    assert {f"{prefix}*" for prefix in families()} == {code for code in CODES if code.endswith("*")}


def test_errors_end_the_command_as_the_registry_says() -> None:
    wrong = {code: found for code, found in by_code("error").items() if not ends_as_said(CODES[code], found)}

    assert wrong == {}


def ends_as_said(info: CodeInfo, found: list[Place]) -> bool:
    """Whether an error has exit codes, its places give no other, and all of them where each place says its own."""
    seen, said = {number for place in found for number in place.exits}, set(info.exit_codes)
    return bool(said) and (seen == said if all(place.exits for place in found) else seen <= said)


def test_findings_are_as_bad_as_the_registry_says() -> None:
    wrong = {code: found for code, found in by_code("finding").items() if not as_bad_as_said(CODES[code], found)}

    assert wrong == {}


def as_bad_as_said(info: CodeInfo, found: list[Place]) -> bool:
    """Whether a finding has severities, its places give no other, and all of them where that can be known."""
    seen, said = {severity for place in found for severity in place.severities}, set(info.severities)
    # In reconciliation a table says what the place does not.
    known = all(place.severities for place in found) or info.code.startswith("reconcile.")
    return bool(said) and (seen == said if known else seen <= said)


def test_checks_are_checks_in_the_registry() -> None:
    assert [code for code in by_code("check") if not CODES[code].is_check] == []


def test_each_entry_is_two_plain_sentences_and_something() -> None:
    bad = [
        info.code
        for info in CODES.values()
        if not info.kinds or not info.meaning.endswith(".") or not info.mend.endswith(".")
    ]

    assert bad == []


def test_no_mend_is_a_ready_command_that_writes() -> None:
    assert [info.code for info in CODES.values() if WRITING.search(info.mend)] == []


def test_a_code_of_stripes_own_is_found_by_its_family() -> None:
    info = find_code("stripe.card_declined", CODES)

    assert info is not None
    assert info.code == "stripe.*"
    assert find_code("nothing.of_the_kind", CODES) is None
    assert find_code("stripe", CODES) is None


@pytest.mark.parametrize("typed", ["reconcile.missing_credits", "missing_credit", "reconcil.missing_credit"])
def test_the_nearest_codes_are_named(typed: str) -> None:
    assert "reconcile.missing_credit" in nearest_codes(typed, CODES)


def test_an_entry_is_read_whole() -> None:
    text = '["a.b"]\nexit = [2, 3]\nseverity = ["high"]\ncheck = true\nmeaning = "M."\nmend = "D."\n'

    assert parse_codes(text) == {
        "a.b": CodeInfo("a.b", "M.", "D.", (ExitCode.USAGE, ExitCode.CONFIGURATION), (Severity.HIGH,), is_check=True)
    }


@pytest.mark.parametrize("text", ['["a"]\nmeaning = "M."\n', '["a"]\nmeaning = "M."\nmend = "D."\nexits = [2]\n'])
def test_an_entry_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        parse_codes(text)
