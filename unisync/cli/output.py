"""Everything the command prints: data on stdout, as a table or as JSON; everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TextIO

from unisync._models.text import sanitize
from unisync.cli.rows import COLUMNS, Row
from unisync.cli.tables import aligned_lines, drawn_table, joined_line, wrapped_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console, RenderableType

    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef

    LocationOf = Callable[[SyncRef[SyncJob]], tuple[str | None, str | None]]

Form = Literal["table", "json", "jsonl", "name", "openmetrics"]
FORMS: tuple[Form, ...] = ("table", "json", "jsonl")
ROW_FORMS: tuple[Form, ...] = (*FORMS, "name")
"""Of the commands that print syncs."""
STATUS_FORMS: tuple[Form, ...] = (*ROW_FORMS, "openmetrics")

MAX_TEXT = 5_000
"""Characters of a text; `-o json` prints all of it."""
MAX_LINES = 24
"""Lines of a message below its first: the last ones, which say why."""
MAX_CELL = 300
"""Characters of a cell in a row of a sync."""
DEFAULT_WIDTH = 80
"""The width of a terminal that reports none."""


class Output:
    """The two output streams of a command, and the format of its data.

    Args:
        stdout: The stream for data.
        stderr: The stream for everything else.
        form: The format of the data.
        quiet: Whether to print no progress.
        location_of: The account and the region of a sync, for JSON.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        form: Form = "table",
        *,
        quiet: bool = False,
        location_of: LocationOf = lambda _: (None, None),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.form = form
        self.quiet = quiet
        self._location_of = location_of
        self._stdout = stdout
        self._stderr = stderr
        self.has_lost_data: bool = False
        """Whether writing to stdout failed."""
        self._is_github = environ.get("GITHUB_ACTIONS") == "true"
        for stream in (stdout, stderr):
            # A character that the encoding lacks is escaped; it must not end the command.
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")
                if form == "openmetrics" and stream is stdout:  # which is UTF-8 everywhere, with its own line ends
                    reconfigure(encoding="utf-8", newline="\n")

    @cached_property
    def out(self) -> Console:
        """The console on stdout."""
        return _console(self._stdout)

    @cached_property
    def err(self) -> Console:
        """The console on stderr."""
        return _console(self._stderr)

    @property
    def is_live(self) -> bool:
        """Whether a table on stdout can be redrawn."""
        return self.form == "table" and _can_redraw(self._stdout)

    @property
    def has_live_progress(self) -> bool:
        """Whether progress on stderr can be redrawn."""
        return not self.quiet and _can_redraw(self._stderr)

    @property
    def is_terminal(self) -> bool:
        """Whether stdout is a terminal."""
        return self._stdout.isatty()

    @property
    def has_unicode(self) -> bool:
        """Whether stdout can show every character."""
        return has_unicode(self._stdout)

    def echo(self, text: str, indent: int = 0) -> None:
        """Print one line on stderr; on a terminal, wrapped between words."""
        shown = self.sanitize(text)
        if self._stderr.isatty() and not self._is_github:  # whose commands may begin where a line does
            self.echo_lines("\n".join(wrapped_message(shown, self.err.width, indent)))
        else:
            self.echo_lines(" " * indent + shown)

    def echo_message(self, text: str) -> None:
        """Print a message of one or more lines on stderr, all of it unless it is very long."""
        first, *others = text.splitlines() or [""]
        self.echo(first)
        if len(others) > MAX_LINES:
            self.echo(f"({len(others) - MAX_LINES} lines are not shown)", indent=2)
        for line in others[-MAX_LINES:]:
            self.echo(line, indent=2)

    def confirm(self, question: str) -> bool:
        """Ask on stderr, and read the answer from stdin."""
        self._stderr.write(f"{self.sanitize(question)} [y/N] ")
        self._stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def echo_lines(self, text: str) -> None:
        """Print lines on stderr that need no sanitizing."""
        try:
            self._stderr.write(f"{text}\n")
            self._stderr.flush()
        except OSError:
            _discard(self._stderr)

    def row_line(self, row: Row, widths: Sequence[int]) -> str:
        """A row as a line, in columns of the given widths."""
        return joined_line(self._cells(row), widths)

    def live_table(self, rows: Sequence[Row], console: Console, other_lines: int) -> RenderableType:
        """The table of rows for redrawing; it leaves room for some other lines."""
        cells = [self._cells(row) for row in rows]
        return drawn_table(COLUMNS, cells, console.width, has_unicode(self._stdout), console.height - other_lines - 1)

    def write(self, text: str) -> None:
        """Write data to stdout."""
        try:
            self._stdout.write(text)
            self._stdout.flush()
        except BrokenPipeError:  # the reader, such as `head`, needs no more
            _discard(self._stdout)
        except OSError as error:
            _discard(self._stdout)
            self.has_lost_data = True
            self.echo(f"Error: could not write to stdout: {error}")

    def sanitize(self, text: str, limit: int = MAX_TEXT) -> str:
        """Text as one line that controls neither the terminal nor GitHub's runner."""
        shown = sanitize(text, limit)
        if not has_unicode(self._stdout):
            shown = shown.replace("…", "...")
        if self._is_github:
            # GitHub's runner executes these: the first anywhere in a line, the second at its start.
            shown = shown.replace("##[", "## [")
            shown = f"- {shown}" if shown.startswith("::") else shown
        return shown

    def rows(self, rows: Sequence[Row]) -> None:
        """Print syncs."""
        if self.form == "name":
            self.write("".join(f"{row.ref}\n" for row in rows))
        else:
            self.table(COLUMNS, [self._cells(row) for row in rows], [self.row_data(row) for row in rows])

    def row_data(self, row: Row) -> dict[str, Any]:
        """A row as JSON."""
        return row.data(*self._location_of(row.ref))

    def table(
        self, columns: Sequence[str], cells: Sequence[Sequence[str]], records: Sequence[Mapping[str, Any]]
    ) -> None:
        """Print records in the selected format: `cells` as a table, or `records` as JSON."""
        if self.form == "json":
            self.write(json.dumps(list(records), indent=2) + "\n")
        elif self.form == "jsonl":
            for record in records:
                self.record(record)
        elif cells:
            clean = [[self.sanitize(cell) for cell in row] for row in cells]
            if self._stdout.isatty():
                self.out.print(drawn_table(columns, clean, self.out.width, has_unicode(self._stdout)))
            else:
                self.write("".join(f"{line}\n" for line in aligned_lines(columns, clean)))

    def _cells(self, row: Row) -> list[str]:
        return [self.sanitize(cell, MAX_CELL) for cell in row.cells()]

    def record(self, record: Mapping[str, Any]) -> None:
        """Print one record of a stream as JSON."""
        self.write(json.dumps(record, indent=2 if self.form == "json" else None) + "\n")

    @contextmanager
    def live(self, draw: Callable[[], RenderableType], console: Console, *, is_kept: bool = True) -> Generator[None]:
        """Redraw four times a second, while the context lasts.

        Args:
            draw: What to draw.
            console: Where to draw it.
            is_kept: Whether it stays if the context ends by an exception, such as that of Ctrl-C.
        """
        from rich.console import Group
        from rich.live import Live

        drawing = Live(
            console=console,
            # The terminal echoes Ctrl-C as ^C: below a full line, lest it wraps and moves the cursor.
            get_renderable=lambda: Group(draw(), ""),
            transient=True,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with drawing:
            try:
                yield
            except BaseException:
                drawing.transient = not is_kept
                raise

    def busy(self, text: str) -> AbstractContextManager[object]:
        """Show on a terminal what is in progress, while the context lasts."""
        return self.live(lambda: text, self.err, is_kept=False) if self.has_live_progress else nullcontext()


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    # Only the stream itself decides whether it is a terminal: no environment variable overrides that.
    console = Console(file=stream, markup=False, highlight=False, emoji=False, force_terminal=stream.isatty() or None)
    if console.width < 1:
        console.width = DEFAULT_WIDTH
    return console


def _discard(stream: TextIO) -> None:
    """Redirect a stream that cannot be written to /dev/null, so that Python's flush at exit does not fail."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    except (OSError, ValueError):  # not a stream of the process
        pass


def _can_redraw(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def has_unicode(stream: TextIO) -> bool:
    """Whether a stream can encode every character."""
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")
