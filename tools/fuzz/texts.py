"""Target: text from Git and from templates, as terminals, logs, reports and HTML pages show it."""

from __future__ import annotations

import io
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from xml.etree import ElementTree

from typing_extensions import override

from tests.render.pages import Page, assert_harmless
from tests.render.samples import AS_OF, HOSTILE, entry_with
from tools.fuzz.mutations import with_pieces
from unisync._models.text import sanitize
from unisync._render.cards import card
from unisync._render.report import report
from unisync.cli.github import annotation, summary
from unisync.cli.junit import report as junit
from unisync.cli.output import Output
from unisync.cli.rows import row_of

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CONTROL_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
_BIDI_CONTROLS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
_LIMIT = 200
_PIECES = tuple(
    piece.encode("utf-8", "surrogatepass")
    for piece in (
        *("\x1b", "\x1b[", "\x1b]", "\x1b\\", "\x1bP", "\x9b", "\x9d", "\x9c", "\x90", "\x07", "\x18", "\x1a", "m"),
        *("<", ">", "&", "&lt;", '"', "'", "<script>", "</style>", "-->", "<!--", "]]>", "<![CDATA[", "&#x3c;", "`"),
        *("\n", "\r", "\t", "\x0b", "\x00", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f", "\ufeff"),
        *("::", "::error::", "##[", "##", "#", "[", "%", "%0A", "|", "\\", "=", "0", " ", "\ud83d", "\udc80", "\ufffe"),
        *("\u061c", "\xad", "\u180e", "\u0130", "e\u0301", "\u1160", "日本", "\U0001f680", "\U000e0001", "x" * 250),
    )
)


class _Terminal(io.StringIO):
    encoding = "utf-8"

    @override
    def isatty(self) -> bool:
        return True


class _File(io.StringIO):
    encoding = "utf-8"


def seeds() -> Iterator[bytes]:
    """Harmless and hostile texts."""
    for text in (
        "Template error: no such parameter",
        HOSTILE,
        "\x1b]8;;http://example.test\x1b\\a link\x1b]8;;\x1b\\",
        "\x9b31mC1\x9b0m \x90q\x9c",
        "::error title=a::b\n::set-output name=c::d ##[command]e",
        "half \ud83d an emoji, \u202egpj.exe\u202c \ufffe\uffff\ufeff",
        "]]> <![CDATA[ &lt; &#x3c; --> <?xml?>",
        "e\u0301 \u0130 日本 👩\u200d🚀",
    ):
        for index in range(len(_OUTPUTS)):
            yield bytes((index,)) + text.encode("utf-8", "surrogatepass")


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Insert a piece that terminals, pages or GitHub's runner may interpret."""
    return data[:1] + with_pieces(data[1:], _PIECES, draw)


def check(data: bytes) -> str:
    """Show a text wherever AWS can put one. None of its tags, commands and control characters may be left."""
    encoded = data[1:]
    text = encoded.decode("utf-8", "surrogatepass" if _is_wtf8(encoded) else "surrogateescape")
    name, check_output = _OUTPUTS[(data[0] if data else 0) % len(_OUTPUTS)]
    check_output(text)
    return name


def _check_line(text: str) -> None:
    line, short = sanitize(text), sanitize(text, _LIMIT)
    assert sanitize(line) == line
    assert len(short) <= _LIMIT + 30
    assert "\n" not in line
    _check_controls(line)
    _check_controls(short)


def _check_page(text: str) -> None:
    page = Page(report([entry_with(f"w{text}")], as_of=AS_OF, title=f"w{text}"))
    assert_harmless(page)
    assert page.structure == _expected_structure(), "the text changed the structure of the page"
    for each in page.texts:
        _check_controls(each)


def _check_card(text: str) -> None:
    page = Page(card(entry_with(text).outcome))
    assert_harmless(page)
    for each in page.texts:
        _check_controls(each)


def _check_files(text: str) -> None:
    row = row_of(entry_with(text).outcome)
    root = ElementTree.fromstring(junit([row], {row.ref: 1.0}))
    assert [each.tag for each in root.iter()] == ["testsuites", "testsuite", "testcase", "error", "system-out"]
    _check_controls(annotation(row))
    assert re.fullmatch(r"::error title=[^:,\n]*::[^\n]*", annotation(row))
    assert [line.count("|") for line in summary([row]).split("\n")] == [0, 0, 7, 7, 7, 0, 0]


def _check_output(text: str) -> None:
    row = row_of(entry_with(text).outcome)
    # GitHub's runner never reads a terminal, on which a cell of a table may have several lines.
    for stream, environ in ((_Terminal(), {}), (_File(), {}), (_File(), {"GITHUB_ACTIONS": "true"})):
        output = Output(stream, stream, environ=environ)
        output.rows([row])
        output.echo(text)
        _check_lines(stream.getvalue(), bool(environ))


_OUTPUTS: tuple[tuple[str, Callable[[str], None]], ...] = (
    ("line", _check_line),
    ("page", _check_page),
    ("card", _check_card),
    ("files", _check_files),
    ("terminal", _check_output),
)


def _is_wtf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


@cache
def _expected_structure() -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return Page(report([entry_with("w")], as_of=AS_OF, title="w")).structure


def _check_controls(text: str) -> None:
    found = {f"{ord(each):x}" for each in text if each != "\n" and _is_control(each)}
    assert not found, f"control characters: {found}"


def _is_control(character: str) -> bool:
    return (
        unicodedata.category(character) in _CONTROL_CATEGORIES or unicodedata.bidirectional(character) in _BIDI_CONTROLS
    )


def _check_lines(text: str, is_action: bool) -> None:
    for line in _COLOUR.sub("", text).split("\n"):
        _check_controls(line)
        if is_action:
            assert "##[" not in line, "a command to GitHub's runner"
            assert not line.lstrip().startswith("::"), "a command to GitHub's runner"
