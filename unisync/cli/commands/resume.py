"""resume: continue the waits of a file that `wait --token-file` wrote."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from unisync.cli.commands.wait import Options, View, finish
from unisync.cli.exit_codes import EXIT_CODES
from unisync.cli.options import Cli, Command, connected, duration_option, explain_option, junit_option
from unisync.cli.output import ROW_FORMS
from unisync.cli.token_file import TokenFile, read_tokens
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from unisync._models.outcome import Outcome
    from unisync._models.refs import SyncRef
    from unisync._waiters.arguments import Progress
    from unisync._waiters.token import WaitToken

MAX_THREADS = 64
"""Waits that are continued at once."""


@click.command(
    cls=Command,
    short_help="Continue waits that were interrupted.",
    epilog=EXIT_CODES,
    examples=("resume wait.jsonl", "resume wait.jsonl --timeout 30m"),
)
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@duration_option(
    "--timeout",
    None,
    "How long to wait from now; none for no limit. By default, each wait keeps its deadline.",
    can_be_none=True,
)
@junit_option
@explain_option
@connected(forms=ROW_FORMS)
def resume(cli: Cli, path: Path, timeout: float | None, report: Path | None, explain: bool) -> int:
    """Continue the waits of a file that `wait --token-file FILE` wrote, as if they had never been interrupted.

    What was seen of a commit counts, and so does the time since. The file is kept up to date: it has the waits that
    have not succeeded. A wait that failed is polled once more.
    """
    tokens = read_tokens(path)
    if not tokens:
        cli.output.echo(f"No waits to continue: {path} has none that have not succeeded.")
        return 0
    for ref in tokens:
        if cli.connection.expand([ref]) != [ref]:
            raise click.UsageError(f"{ref} belongs to no fleet: leave out --role-arn, and pass one --region at most.")
    now = cli.connection.date().astimezone(UTC)
    if click.get_current_context().get_parameter_source("timeout") is not ParameterSource.DEFAULT:
        tokens = {ref: _until(token, now, timeout) for ref, token in tokens.items()}
    options = Options(_remaining(tokens.values(), now), None, None, None, False, _condition(tokens), 0)
    file = TokenFile(path, tokens.values())
    view = View(cli, {ref: _text(token) for ref, token in tokens.items()}, options, file)
    with view.shown():
        outcomes = _resume_all(cli, tokens, view)
    return finish(cli, view, outcomes, report, explain=explain)


def _until(token: WaitToken, now: datetime, seconds: float | None) -> WaitToken:
    """The same wait, until so many seconds from now; without a limit for None."""
    if seconds is None:
        return token.model_copy(update={"timeout": None})
    passed = 0.0 if token.begin is None else max((now - token.begin).total_seconds(), 0.0)
    return token.model_copy(update={"timeout": passed + seconds})


def _remaining(tokens: Iterable[WaitToken], now: datetime) -> float | None:
    """The seconds until the last deadline, zero if it has passed; None if one of the waits has none."""
    longest = 0.0
    for token in tokens:
        if token.timeout is None:
            return None
        longest = max(longest, token.timeout if token.deadline is None else (token.deadline - now).total_seconds())
    return longest


def _text(token: WaitToken) -> str | None:
    """The commits of a wait, as messages show them."""
    return token.revision if token.revision is None or isinstance(token.revision, str) else ", ".join(token.revision)


def _condition(tokens: dict[SyncRef[Any], WaitToken]) -> Any:
    """What all of the waits are for; "active" if that differs."""
    conditions = {token.condition for token in tokens.values()}
    return conditions.pop() if len(conditions) == 1 else "active"


def _resume_all(cli: Cli, tokens: dict[SyncRef[Any], WaitToken], view: View) -> list[Outcome[Any]]:
    """Continue all waits at once."""
    from unisync._models.outcome import Outcome

    client, stop, lock = cli.connection.client, Event(), Lock()

    def progress(progress: Progress[Any]) -> None:
        with lock:
            view.progress(progress)

    def resume_one(token: WaitToken) -> Outcome[Any]:
        try:
            outcome = Outcome[Any](token.ref, client.resume(token, on_progress=progress, stop=stop), None)
        except UnisyncError as error:
            outcome = Outcome[Any](token.ref, getattr(error, "job", None), error)
        if not stop.is_set():
            with lock:
                view.ended(outcome)
        return outcome

    with ThreadPoolExecutor(min(len(tokens), MAX_THREADS)) as pool:
        try:
            return list(pool.map(resume_one, tokens.values()))
        except BaseException:
            stop.set()
            raise
