"""Text from outside cannot control a terminal, start a line or hide; durations read well."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisync._models.text import duration, sanitize


@pytest.mark.parametrize(
    ("text", "sanitized"),
    [
        ("unchanged: é, 日本, 👩\u200d🚀", "unchanged: é, 日本, 👩\u200d🚀"),
        ("\x1b[31mred\x1b[0m and \x1b[1;4mbold\x1b[m", "red and bold"),
        ("\x1b]0;a title\x07after", "after"),
        ("\x1b]8;;http://example.test\x1b\\a link\x1b]8;;\x1b\\", "a link"),
        ("\x1b]52;c;c3RvbGVu\x07clipboard", "clipboard"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x9b31mC1\x9b0m", "C1"),
        ("\x1bcreset", "reset"),
        ("never ended \x1b]0;the rest is shown", "never ended 0;the rest is shown"),
        ("over\rwritten\nand\ttwo\x0b\x0clines", "over written and two lines"),
        ("back\x08\x08space, bell\x07, nul\x00, del\x7f", "backspace, bell, nul, del"),
        ("a\u202egpj.exe\u202c b\u2066c\u2069", "agpj.exe bc"),
        ("line\u2028separator\u2029s", "line separator s"),
        ("half an emoji \ud83d", "half an emoji \ufffd"),
        ("", ""),
    ],
)
def test_text_is_sanitized(text: str, sanitized: str) -> None:
    assert sanitize(text) == sanitized


def test_long_text_is_truncated_and_shows_its_length() -> None:
    assert sanitize("abcdefgh", 8) == "abcdefgh"
    assert sanitize("abc defgh", 4) == "abc… (9 characters)"
    assert len(sanitize("x" * 1_000_000, 100)) < 130


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\x1b\x9b\x9d\x90[]0;m\\\x07\n\r")), max_size=200))
def test_no_control_character_remains(text: str) -> None:
    sanitized = sanitize(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in sanitized)
    assert sanitize(sanitized) == sanitized


@pytest.mark.parametrize("piece", ["\x1b]", "\x1b[", "\x1bP", "\x9d", "\x1b[;", "\n \t"])
def test_many_unterminated_sequences_take_linear_time(piece: str) -> None:
    """Each could be the start of a sequence that ends with the text."""
    assert len(sanitize(piece * (1_000_000 // len(piece)) + "end", 100)) < 130


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.2, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (250, "4 min 10 s"),
        (7_500, "2 h 5 min"),
        (86_400 * 3 + 1, "3 d"),
        (86_400 * 3 + 5 * 3_600, "3 d 5 h"),
        (86_400 * 400, "400 d"),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
