"""Typed reader of one table: whole numbers are no booleans, absent is no fault, long values are cut."""

from __future__ import annotations

from creditctl.core.project_file.faults import DocumentFaults
from creditctl.core.project_file.tables import TomlTable, alternatives


def table(**values: object) -> TomlTable:
    return TomlTable(values, DocumentFaults())


def test_absent_keys_are_no_faults() -> None:
    empty = table()

    assert (empty.text("a"), empty.texts("a"), empty.whole("a", least=0, most=1)) == (None, (), None)
    assert (empty.flag("a"), empty.moment("a"), empty.table("a"), list(empty.tables("a"))) == (False, None, None, [])
    assert not empty.faults


def test_true_is_no_whole_number() -> None:
    found = table(a=True)

    assert found.whole("a", least=0, most=5) is None
    assert str(found.faults) == "a must be a whole number from 0 to 5, not True"


def test_a_long_value_is_cut_in_its_message() -> None:
    found = table(a="x" * 500)

    assert found.whole("a", least=0, most=5) is None
    assert len(str(found.faults)) < 120


def test_words_to_choose_from() -> None:
    assert alternatives(["a"]) == '"a"'
    assert alternatives(["a", "b", "c"]) == '"a", "b" or "c"'
