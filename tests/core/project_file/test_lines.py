"""Line numbers of keys: tables, arrays of tables, quoted and dotted keys, strings of several lines."""

from __future__ import annotations

from creditctl.core.project_file.lines import key_lines, line_of

TEXT = '''\
a = 1
"b.c" = 2
d.e = 3
[f]
query = """
x = 1
[g]
"""
h = 4
[[i]]
j = 5
[[i]] # the second
j = [
  { k = 6 },
]
[i.l]
m = 7
[f.'n o'] # quoted
p = 8
'''


def test_a_key_has_the_line_it_begins() -> None:
    lines = key_lines(TEXT)

    assert lines == {
        ("a",): 1, ("b.c",): 2, ("d",): 3, ("d", "e"): 3, ("f",): 4, ("f", "query"): 5, ("f", "h"): 9,
        ("i", 0): 10, ("i", 0, "j"): 11, ("i", 1): 12, ("i", 1, "j"): 13, ("i", 1, "j", 0): 14, ("i", 1, "l"): 16,
        ("i", 1, "l", "m"): 17, ("f", "n o"): 18, ("f", "n o", "p"): 19,
    }  # fmt: skip


def test_what_stands_inside_a_value_has_the_line_around_it() -> None:
    lines = key_lines(TEXT)

    assert line_of(("i", 1, "j", 0, "k"), lines) == 14
    assert line_of(("nowhere",), lines) is None
    assert line_of((), lines) is None


def test_a_table_of_an_array_has_its_own_line_whatever_stands_in_strings_and_remarks() -> None:
    text = """\
package = [
  # a remark with { and [
  {slug = "a]{", sold = [{price = 'p{'}]}, {slug = "b"},

  {slug = "c", sold = [
    {price = "p1"},
  ]},
]
user = ["x"]
[fees]
prices = []
"""

    assert key_lines(text) == {
        ("package",): 1, ("package", 0): 3, ("package", 1): 3, ("package", 2): 5, ("user",): 9, ("fees",): 10,
        ("fees", "prices"): 11,
    }  # fmt: skip
