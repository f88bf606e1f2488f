"""A pseudo-terminal of a given size to run commands in, and the content of its screen."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import pyte

from tests.support.processes import unmeasured

ROOT = Path(__file__).parent.parent.parent


class Terminal:
    """A process in a terminal of its own."""

    def __init__(
        self,
        command: Sequence[str],
        width: int,
        height: int,
        environ: Mapping[str, str],
        piped: Sequence[str],
    ) -> None:
        self._ours, self._theirs = pty.openpty()
        termios.tcsetwinsize(self._theirs, (height, width))
        self.mode_before: list[object] = self.mode
        self.output: bytes = b""
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            # The first process of a session gets the terminal that it opens, and with it Ctrl-C.
            [sys.executable, "-c", _IN_SESSION, os.ttyname(self._theirs), *command],
            stdin=self._theirs,
            stdout=subprocess.PIPE if "stdout" in piped else self._theirs,
            stderr=subprocess.PIPE if "stderr" in piped else self._theirs,
            env=dict(environ),
            cwd=ROOT,
            start_new_session=True,
        )

    @property
    def mode(self) -> list[object]:
        """The terminal's settings, such as echo."""
        return termios.tcgetattr(self._theirs)

    @property
    def shows_the_cursor(self) -> bool:
        """Whether the cursor is visible."""
        return not self._screen.cursor.hidden

    def screen(self) -> str:
        """The content of the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip() + "\n"

    def runs(self) -> list[list[tuple[str, str, bool]]]:
        """The lines of the screen as texts, each with its colour, and whether it is bold."""
        lines: list[list[tuple[str, str, bool]]] = []
        for number in range(len(self.screen().splitlines())):
            cells = self._screen.buffer[number]
            each = [cells[column] for column in range(self._screen.columns)]
            grouped = groupby(each, key=lambda cell: (cell.fg, cell.bold))
            lines.append([("".join(cell.data for cell in run), *style) for style, run in grouped])
        return lines

    def read_until(self, done: Callable[[], bool], seconds: float = 30.0) -> None:
        """Read the output until a condition holds."""
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, self.screen()
            self._read(0.05)

    def press_ctrl_c(self) -> None:
        """Type Ctrl-C."""
        os.write(self._ours, b"\x03")

    def type(self, keys: bytes) -> None:
        """Type some keys."""
        os.write(self._ours, keys)

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.press_ctrl_c()
        return self.end(20)

    def end(self, seconds: float = 30.0) -> int:
        """Wait for the end of the process, and return its exit code."""
        self.read_until(lambda: self.process.poll() is not None, seconds)
        while self._read(0):
            pass
        return self.process.wait()

    def close(self) -> None:
        """Kill the process, and close the terminal."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], seconds)
        if ready:
            data = os.read(self._ours, 65536)
            self.output += data
            self._stream.feed(data)
        return bool(ready)


_IN_SESSION = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # it may be ignored where the tests run
os.close(os.open(sys.argv[1], os.O_RDWR))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@contextmanager
def terminal(
    *command: str,
    width: int = 80,
    height: int = 40,
    environ: Mapping[str, str] | None = None,
    piped: Sequence[str] = (),
) -> Generator[Terminal]:
    """A Python command in a terminal; `piped` lists those of "stdout" and "stderr" that go to a pipe."""
    variables = {name: value for name, value in unmeasured().items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    variables |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(environ or {})}
    opened = Terminal(command, width, height, variables, piped)
    try:
        yield opened
    finally:
        opened.close()
