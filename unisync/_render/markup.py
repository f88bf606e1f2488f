"""HTML made of tags and text. All text is sanitized and escaped where it enters, so it can never become a tag."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from importlib.resources import files

from unisync._models.text import sanitize

MAX_TEXT = 2_000
"""Characters of a text that are shown."""
MAX_NAME = 200
"""Characters of a name, an id or a sha that are shown."""

MAX_URL = 1_500
"""Characters of a URL that becomes a link: a longer one would be cut to another URL."""

_VOID = {"input", "link", "meta"}
_CONSOLE_URL = re.compile(
    r"https://(?:[a-z0-9-]+\.)?console\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)"
    r"/[\w./?=&%#:+-]*[\w/]",
    re.ASCII,
)
"""Of all URLs in a text, only these become links: AWS's data must not lead a reader anywhere else."""


class Markup(str):
    """HTML. Every other string counts as text."""

    __slots__ = ()


def text(value: str, limit: int = MAX_TEXT) -> Markup:
    """Text as HTML, truncated to the limit. `Markup` is returned as it is."""
    return value if isinstance(value, Markup) else Markup(escape(sanitize(value, limit)))


_NOTHING, SPACE = Markup(), Markup(" ")


def join(*parts: str | None, separator: Markup = _NOTHING) -> Markup:
    """Concatenate parts; None is skipped."""
    return Markup(separator.join(text(part) for part in parts if part is not None))


def tag(name: str, /, *children: str | None, **attributes: str | None) -> Markup:
    """An element.

    Args:
        name: The name of the element.
        children: Text and markup; None is skipped.
        attributes: Underscores become hyphens, except a trailing one, which avoids Python's keywords. An attribute
            that is None is left out.
    """
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    start = name + "".join(f' {key}="{text(value)}"' for key, value in named.items())
    return Markup(f"<{start}>" if name in _VOID else f"<{start}>{join(*children)}</{name}>")


def link(url: str | None, content: str) -> Markup:
    """Content that links to a page on the web; without the link if there is no URL, or it is not one of HTTPS."""
    if url is None or not url.startswith("https://") or len(url) > MAX_URL:
        return text(content)
    return tag("a", content, href=url, rel="noopener noreferrer")


def with_console_links(value: str) -> Markup:
    """Text in which the URLs of AWS's consoles are links."""
    shown, parts, end = sanitize(value, MAX_TEXT), list[Markup](), 0
    for found in _CONSOLE_URL.finditer(shown):
        # Not by `text`, which would strip the spaces around the link.
        parts += Markup(escape(shown[end : found.start()])), link(found[0], found[0])
        end = found.end()
    return join(*parts, Markup(escape(shown[end:])))


@cache
def style(name: str) -> Markup:
    """A style sheet of this package as a `<style>` element."""
    return Markup(f"<style>{files('unisync._render').joinpath(name).read_text('utf-8')}</style>")
