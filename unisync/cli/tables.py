"""Tables and texts: drawn for a terminal of any width, and as plain lines for everything else.

In a narrow terminal, text goes below its row, across all columns. `rich.table.Table` has no such cell: the widths are
computed here, and each row is a grid of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from unisync._render.symbols import symbol_of

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

TEXT_COLUMNS = ("REASON", "EVENT", "VALUE", "ARN")
"""Columns of text, always the last. They may wrap, and move below their row if they become too narrow."""
KEY_COLUMNS = ("SYNC", "TIME", "ID", "NAME", "REPOSITORY")
"""Columns that identify a row. They are never dropped."""
DROP_ORDER = {
    "STARTED": 36,
    "CREATED": 36,
    "COMMIT": 36,
    "TYPE": 36,
    "LINK": 36,
    "PROVIDER": 24,
    "CONNECTION": 24,
    "DESIRED": 24,
    "LIVE": 24,
    "STATUS": 24,
}
"""Columns that a narrow terminal drops, in this order: each if the key column would get fewer characters than this."""

MIN_TEXT_WIDTH = 40
"""Characters that a text column needs beside the others."""
MAX_LIVE_LINES = 3
"""Lines of a text in a live table."""
GAP = 2
INDENT = 4
_WORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\S*|\S+")
"""A date and its time are one word."""
_COMMAND = re.compile(r"(?:^|(?<=: ))(?:unisync|aws) .+$")
"""A command at the end of a text: it must stay on one line, so that it can be copied."""


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text. They end between words; only a word that is wider than the terminal is divided."""
    from rich.cells import cell_len

    lines, used = [""], 0
    for word in _WORD.findall(text):
        wide = cell_len(word)
        if used and used + 1 + wide <= width:
            lines[-1] += f" {word}"
            used += 1 + wide
            continue
        pieces = [word] if wide <= width else _divided(word, width)
        lines[-1:] = pieces if not used else [lines[-1], *pieces]
        used = cell_len(pieces[-1])
    return lines


def _divided(word: str, width: int) -> list[str]:
    from rich.cells import cell_len

    pieces, used = [""], 0
    for character in word:
        wide = cell_len(character)
        if pieces[-1] and used + wide > width:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += wide
    return pieces


def wrapped_message(text: str, width: int, indent: int = 0) -> list[str]:
    """The lines of a message for a terminal. A command at its end is not divided: the terminal does that."""
    from rich.cells import cell_len

    further = indent + GAP if indent else 0
    found = _COMMAND.search(text)
    command = found[0] if found else ""
    lines = wrapped(text[: len(text) - len(command)], max(1, width - further))
    if command and len(lines[-1]) and cell_len(f"{lines[-1]} {command}") <= width - further:
        lines[-1] += f" {command}"
        command = ""
    shown = [f"{' ' * (further if number else indent)}{line}" for number, line in enumerate(lines) if line]
    return [*shown, f"{' ' * (indent + GAP if shown else indent)}{command}"] if command else shown or [""]


def cropped(text: str, width: int, lines: int, unicode: bool) -> list[str]:
    """The first lines of a text, with a mark at their end if there are more."""
    from rich.cells import cell_len, set_cell_size

    found = wrapped(text, width)
    if len(found) <= lines:
        return found
    end = "…" if unicode else "..."
    last = found[lines - 1]
    room = max(0, width - len(end))
    return [*found[: lines - 1], (last if cell_len(last) <= room else set_cell_size(last, room).rstrip()) + end]


def shortened(text: str, width: int, unicode: bool) -> str:
    """A name that is too wide, without its middle: names differ most at their ends."""
    end = "…" if unicode else "..."
    room = width - len(end)
    if len(text) <= width or room < 2:
        return text
    return f"{text[: room // 2]}{end}{text[len(text) - (room - room // 2) :]}"


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
        height: The lines that a live table may have: long texts are cropped, and further rows are counted
            by state.
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

    is_live, left_out = height is not None, 0
    if is_live:
        text_width = max(1, width - INDENT) if text_below is not None else widths.get(shown[-1], width)
        for row in cells:
            for name in set(columns) & set(TEXT_COLUMNS):
                row[name] = "\n".join(cropped(row[name], text_width, MAX_LIVE_LINES, unicode))

    def lines_of(row: Mapping[str, str]) -> int:
        own = -(-cell_len(row[key]) // widths[key])
        if text_below is not None:
            return own + (row[text_below].count("\n") + 1 if row[text_below] else 0)
        return max(own, *(row[name].count("\n") + 1 for name in shown))

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
            text = Text(row[text_below], style="dim", overflow="fold", no_wrap=is_live)
            lines.append(Padding(text, (0, 0, 0, INDENT)))
    if left_out:
        states = Counter(row.get("STATE", "").rpartition(" ")[2] for row in cells[len(cells) - left_out :])
        counts = ", ".join(f"{number} {state}" for state, number in states.items() if state)
        more = f"and {left_out} more: {counts}" if counts else f"and {left_out} more"
        lines.append(Text(more, no_wrap=True, overflow="ellipsis" if unicode else "crop"))
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


def _with_icon(column: str, text: str, unicode: bool) -> str:
    if column != "STATE" or not text:
        return text
    symbol = symbol_of(text)
    return f"{symbol.icon if unicode else symbol.ascii_icon} {text}"


def _style(column: str, text: str) -> str:
    return symbol_of(text.rpartition(" ")[2]).colour if column == "STATE" else ""
