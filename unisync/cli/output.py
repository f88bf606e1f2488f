"""What the command prints: data on stdout, in a form for people or for programs; all else on stderr."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TextIO

from unisync._models.text import sanitize
from unisync.cli.rows import COLUMNS, Row
from unisync.cli.tables import aligned, drawn, line

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console, RenderableType

Form = Literal["table", "json", "jsonl"]
FORMS: tuple[Form, ...] = ("table", "json", "jsonl")

LONGEST_TEXT = 2_000
"""Characters of a text that are shown; `-o json` has all of them."""

NO_WIDTH = 80
"""What is taken for the width of a terminal that says it has none."""
LONGEST_REASON = 300
"""Characters of it in a row of a sync."""


class Output:
    """The two streams of a process, and the form that was asked for."""

    def __init__(self, stdout: TextIO, stderr: TextIO, form: Form = "table", environ: Mapping[str, str] = os.environ):
        self.form = form
        self._stdout = stdout
        self._stderr = stderr
        self.has_lost_data: bool = False
        """Whether something that was to go to stdout could not be written."""
        self._is_action = environ.get("GITHUB_ACTIONS") == "true"
        for stream in (stdout, stderr):
            # What an encoding has no character for is shown by its number rather than ending the command.
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")

    @cached_property
    def out(self) -> Console:
        """The terminal that stdout is, if it is one."""
        return _console(self._stdout)

    @cached_property
    def err(self) -> Console:
        """The terminal that stderr is, if it is one."""
        return _console(self._stderr)

    @property
    def is_live(self) -> bool:
        """Whether what goes to stdout can be drawn anew in place."""
        return self.form == "table" and _can_move(self._stdout)

    @property
    def has_live_progress(self) -> bool:
        """Whether progress can be drawn anew in place."""
        return _can_move(self._stderr)

    def say(self, text: str, indent: int = 0) -> None:
        """Tell a person something, in a line."""
        self.say_lines(" " * indent + self.harmless(text))

    def say_lines(self, text: str) -> None:
        """Tell a person, or the system that runs the command, lines that are our own, or were made harmless."""
        try:
            self._stderr.write(f"{text}\n")
            self._stderr.flush()
        except OSError:
            _discard(self._stderr)

    def say_row(self, head: str, row: Row, widths: Sequence[int]) -> None:
        """Tell a person how a sync stands, in a line that is aligned with others."""
        self.say_lines(head + self.row_line(row, widths))

    def row_line(self, row: Row, widths: Sequence[int]) -> str:
        """The columns of a row, in a line."""
        return line(self._cells(row), widths)

    def drawn(self, rows: Sequence[Row], console: Console, others: int) -> RenderableType:
        """The table of some rows, as it is drawn anew in place; so many other lines have to have room besides."""
        cells = [self._cells(row) for row in rows]
        return drawn(COLUMNS, cells, console.width, has_unicode(self._stdout), console.height - others)

    def write(self, text: str) -> None:
        """Print data."""
        try:
            self._stdout.write(text)
            self._stdout.flush()
        except BrokenPipeError:  # who reads has read enough
            _discard(self._stdout)
        except OSError as error:
            _discard(self._stdout)
            self.has_lost_data = True
            self.say(f"Error: stdout could not be written: {error}")

    def harmless(self, text: str, limit: int = LONGEST_TEXT) -> str:
        """One line of text that steers nothing."""
        shown = sanitize(text, limit)
        if not has_unicode(self._stdout):
            shown = shown.replace("…", "...")
        if self._is_action:
            # GitHub's runner takes these for orders: the first wherever it stands, the second at the head of a line.
            shown = shown.replace("##[", "## [")
            shown = f"- {shown}" if shown.startswith("::") else shown
        return shown

    def rows(self, rows: Sequence[Row]) -> None:
        """Print syncs."""
        self.table(COLUMNS, [self._cells(row) for row in rows], [row.data() for row in rows])

    def table(
        self, columns: Sequence[str], cells: Sequence[Sequence[str]], records: Sequence[Mapping[str, Any]]
    ) -> None:
        """Print records, in the form that was asked for."""
        if self.form == "json":
            self.write(json.dumps(list(records), indent=2) + "\n")
        elif self.form == "jsonl":
            for record in records:
                self.record(record)
        elif cells:
            harmless = [[self.harmless(cell) for cell in row] for row in cells]
            if self._stdout.isatty():
                self.out.print(drawn(columns, harmless, self.out.width, has_unicode(self._stdout)))
            else:
                self.write("".join(f"{line}\n" for line in aligned(columns, harmless)))

    def _cells(self, row: Row) -> list[str]:
        return [self.harmless(cell, LONGEST_REASON) for cell in row.cells()]

    def record(self, record: Mapping[str, Any]) -> None:
        """Print one record of many that come one by one."""
        self.write(json.dumps(record, indent=2 if self.form == "json" else None) + "\n")

    def live(self, draw: Callable[[], RenderableType], console: Console) -> AbstractContextManager[object]:
        """Draw something anew, a few times a second, as long as the context lasts."""
        from rich.live import Live

        return Live(
            console=console,
            get_renderable=draw,
            transient=True,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def busy(self, what: str) -> AbstractContextManager[object]:
        """Say on a terminal what takes its time, as long as the context lasts."""
        return self.live(lambda: what, self.err) if self.has_live_progress else nullcontext()


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    # Whether it is a terminal was asked of the stream itself: no variable is to say otherwise.
    console = Console(file=stream, markup=False, highlight=False, emoji=False, force_terminal=stream.isatty() or None)
    if console.width < 1:
        console.width = NO_WIDTH
    return console


def _discard(stream: TextIO) -> None:
    """Let what is left of a stream that cannot be written go nowhere, at the end of the process too."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # no stream of the process's own
        pass


def _can_move(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def has_unicode(stream: TextIO) -> bool:
    """Whether a stream takes every character."""
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")
