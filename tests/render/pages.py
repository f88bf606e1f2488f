"""Parses HTML, for tests of what a page contains."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple

from typing_extensions import override

VOID = {"input", "link", "meta"}
LINKS = ("https://github.com/", "https://console.aws.amazon.com/", "https://eu-west-1.console.aws.amazon.com/")
"""Where links of the tests' pages may lead."""


class Element(NamedTuple):
    """An element, and the names of the elements that it is inside of."""

    name: str
    attributes: dict[str, str | None]
    path: tuple[str, ...]


class Page(HTMLParser):
    """The elements and the text of a page, or of a part of one. Every tag must be closed properly."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), attrs
        self.elements.append(Element(tag, dict(attrs), tuple(self._open)))
        if tag not in VOID:
            self._open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    @override
    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    @property
    def text(self) -> str:
        """All text, on one line."""
        return " ".join(" ".join(self.texts).split())

    @property
    def structure(self) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
        """The elements, with the names of their attributes and their position."""
        return [(each.name, tuple(each.attributes), each.path) for each in self.elements]

    def all(self, name: str) -> list[Element]:
        """The elements with a name."""
        return [each for each in self.elements if each.name == name]


def assert_harmless(page: Page) -> None:
    """Check that nothing in the page runs or is loaded from elsewhere, and that ids are unique."""
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(set(ids)) == len(ids)
    for each in page.elements:
        assert each.name not in ("script", "img", "iframe", "object", "embed", "form", "base"), each
        assert each.name != "input" or each.attributes["type"] == "radio", each
        for name, value in each.attributes.items():
            assert not name.startswith("on"), each
            if name in ("href", "src", "xlink:href", "action", "data"):
                assert value is not None
                is_web_link = each.name == "a" and value.startswith(LINKS)
                assert not is_web_link or each.attributes["rel"] == "noopener noreferrer", each
                assert is_web_link or value == "data:," or (value.startswith("#") and value[1:] in ids), each
