"""wait --for connection: until connections to providers are AVAILABLE.

The library has no such wait: the errors, events and progress of its waits name a sync, which a connection is not. This
one keeps their rules: it reads first and sleeps after; the deadline bounds the calls as well; transient errors are
retried until then; and it stops at once when nothing can come of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from unisync._models.configurations import ConnectionStatus
from unisync._models.consoles import console_step, console_url
from unisync._models.text import duration, in_utc
from unisync._waiters.calls import GRACE_PERIOD, MIN_REMAINING
from unisync._waiters.transient import TransientErrors
from unisync.cli.exit_codes import Exit, exit_code_for, most_severe
from unisync.cli.provider_connections import ConnectionRow, Target, connection_hint, print_connections
from unisync.errors import TransportError, UnisyncError

if TYPE_CHECKING:
    from unisync._core.backoff import Backoff
    from unisync._models.configurations import Connection
    from unisync.cli.options import Cli

HEARTBEAT = 30.0
"""Seconds after which a line says that the wait goes on."""


class Waited(NamedTuple):
    """How a wait for a connection ended, or where it is."""

    name: str
    connection: Connection | None
    """The connection as the last successful poll returned it."""
    error: UnisyncError | None
    """The error that ended the wait; while it lasts or if it timed out, the transient error of the last poll."""
    polls: int
    is_timed_out: bool = False

    @property
    def status(self) -> str:
        """The status that was last seen."""
        return "not read yet" if self.connection is None else self.connection.aws_status or "UNKNOWN"

    @property
    def code(self) -> Exit:
        """The exit code."""
        if self.is_timed_out:
            return Exit.TIMED_OUT
        if self.connection is not None and self.connection.status is ConnectionStatus.ERROR:
            return Exit.FAILED
        return exit_code_for(self.error)

    @property
    def row(self) -> ConnectionRow:
        """The row of the table."""
        return ConnectionRow(self.name, self.connection, self.error, self.is_timed_out)


def wait_until_available(
    target: Target,
    remaining: Callable[[], float],
    backoff: Backoff,
    sleep: Callable[[float], None],
    on_poll: Callable[[Waited], object],
) -> Waited:
    """Poll a connection until it is AVAILABLE or in ERROR, it cannot be read, or no time remains.

    Args:
        target: The connection.
        remaining: The seconds until the deadline.
        backoff: The pauses between polls.
        sleep: Sleeps for some seconds.
        on_poll: Called after each poll that is followed by another.
    """
    transient, polls = TransientErrors(), 0
    connection: Connection | None = None
    while True:
        polls += 1
        error: UnisyncError | None = None
        try:
            connection = target.read(max(remaining(), GRACE_PERIOD))
            transient.record_success()
        except UnisyncError as raised:
            if not transient.is_transient(raised):
                return Waited(target.text, None, raised, polls)
            error = raised
        if connection is not None and connection.status in (ConnectionStatus.AVAILABLE, ConnectionStatus.ERROR):
            return Waited(target.text, connection, None, polls)
        left = remaining()
        if left <= MIN_REMAINING:
            # A call that the deadline cut off says nothing about the endpoint.
            is_cut_off = isinstance(error, TransportError) and connection is not None
            return Waited(target.text, connection, None if is_cut_off else error, polls, is_timed_out=True)
        on_poll(Waited(target.text, connection, error, polls))
        sleep(min(backoff.delay(polls), left))


def wait_for_connections(cli: Cli, names: Sequence[str], timeout: float | None, backoff: Backoff) -> int:
    """Wait for one connection after the other, with one deadline; print them, and what to do about the others."""
    started_at, now = cli.connection.now(), cli.connection.now
    targets = [Target(cli, name) for name in dict.fromkeys(names)]
    view = _View(cli)

    def remaining() -> float:
        return math.inf if timeout is None else timeout - (now() - started_at)

    until = "with no time limit"
    if timeout is not None:
        until = f"until {in_utc(cli.connection.date() + timedelta(seconds=timeout))} ({duration(timeout)})"
    what = f"{len(targets)} connections" if len(targets) > 1 else "connection"
    if not cli.output.quiet:
        cli.output.echo(f"Waiting for {what} {', '.join(target.text for target in targets)} to be AVAILABLE, {until}")
    with view.shown():
        ended = [wait_until_available(each, remaining, backoff, cli.connection.sleep, view.polled) for each in targets]
    print_connections(cli, [each.row for each in ended])
    for each in ended:
        if each.code:
            cli.output.echo_message(f"{each.name}: {_reason(each, now() - started_at)}")
    code = most_severe(each.code for each in ended)
    worst = next((each for each in ended if each.code == code), None)
    if code and worst is not None:
        cli.output.echo(_hint(cli, worst))
    return code


def _reason(ended: Waited, elapsed: float) -> str:
    """Why a connection is not AVAILABLE."""
    if ended.is_timed_out:
        polls = "1 poll" if ended.polls == 1 else f"{ended.polls} polls"
        last = f"; the last poll failed: {ended.error}" if ended.error else ""
        return f"timed out after {duration(elapsed)} ({polls}); its status is {ended.status}{last}"
    if ended.code is Exit.FAILED:
        return "the connection is in ERROR: AWS cannot use it, and does not repair it by itself"
    return str(ended.error)


def _hint(cli: Cli, ended: Waited) -> str:
    """What to do about a connection that is not AVAILABLE."""
    settings, connection = cli.connection.settings, ended.connection
    again = settings.command_line("wait", "--for", "connection", ended.name, "--timeout", "30m")
    if ended.is_timed_out and connection is not None:
        step = console_step(connection) or f"check the connection at {console_url(connection.arn)}"
        return f"Next: {step}, then wait again: {again}"
    if ended.is_timed_out and ended.error is None:
        return "Next: no poll was answered in time: check the connection, the endpoint and any proxy."
    if connection is not None:
        return f"Next: {console_step(connection)}. If it stays in ERROR, create another and update its links."
    assert ended.error is not None
    return connection_hint(ended.error, settings)


class _View:
    """The progress of the waits: a table that is redrawn on a terminal, otherwise a line for each change."""

    def __init__(self, cli: Cli) -> None:
        self._cli = cli
        self._text = "Reading the connection..."
        self._started_at = self._printed_at = cli.connection.now()
        self._seen: tuple[str, str] | None = None

    def shown(self) -> AbstractContextManager[object]:
        """Show the progress while the context lasts."""
        output = self._cli.output
        if not output.has_live_progress:
            return nullcontext()
        return output.live(lambda: output.sanitize(self._text), output.err, is_kept=False)

    def polled(self, progress: Waited) -> None:
        """Show a poll that does not end the wait: each new status with what a person must do, then a heartbeat."""
        output, now = self._cli.output, self._cli.connection.now()
        step = console_step(progress.connection) if progress.connection is not None else ""
        error = f"the last poll failed: {progress.error}" if progress.error is not None else ""
        self._text = f"{progress.name} is {progress.status}" + "".join(f"; {each}" for each in (step, error) if each)
        seen = progress.name, progress.status
        if output.quiet or output.has_live_progress or (seen == self._seen and now - self._printed_at < HEARTBEAT):
            return
        self._seen, self._printed_at = seen, now
        output.echo_lines(f"{now - self._started_at:5.0f} s  {output.sanitize(self._text)}")
