"""Target: texts that AWS passes on from Git and from templates, as pages, terminals, logs and reports show them."""

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
_STEERS = ("Cc", "Cs", "Zl", "Zp")
_TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
_LONGEST = 200
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
    """Harmless texts, and such as mean harm."""
    for words in (
        "Template error: no such parameter",
        HOSTILE,
        "\x1b]8;;http://example.test\x1b\\a link\x1b]8;;\x1b\\",
        "\x9b31mC1\x9b0m \x90q\x9c",
        "::error title=a::b\n::set-output name=c::d ##[command]e",
        "half \ud83d an emoji, \u202egpj.exe\u202c \ufffe\uffff\ufeff",
        "]]> <![CDATA[ &lt; &#x3c; --> <?xml?>",
        "e\u0301 \u0130 日本 👩\u200d🚀",
    ):
        for way in range(len(_SHOWN)):
            yield bytes((way,)) + words.encode("utf-8", "surrogatepass")


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Put a piece of what steers terminals, pages and runners somewhere."""
    return data[:1] + with_pieces(data[1:], _PIECES, draw)


def check(data: bytes) -> str:
    """Show a text wherever AWS can put one: no tag, no order and no control character of its own is left."""
    text = data[1:]
    words = text.decode("utf-8", "surrogatepass") if _is_wtf8(text) else text.decode("utf-8", "surrogateescape")
    name, shown = _SHOWN[(data[0] if data else 0) % len(_SHOWN)]
    shown(words)
    return name


def _plain(words: str) -> None:
    line, short = sanitize(words), sanitize(words, _LONGEST)
    assert sanitize(line) == line
    assert len(short) <= _LONGEST + 30
    assert "\n" not in line
    _steers_nothing(line)
    _steers_nothing(short)


def _page(words: str) -> None:
    page = Page(report([entry_with(f"w{words}")], as_of=AS_OF, title=f"w{words}"))
    assert_harmless(page)
    assert page.structure == _usual_structure(), "a text has changed the structure of a page"
    for steered in page.texts:
        _steers_nothing(steered)


def _card(words: str) -> None:
    shown = Page(card(entry_with(words).outcome))
    assert_harmless(shown)
    for steered in shown.texts:
        _steers_nothing(steered)


def _files(words: str) -> None:
    row = row_of(entry_with(words).outcome)
    root = ElementTree.fromstring(junit([row], {row.ref: 1.0}))
    assert [each.tag for each in root.iter()] == ["testsuites", "testsuite", "testcase", "error", "system-out"]
    _steers_nothing(annotation(row))
    assert re.fullmatch(r"::error title=[^:,\n]*::[^\n]*", annotation(row))
    assert [line.count("|") for line in summary([row]).split("\n")] == [0, 0, 7, 7, 7, 0, 0]


def _printed(words: str) -> None:
    row = row_of(entry_with(words).outcome)
    # GitHub's runner reads no terminal, where a cell of a table has lines of its own.
    for stream, environ in ((_Terminal(), {}), (_File(), {}), (_File(), {"GITHUB_ACTIONS": "true"})):
        output = Output(stream, stream, environ=environ)
        output.rows([row])
        output.say(words)
        _check_lines(stream.getvalue(), bool(environ))


_SHOWN: tuple[tuple[str, Callable[[str], None]], ...] = (
    ("plain", _plain),
    ("page", _page),
    ("card", _card),
    ("files", _files),
    ("terminal", _printed),
)


def _is_wtf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


@cache
def _usual_structure() -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return Page(report([entry_with("w")], as_of=AS_OF, title="w")).structure


def _steers_nothing(words: str) -> None:
    found = {f"{ord(each):x}" for each in words if each != "\n" and _steers(each)}
    assert not found, f"characters that steer: {found}"


def _steers(character: str) -> bool:
    return unicodedata.category(character) in _STEERS or unicodedata.bidirectional(character) in _TURNS


def _check_lines(text: str, is_action: bool) -> None:
    for line in _COLOUR.sub("", text).split("\n"):
        _steers_nothing(line)
        if is_action:
            assert "##[" not in line, "an order to GitHub's runner"
            assert not line.lstrip().startswith("::"), "an order to GitHub's runner"
