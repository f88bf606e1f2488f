"""HTML that is made of tags and text: text is made harmless where it enters, so that no text can become a tag."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from unisync._models.text import sanitize

MESSAGE = 2_000
"""As much of a text is shown."""
NAME = 200
"""As much of a name, an id or a commit."""

_VOID = {"link", "meta"}


class Markup(str):
    """HTML. Every other string is text."""

    __slots__ = ()


def text(words: str, limit: int = MESSAGE) -> Markup:
    """A text, harmless, and no longer than the limit."""
    return words if isinstance(words, Markup) else Markup(escape(sanitize(words, limit)))


_NOTHING, SPACE = Markup(), Markup(" ")


def together(*parts: str | None, between: Markup = _NOTHING) -> Markup:
    """One piece after the other; None is no piece."""
    return Markup(between.join(text(part) for part in parts if part is not None))


def tag(name: str, /, *inner: str | None, **attributes: str | None) -> Markup:
    """An element.

    An attribute's underscores are hyphens, but for one at its end, which sets it apart from a word of Python's.
    """
    written = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    told = "".join(f' {key}="{text(value)}"' for key, value in written.items())
    return Markup(f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{together(*inner)}</{name}>")


@cache
def style(name: str) -> Markup:
    """A style sheet of this package, as an element."""
    return Markup(f"<style>{files('unisync._render').joinpath(name).read_text('utf-8')}</style>")
