"""Tables: drawn for a terminal of any width, and aligned as plain lines for everything else.

In a narrow terminal, text goes below its row, across all columns. `rich.table.Table` has no such cell: the widths are
computed here, and each row is a grid of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from unisync._render.symbols import symbol_of

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

TEXT_COLUMNS = ("REASON", "EVENT", "VALUE")
"""Columns of text, always the last. They may wrap, and move below their row if they become too narrow."""
KEY_COLUMNS = ("SYNC", "TIME", "ID", "NAME")
"""Columns that identify a row. They are never dropped."""
DROP_ORDER = {"STARTED": 36, "CREATED": 36, "COMMIT": 36, "TYPE": 36, "DESIRED": 24, "LIVE": 24, "STATUS": 24}
"""Columns that a narrow terminal drops, in this order: each if the key column would get fewer characters than this."""

MIN_TEXT_WIDTH = 40
"""Characters that a text column needs beside the others."""
MAX_LIVE_LINES = 3
"""Lines of a text below its row in a table that is redrawn in place."""
GAP = 2
INDENT = 4


def aligned_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The table as plain lines with aligned columns, of any length."""
    table = [columns, *rows]
    widths = [max(len(row[index]) for row in table) for index in range(len(columns) - 1)]
    return [joined_line(row, widths) for row in table]


def joined_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The cells as a line, all but the last padded to the given widths."""
    padded = [cell.ljust(width + GAP) for cell, width in zip(cells, widths, strict=False)]
    return ("".join(padded) + cells[-1]).rstrip()


def drawn_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, unicode: bool, height: int | None = None
) -> RenderableType:
    """The table for a terminal.

    Args:
        columns: The names of the columns.
        rows: The cells.
        width: The width of the terminal.
        unicode: Whether it can show every character.
        height: The lines that a table redrawn in place may have: long texts are cropped, further rows counted.
    """
    from rich.cells import cell_len
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    cells = [{name: _with_icon(name, cell, unicode) for name, cell in zip(columns, row, strict=True)} for row in rows]
    natural = {name: max([cell_len(name), *(cell_len(row[name]) for row in cells)]) for name in columns}
    key = next(name for name in columns if name in KEY_COLUMNS)
    shown = [name for name in columns if name not in TEXT_COLUMNS]
    text_below = next((name for name in columns if name in TEXT_COLUMNS and any(row[name] for row in cells)), None)

    def remaining() -> int:
        """The width for the key column and the text."""
        return width - sum(natural[name] + GAP for name in shown if name != key)

    for name, enough in DROP_ORDER.items():
        if remaining() < min(natural[key], enough) and name in shown:
            shown.remove(name)
    beside = remaining() - natural[key] - GAP
    if text_below is not None and beside >= min(MIN_TEXT_WIDTH, natural[text_below]):
        shown.append(text_below)
        natural[text_below] = beside
        text_below = None
    widths = {name: natural[name] for name in shown} | {key: max(1, min(natural[key], remaining()))}

    def lines_of(row: Mapping[str, str]) -> int:
        below = 0 if text_below is None else -(-cell_len(row[text_below]) // max(1, width - INDENT))
        return -(-cell_len(row[key]) // widths[key]) + min(MAX_LIVE_LINES, below)

    is_live, left_out = height is not None, 0
    if height is not None:
        ends = list(accumulate(map(lines_of, cells)))  # the last line of each row, below the head
        left_out = sum(end > height - 2 for end in ends[1:])
    lines: list[RenderableType] = [_grid_row({name: Text(name, style="bold") for name in shown}, widths)]
    for row in cells[: len(cells) - left_out]:
        texts = {
            name: Text(row[name], style=_style(name, row[name]), no_wrap=is_live and name != key) for name in shown
        }
        lines.append(_grid_row(texts, widths))
        if text_below is not None and row[text_below]:
            text = row[text_below]
            if is_live:
                text = _cropped(text, MAX_LIVE_LINES * (width - INDENT), "…" if unicode else "...")
            lines.append(Padding(Text(text, style="dim", overflow="fold"), (0, 0, 0, INDENT)))
    if left_out:
        lines.append(f"and {left_out} more")
    return Group(*lines)


def _grid_row(cells: Mapping[str, Text], widths: Mapping[str, int]) -> Table:
    from rich.table import Table

    grid = Table.grid()
    texts: list[Text | str] = []
    for name, text in cells.items():
        if texts:
            # The gap is a column: some versions of rich count padding as part of a column's width, others do not.
            grid.add_column(width=GAP)
            texts.append("")
        grid.add_column(width=widths[name], overflow="crop" if text.no_wrap else "fold")
        texts.append(text)
    grid.add_row(*texts)
    return grid


def _cropped(text: str, cells: int, end: str) -> str:
    """The start of a text that is longer than some cells, with a mark at its end."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= cells:
        return text
    # A line may be shorter than the terminal, where a word does not fit.
    return set_cell_size(text, max(1, cells * 9 // 10)).rstrip() + end


def _with_icon(column: str, text: str, unicode: bool) -> str:
    if column != "STATE" or not text:
        return text
    symbol = symbol_of(text)
    return f"{symbol.icon if unicode else symbol.ascii_icon} {text}"


def _style(column: str, text: str) -> str:
    return symbol_of(text.rpartition(" ")[2]).colour if column == "STATE" else ""
