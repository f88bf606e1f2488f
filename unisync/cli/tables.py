"""Tables: drawn for a terminal of any width, and aligned for whatever else reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unisync.display.looks import LOOKS, look_of

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

SENTENCES = ("WHY", "EVENT", "REASON", "VALUE")
"""Columns that may wrap, always the last; where they get too narrow, they go below the main one of their row."""
MAIN = ("SYNC", "TIME", "ID", "NAME")
"""Columns that a row goes by."""
GIVES_WAY = ("SINCE", "COMMIT", "TYPE", "WANTED")
"""Columns that are left out of a narrow terminal, the first of them first."""

WIDE_ENOUGH = 40
"""Characters that sentences want."""
NARROWEST = 26
"""Characters that the main column wants."""
GAP = 2


def aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose columns stand one below the other, whole however long they are."""
    table = [columns, *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(columns) - 1)]
    return [line(row, widths) for row in table]


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The line of a row, all but the last of whose cells are as wide as they are told to be."""
    padded = [cell.ljust(width + GAP) for cell, width in zip(cells, widths, strict=False)]
    return ("".join(padded) + cells[-1]).rstrip()


def drawn(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, unicode: bool) -> Table:
    """The table for a terminal of a width."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    natural = {
        name: max(cell_len(name), *(cell_len(_signed(name, row[place], unicode)) for row in rows))
        for place, name in enumerate(columns)
    }
    sentences = [name for name in columns if name in SENTENCES and any(row[columns.index(name)] for row in rows)]
    main = next(name for name in columns if name in MAIN)
    shown = [name for name in columns if name not in SENTENCES]

    def left_over() -> int:
        """What the main column and the sentences can share."""
        return width - sum(natural[name] + GAP for name in shown if name != main)

    wanted = min(natural[main], NARROWEST)
    for name in GIVES_WAY:
        if left_over() < wanted and name in shown:
            shown.remove(name)
    beside = bool(sentences) and left_over() - natural[main] - GAP >= min(WIDE_ENOUGH, natural[sentences[0]])
    below = sentences if not beside else []

    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    for name in shown + (sentences if beside else []):
        table.add_column(name, overflow="fold", no_wrap=name not in (*SENTENCES, main))
    for row in rows:
        cell = dict(zip(columns, row, strict=True))
        texts: list[Text] = []
        for name in shown + (sentences if beside else []):
            text = Text(_signed(name, cell[name], unicode), style=_style(name, cell[name]))
            for sentence in below if name == main else ():
                if cell[sentence]:
                    text.append(f"\n{cell[sentence]}", style="dim")
            texts.append(text)
        table.add_row(*texts)
    return table


def _signed(column: str, text: str, unicode: bool) -> str:
    if column != "STATE" or not text:
        return text
    look = look_of(text)
    return f"{look.sign if unicode else look.ascii_sign} {text}"


def _style(column: str, text: str) -> str:
    return look_of(text).colour if column == "STATE" and text in LOOKS else ""
