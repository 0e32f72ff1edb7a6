"""A stranger's text is cut between words, for half of a secret is recognized by nobody."""

from __future__ import annotations

import pytest

from creditctl.core.text import cut_text, first_words, last_words, printable, storable, storage_fault

SECRET = "tulip-violet-9"
SAID = f'error: "{SECRET}" and pw={SECRET}, then {SECRET} was refused'


@pytest.mark.parametrize("most", range(1, len(SAID) + 2))
def test_no_part_of_a_word_is_left_of_a_text_that_is_cut(most: int) -> None:
    for cut in (first_words(SAID, most), last_words(SAID, most)):
        assert "tulip" not in cut.replace(SECRET, "")
        assert "9" not in cut.replace(SECRET, "")
        assert len(cut) <= most + 1
        assert (cut == SAID) == (most >= len(SAID))
        assert cut.strip("…") in SAID


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("short", "short"),
        ("one two three", "one two…"),
        ("'abcdefghijkl'", "'abcdefghi…"),
        ("a bcdefghijkl", "a bcdefghi…"),
    ],
)
def test_a_long_text_is_cut_between_words_and_a_long_word_inside(text: str, cut: str) -> None:
    assert cut_text(text, 10) == cut


@pytest.mark.parametrize(
    ("text", "fault", "kept"),
    [
        ("pi_1\0", "holds a NUL character", "pi_1\\x00"),
        ("a\ud800b", "holds half of a surrogate pair, which no character is", "a\\ud800b"),
        ("\U0001f600 \u202e\n", None, "\U0001f600 \u202e\n"),
    ],
)
def test_what_no_database_holds_is_named_and_spelled_out(text: str, fault: str | None, kept: str) -> None:
    assert (storage_fault(text), storable(text)) == (fault, kept)


@pytest.mark.parametrize(
    "name",
    [
        "محمد بن سلمان",
        "דָּוִד כֹּהֵן",
        "می\u200cخواهم",
        "क्\u200dष",
        "ශ්\u200dරී",
        "山田\u3000太郎",
        "İpek Işık",
        "Zoë e\u0301",
        "👩🏽\u200d💻",
        "👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈",
    ],
)
def test_a_healthy_name_looks_as_it_is_written(name: str) -> None:
    assert printable(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "user\u200d_1",
        "user_1\u200c",
        "\u200d👩",
        "👩\u200d",
        "👩\u200d1",
        "دا\u200cد",
        "山\u200d田",
        "山\u3000",
        "a\u3000b",
        "محمد\u202e",
        "user_1\xa0",
        "\x1b[31m",
    ],
)
def test_what_hides_or_turns_text_is_spelled_out(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert shown != text
    assert printable(shown) == shown
