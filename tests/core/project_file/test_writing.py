"""The writer: what it writes is read back as it was meant, whatever stands in names and values; comments are kept."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.project_file.writing import Plain, WrittenEntry, WrittenSection, added_text, new_text

SECTIONS = (
    WrittenSection("deployment", "eu", ("Which one this is.",)),
    WrittenSection("webhook", {"path": "/hooks"}),
    WrittenSection(
        "package",
        entries=(
            WrittenEntry(
                {"slug": "a", "credits": 10, "sold": [{"price": "price_1"}, {"metadata": {"pack": "x"}, "amount": 5}]},
                ("Sold 3 times.",),
            ),
            WrittenEntry(None, ('{slug = "c"}',)),
            WrittenEntry({"slug": "b", "credits": 20}),
        ),
    ),
    WrittenSection("remark", entries=(WrittenEntry(None, ("Nobody knows.",)),)),
    WrittenSection("user", ["metadata.account"]),
    WrittenSection("nothing", None, ("Only a remark.",)),
)


def test_a_new_file_is_read_back() -> None:
    text = new_text(SECTIONS, ("Heading.",))

    assert text.startswith("# Heading.\n\n# Which one this is.\ndeployment = ")
    assert '    # Sold 3 times.\n    {slug = "a", credits = 10, sold = [{price = "price_1"}, {' in text
    assert '},\n    # {slug = "c"}\n    {slug = "b", credits = 20},\n]\n' in text
    assert "# remark = [\n#     Nobody knows.\n# ]\n" in text
    assert "# Only a remark.\n" in text
    assert tomllib.loads(text) == {
        "deployment": "eu",
        "user": ["metadata.account"],
        "webhook": {"path": "/hooks"},
        "package": [
            {
                "slug": "a",
                "credits": 10,
                "sold": [{"price": "price_1"}, {"metadata": {"pack": "x"}, "amount": 5}],
            },
            {"slug": "b", "credits": 20},
        ],
    }


def test_a_table_is_added_and_what_was_there_stays_as_it_is() -> None:
    before = "# mine\nwebhook.path   =  '/a' # odd\n\n\n"
    after = added_text(before, WrittenSection("source.columns", {"user_id": "Account Id"}, ("Guessed.",)))

    assert after.startswith("# mine\nwebhook.path   =  '/a' # odd\n\n# Guessed.\n[source.columns]\n")
    assert tomllib.loads(after)["source"] == {"columns": {"user_id": "Account Id"}}


def test_a_file_of_windows_keeps_its_byte_order_mark_and_its_line_ends() -> None:
    before = "\ufeff# mine\r\n[webhook]\r\npath = '/a'\r\n"
    after = added_text(before, WrittenSection("source", {"file": "b"}, ("Guessed.",)))

    assert after == f'{before}\r\n# Guessed.\r\n[source]\r\nfile = "b"\r\n'


@pytest.mark.parametrize("text", ["[source]\nfile = 'a'\n", "source = 5\n"])
def test_a_table_that_is_there_is_never_written_twice(text: str) -> None:
    with pytest.raises(ValueError, match="it has source already"):
        added_text(text, WrittenSection("source", {"file": "b"}))


PLAIN = st.recursive(
    st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(values=st.dictionaries(st.text(), PLAIN, max_size=4), comment=st.text())
def test_no_name_value_or_comment_breaks_out_of_its_place(values: dict[str, Plain], comment: str) -> None:
    entries = (WrittenEntry(values, (comment,)), WrittenEntry({"many": [values] * 5}))
    sections = [
        WrittenSection("a", values, (comment,)),
        WrittenSection("b", {"c": 1}),
        WrittenSection("d", entries=entries),
    ]

    read = {"a": values, "b": {"c": 1}, "d": [values, {"many": [values] * 5}]}
    assert tomllib.loads(new_text(sections, (comment,))) == read


SOURCE = (WrittenSection("source", {"table": "t"}), WrittenSection("source.columns", {"user_id": "owner"}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a remark",
        'webhook.path = "/a"\nwebhook.secret = "here"',
        'webhook = { path = "/a" } # inline\nreconcile = { grace_seconds = 60 }\n',
        '[[package]]\nslug = "a"\ncredits = 1\n[[package.sold]]\nprice = "p1"\n[[package.sold]]\nprice = "price_2"',
        '[[package]]\nslug = "a"\ncredits = 1\n[webhook]\npath = "/a"\n[[package]]\nslug = "b"\ncredits = 2\n# end',
        '["webhook"]\n"path" = "/a"\n[\'fees\']\n\'prices\' = ["price_9"]\n',
        '[webhook]\r\npath = "/a"\n# ends of two kinds\r\n',
        '\ufeff# hi\r\n[webhook]\r\npath = "/a"\r\n',
    ],
)
def test_a_table_is_added_to_a_file_of_any_form_and_everything_stays(text: str) -> None:
    added = text
    for section in SOURCE:
        added = added_text(added, section)

    before, after = (tomllib.loads(each.removeprefix("\ufeff")) for each in (text, added))
    assert added.startswith(text.rstrip())
    assert after == {**before, "source": {"table": "t", "columns": {"user_id": "owner"}}}


@pytest.mark.parametrize(
    "text",
    [
        'source.table = "t"\n',
        'source = { table = "t" }\n',
        '[source.columns]\nuser_id = "a"\n',
        '[[source.rule]]\nwhen = "a = 1"\n',
        '[webhook]\npath = "/a"\n[webhook]\nsecret = "here"\n',
        'webhook.path = "/a"\n[webhook]\nsecret = "here"\n',
    ],
)
def test_what_is_there_already_and_what_is_no_toml_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        added_text(text, SOURCE[0])
