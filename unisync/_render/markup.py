"""HTML made of tags and text. All text is sanitized and escaped where it enters, so it can never become a tag."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from unisync._models.text import sanitize

MAX_TEXT = 2_000
"""Characters of a text that are shown."""
MAX_NAME = 200
"""Characters of a name, an id or a sha that are shown."""

_VOID = {"link", "meta"}


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


@cache
def style(name: str) -> Markup:
    """A style sheet of this package as a `<style>` element."""
    return Markup(f"<style>{files('unisync._render').joinpath(name).read_text('utf-8')}</style>")
