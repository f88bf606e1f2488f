"""Text from elsewhere: nothing in it can steer a terminal, start a line or hide."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisync._models.text import sanitize


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is: é, 日本, 👩\u200d🚀", "as it is: é, 日本, 👩\u200d🚀"),
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
def test_what_is_left_of_a_text(text: str, shown: str) -> None:
    assert sanitize(text) == shown


def test_a_long_text_is_cut_and_tells_its_length() -> None:
    assert sanitize("abcdefgh", 8) == "abcdefgh"
    assert sanitize("abc defgh", 4) == "abc… (9 characters)"
    assert len(sanitize("x" * 1_000_000, 100)) < 130


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\x1b\x9b\x9d\x90[]0;m\\\x07\n\r")), max_size=200))
def test_no_control_character_is_left(text: str) -> None:
    shown = sanitize(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
    assert sanitize(shown) == shown


@pytest.mark.parametrize("piece", ["\x1b]", "\x1b[", "\x1bP", "\x9d", "\x1b[;", "\n \t"])
def test_a_megabyte_of_beginnings_is_read_once(piece: str) -> None:
    """Each of them could be the beginning of a sequence that goes to the end of the text."""
    assert len(sanitize(piece * (1_000_000 // len(piece)) + "end", 100)) < 130
