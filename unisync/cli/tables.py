"""Tables: drawn for a terminal of any width, and aligned for whatever else reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from unisync._render.symbols import symbol_of

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

SENTENCES = ("WHY", "EVENT", "REASON", "VALUE")
"""Columns that may wrap, always the last; where they would get too narrow, they go below their row."""
MAIN = ("SYNC", "TIME", "ID", "NAME")
"""Columns that a row goes by."""
GIVES_WAY = {"SINCE": 36, "COMMIT": 36, "TYPE": 36, "WANTED": 24, "LIVE": 24, "STATUS": 24}
"""Columns that are left out of a narrow terminal, the first of them first, where the main one had less than this."""

WIDE_ENOUGH = 40
"""Characters that sentences want."""
GAP = 2
INDENT = 4


def aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose columns stand one below the other, whole however long they are."""
    table = [columns, *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(columns) - 1)]
    return [line(row, widths) for row in table]


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The line of a row, all but the last of whose cells are as wide as they are told to be."""
    padded = [cell.ljust(width + GAP) for cell, width in zip(cells, widths, strict=False)]
    return ("".join(padded) + cells[-1]).rstrip()


def drawn(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, unicode: bool, height: int | None = None
) -> RenderableType:
    """The table for a terminal of a width. What is drawn anew in place has a height, which it keeps to."""
    from rich.cells import cell_len
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    cells = [{name: _signed(name, cell, unicode) for name, cell in zip(columns, row, strict=True)} for row in rows]
    natural = {name: max([cell_len(name), *(cell_len(row[name]) for row in cells)]) for name in columns}
    main = next(name for name in columns if name in MAIN)
    shown = [name for name in columns if name not in SENTENCES]
    sentences = next((name for name in columns if name in SENTENCES and any(row[name] for row in cells)), None)

    def left_over() -> int:
        """What the main column and the sentences can share."""
        return width - sum(natural[name] + GAP for name in shown if name != main)

    for name, enough in GIVES_WAY.items():
        if left_over() < min(natural[main], enough) and name in shown:
            shown.remove(name)
    beside = left_over() - natural[main] - GAP
    if sentences is not None and beside >= min(WIDE_ENOUGH, natural[sentences]):
        shown.append(sentences)
        natural[sentences] = beside
        sentences = None
    widths = {name: natural[name] for name in shown} | {main: max(1, min(natural[main], left_over()))}

    is_brief, left_out = height is not None, 0
    if height is not None:
        tallest = -(-natural[main] // widths[main]) + (sentences is not None)
        left_out = max(0, len(cells) - max(1, (height - 2) // tallest))
    lines: list[RenderableType] = [_drawn_row({name: Text(name, style="bold") for name in shown}, widths)]
    for row in cells[: len(cells) - left_out]:
        texts = {
            name: Text(row[name], style=_style(name, row[name]), no_wrap=is_brief and name != main) for name in shown
        }
        lines.append(_drawn_row(texts, widths))
        if sentences is not None and row[sentences]:
            below = Text(row[sentences], style="dim", no_wrap=is_brief, overflow="crop" if is_brief else "fold")
            lines.append(Padding(below, (0, 0, 0, INDENT)))
    if left_out:
        lines.append(f"and {left_out} more")
    return Group(*lines)


def _drawn_row(cells: Mapping[str, Text], widths: Mapping[str, int]) -> Table:
    from rich.table import Table

    row = Table.grid()
    texts: list[Text | str] = []
    for name, text in cells.items():
        if texts:
            # A column of its own: padding is a part of a column's width in some versions of rich, and not in others.
            row.add_column(width=GAP)
            texts.append("")
        row.add_column(width=widths[name], overflow="crop" if text.no_wrap else "fold")
        texts.append(text)
    row.add_row(*texts)
    return row


def _signed(column: str, text: str, unicode: bool) -> str:
    if column != "STATE" or not text:
        return text
    look = symbol_of(text)
    return f"{look.icon if unicode else look.ascii_icon} {text}"


def _style(column: str, text: str) -> str:
    return symbol_of(text.rpartition(" ")[2]).colour if column == "STATE" else ""
