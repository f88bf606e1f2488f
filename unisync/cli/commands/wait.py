"""wait: until syncs are done, deleted, or have all their resources in sync; or until connections are available."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import click

from unisync._models.refs import SyncRef, TwinMakerSync
from unisync._models.text import duration, in_utc
from unisync._render.symbols import DONE, urgency
from unisync.cli import github, junit
from unisync.cli.exit_codes import EXIT_CODES, Exit, exit_code_for, most_severe
from unisync.cli.explaining import explain_wait
from unisync.cli.hints import hint_for
from unisync.cli.options import (
    Cli,
    Command,
    Listed,
    connected,
    duration_option,
    explain_option,
    file_option,
    follows_commits,
    junit_option,
    moment_option,
    parsed_refs,
    revision_option,
    writable,
)
from unisync.cli.output import ROW_FORMS
from unisync.cli.rows import Row, headline, row_of, row_of_job, widths_for
from unisync.cli.token_file import TokenFile
from unisync.errors import SyncFailedError, UnisyncError, WaitTimeoutError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from unisync._core.backoff import Backoff
    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._waiters.arguments import Progress
    from unisync._waiters.token import WaitCondition, WaitToken

Condition = Literal["active", "deleted", "resources", "connection"]
Targets = Mapping[SyncRef["SyncJob"], str | None]
"""The commit to wait for, by sync; None is for the one that AWS desires."""

MAX_LISTED = 10
"""Syncs that are named before the wait."""
HEARTBEAT = 30.0
"""Seconds without a line of progress after which one is printed."""


def _refs_or_names(
    context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> list[SyncRef[SyncJob]] | list[str]:
    """References; with --for connection, which is parsed before, ARNs and names."""
    return list(texts) if context.params.get("condition") == "connection" else parsed_refs(context, parameter, texts)


@click.command(
    cls=Command,
    short_help="Wait until syncs finish.",
    epilog=EXIT_CODES,
    examples=(
        "wait codeconnections:payments-prod --revision $(git rev-parse HEAD)",
        "wait --repository acme/infra --branch main --revision 4f2c9e1 --or-newer",
    ),
)
@click.argument("refs", metavar="[REF]...", nargs=-1, callback=_refs_or_names)
@file_option('File with one REF per line, or "REF SHA", and # comments; - is stdin.')
@click.option("--repository", metavar="OWNER/NAME", help="Wait for every sync that follows a repository.")
@click.option("--branch", metavar="NAME", help="With --repository: only for syncs that follow this branch.")
@revision_option
@click.option(
    "--or-newer",
    is_flag=True,
    help="Accept any commit that contains the one of --revision, by the Git repository of this directory.",
)
@duration_option("--timeout", "15m", "How long to wait; none for no limit.", can_be_none=True)
@duration_option(
    "--interval", None, "Time between two polls of a sync. By default it grows from 2 s to 20 s.", above_zero=True
)
@duration_option(
    "--grace", None, "How long a failure may last before it counts: AWS may retry. [default: 0s; 2m for resources]"
)
@moment_option(
    "--started-after", "Ignore attempts that started before, such as 2026-11-22T18:44:12Z: for a retry of a commit."
)
@click.option(
    "--for",
    "condition",
    type=click.Choice(["active", "deleted", "resources", "connection"]),
    default="active",
    show_default=True,
    is_eager=True,
    help="What to wait for: synced, deleted, a TwinMaker sync job with all its resources in sync, or a connection that "
    "is AVAILABLE: then each REF is its ARN or name.",
)
@click.option(
    "--max-failures",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="With --for resources: how many resources may fail.",
)
@junit_option
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(),
    callback=writable,
    help="Keep the waits that have not succeeded in a file, for `unisync resume FILE` to continue them elsewhere.",
)
@explain_option
@connected(forms=ROW_FORMS)
def wait(
    cli: Cli,
    refs: list[SyncRef[SyncJob]] | list[str],
    listed: list[Listed] | None,
    repository: str | None,
    branch: str | None,
    revision: str | None,
    or_newer: bool,
    timeout: float | None,
    interval: float | None,
    grace: float | None,
    started_after: datetime | None,
    condition: Condition,
    max_failures: int,
    report: Path | None,
    token_file: Path | None,
    explain: bool,
) -> int:
    """Wait until syncs finish; explain any failure.

    A wait that failed, was blocked or timed out ends with the likely cause, on stderr. If several did, that is the
    cause of the most severe one. Without the permissions to read it, the result is the same.

    With --for connection, it waits for connections to providers, which are PENDING until someone completes them in the
    AWS console.

    With --revision, an older success or failure does not count. Progress goes to stderr, the result to stdout. If the
    wait fails, the last line says what to do next.
    """
    if branch is not None and repository is None:
        raise click.UsageError("--branch requires --repository.")
    options = Options(timeout, interval, grace, started_after, or_newer, condition, max_failures)
    if condition == "connection":
        others = {
            "--file": listed,
            "--repository": repository,
            "--revision": revision,
            "--junit": report,
            "--token-file": token_file,
        }
        return _wait_for_connections(cli, cast("list[str]", refs), options, others)
    syncs = cast("list[SyncRef[SyncJob]]", refs)
    targets = _targets(cli, [*map(Listed, syncs), *(listed or ())], revision)
    if repository is not None:
        from unisync.cli.following import following

        found = following(cli, repository, branch)
        if not found:
            where = repository if branch is None else f"{repository}@{branch}"
            cli.output.echo(f"Error: no sync follows {where}.")
            cli.output.echo(f"Next: check the name, the account and the region. {_all_syncs(cli)}")
            return Exit.NOT_FOUND
        targets = {**dict.fromkeys(found, revision), **targets}
    if not targets:
        raise click.UsageError("No syncs to wait for: pass a REF, --repository, or a --file with some.")
    if or_newer and token_file is not None:
        raise click.UsageError("--token-file cannot be used with --or-newer, which needs the Git repository here.")
    _check(targets, options)
    wanted = _predicates(targets) if or_newer else targets
    tokens = TokenFile(token_file, _tokens(targets, options, cli.connection.date()) if token_file else ())
    view = View(cli, targets, options, tokens)
    with view.shown():
        if condition == "active":
            outcomes = cli.connection.client.wait_all(
                cast("Mapping[SyncRef[SyncJob], str]", wanted),
                timeout=timeout,
                backoff=options.backoff,
                grace=grace,
                started_after=started_after,
                on_progress=view.progress,
                on_outcome=view.ended,
            )
        else:
            outcomes = _one_by_one(cli, view, options)
    return finish(cli, view, outcomes, report, explain=explain)


def finish(cli: Cli, view: View, outcomes: Sequence[Outcome[Any]], report: Path | None, *, explain: bool) -> int:
    """Print how waits ended, with what explains a failure and what to do next. Returns the exit code."""
    options, targets = view.options, view.targets
    rows = [view.row(outcome) for outcome in outcomes]
    cli.output.rows(rows)
    for row in rows:
        if row.error is not None:
            cli.output.echo_message(str(row.error))
    code = most_severe(exit_code_for(outcome.error) for outcome in outcomes)
    github.publish(rows, os.environ, cli.output)
    if report is not None:
        try:
            report.write_text(junit.report(rows, view.elapsed), encoding="utf-8")
        except OSError as error:
            cli.output.echo(f"Could not write {report}: {error}")
            code = code or Exit.ERROR
    worst = next((outcome for outcome in outcomes if exit_code_for(outcome.error) == code), None)
    if worst is not None and worst.error is not None:
        cause = None
        if explain and options.condition != "deleted":  # an explanation says why a sync is not synced
            cause = explain_wait(cli, worst, outcomes, _explained(outcomes, targets, options))
        again = options.again(targets[worst.ref])
        advice = hint_for(worst.error, cli.connection.settings, worst.ref, again)
        if isinstance(worst.error, WaitTimeoutError) and cause is not None and cause.name != "commit" and cause.action:
            advice = f"Next: {cause.action}"
        cli.output.echo(advice)
    return code


class Options(NamedTuple):
    """How to wait."""

    timeout: float | None
    interval: float | None
    grace: float | None
    started_after: datetime | None
    or_newer: bool
    condition: Condition
    max_failures: int

    @property
    def backoff(self) -> Backoff:
        """The pauses between polls."""
        from unisync._core.backoff import Backoff

        if self.interval is None:
            return Backoff()
        return Backoff(initial=self.interval, maximum=self.interval, factor=1)

    def again(self, revision: str | None) -> list[str]:
        """The options to wait for the same once more."""
        return [
            *(("--revision", revision) if revision else ()),
            *(("--or-newer",) if self.or_newer else ()),
            *(("--for", self.condition) if self.condition != "active" else ()),
        ]


def _wait_for_connections(cli: Cli, names: Sequence[str], options: Options, others: Mapping[str, object]) -> int:
    """Wait for connections; reject options that are about syncs."""
    from unisync.cli.connection_waits import wait_for_connections

    about_syncs = {
        **others,
        "--or-newer": options.or_newer,
        "--grace": options.grace,
        "--started-after": options.started_after,
        "--max-failures": options.max_failures,
    }
    for name, value in about_syncs.items():
        if value not in (None, False, 0):
            raise click.UsageError(f"{name} cannot be used with --for connection.")
    if not names:
        raise click.UsageError("No connections to wait for: pass an ARN or a name.")
    return wait_for_connections(cli, names, options.timeout, options.backoff)


def _targets(cli: Cli, listed: Sequence[Listed], revision: str | None) -> dict[SyncRef[SyncJob], str | None]:
    """The syncs to wait for. In a file, a commit of its own comes before that of --revision."""
    targets: dict[SyncRef[SyncJob], str | None] = {}
    for line in listed:
        wanted = line.revision or revision
        for ref in cli.connection.expand([line.ref]):
            if targets.setdefault(ref, wanted) != wanted:
                raise click.UsageError(f"{ref} is given twice, with different commits.")
    return targets


def _tokens(targets: Targets, options: Options, now: datetime) -> list[WaitToken]:
    """The waits, which begin now, whether or not a poll succeeds."""
    from unisync._waiters.token import WaitToken

    tokens = [
        WaitToken.create(
            ref,
            condition=cast("WaitCondition", options.condition),
            revision=revision if follows_commits(ref) else None,
            timeout=options.timeout,
            backoff=options.backoff,
            grace=options.grace,
            started_after=options.started_after if follows_commits(ref) else None,
            max_failures=options.max_failures,
        )
        for ref, revision in targets.items()
    ]
    return [token.model_copy(update={"begin": now.astimezone(UTC)}) for token in tokens]


def _predicates(targets: Targets) -> dict[SyncRef[SyncJob], object]:
    from unisync.cli.ancestry import OrNewer

    accepted = {revision: OrNewer(revision) for revision in set(targets.values()) if revision is not None}
    return {ref: None if revision is None else accepted[revision] for ref, revision in targets.items()}


def _explained(outcomes: Sequence[Outcome[Any]], targets: Targets, options: Options) -> Targets:
    """The commit to explain, by sync. With --or-newer, a failure may be that of a newer commit, which AWS desires."""
    is_newer = {each.ref for each in outcomes if options.or_newer and isinstance(each.error, SyncFailedError)}
    return {ref: None if ref in is_newer else revision for ref, revision in targets.items()}


def _check(targets: Targets, options: Options) -> None:
    """Reject options that do not go together."""
    condition, revisions = options.condition, [revision for revision in targets.values() if revision is not None]
    sync_jobs = [ref for ref in targets if not follows_commits(ref)]
    for name, value in (("--revision", revisions), ("--started-after", options.started_after)):
        if value and condition != "active":
            raise click.UsageError(f"{name} cannot be used with --for {condition}.")
        if value and len(sync_jobs) == len(targets):
            raise click.UsageError(f"{name} cannot be used: {sync_jobs[0]} does not follow commits.")
    if options.or_newer and not revisions:
        raise click.UsageError("--or-newer requires --revision.")
    if options.max_failures and condition != "resources":
        raise click.UsageError("--max-failures requires --for resources.")
    if condition == "resources" and len(sync_jobs) < len(targets):
        other = next(ref for ref in targets if ref not in sync_jobs)
        raise click.UsageError(f"--for resources cannot be used: {other} is not a TwinMaker sync job.")


def _all_syncs(cli: Cli) -> str:
    return f"All syncs: {cli.connection.settings.command_line('status')}"


@dataclass
class View:
    """The progress of the waits: a table that is redrawn on a terminal, otherwise a line for each change."""

    cli: Cli
    targets: Targets
    options: Options
    tokens: TokenFile
    elapsed: dict[SyncRef[SyncJob], float] = field(default_factory=dict[SyncRef["SyncJob"], float])
    """The duration of each wait that has ended, in seconds."""

    def __post_init__(self) -> None:
        self._started_at = self._printed_at = self.cli.connection.now()
        self._rows = {ref: Row(ref, "") for ref in self.targets}
        self._failure: str | None = None
        self._notes: dict[SyncRef[SyncJob], str] = {}
        self._is_live = self.cli.output.has_live_progress
        self._widths = widths_for(self.targets)

    @property
    def total_elapsed(self) -> float:
        """Seconds since the waits started."""
        return self.cli.connection.now() - self._started_at

    @contextmanager
    def shown(self) -> Generator[None]:
        """Show what is waited for, and the progress while the context lasts."""
        output = self.cli.output
        if not output.quiet:
            output.echo(self._goal())
        if self._is_live:
            with output.live(self._draw, output.err):
                yield
            return
        ended = Event()
        if not output.quiet:
            Thread(target=self._beat_until, args=(ended,), daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def progress(self, progress: Progress[Any]) -> None:
        """Show a poll that does not end the wait."""
        assert progress.ref is not None
        self.tokens.progress(progress)
        self._print_failure()
        reason = str(progress.resources or "")
        if progress.error is not None:
            reason = f"the last poll failed: {headline(progress.error)}"
        self._update(row_of_job(progress.job, progress.ref, reason))
        self.beat()

    def beat(self) -> None:
        """Print that the wait goes on, if nothing was printed for `HEARTBEAT`."""
        if self._is_live or self.cli.output.quiet:
            return
        if self.cli.connection.now() - self._printed_at >= HEARTBEAT:
            rows = [row for ref, row in self._rows.items() if ref not in self.elapsed]
            states = ", ".join(f"{row.ref} {row.state}".rstrip() for row in rows[:MAX_LISTED])
            count = f" for {len(rows)} of {len(self.targets)}" if len(self.targets) > 1 else ""
            self._print(f"still waiting{count}: {states}{_more(len(rows))}")

    def ended(self, outcome: Outcome[Any], note: str = "") -> None:
        """Show that a wait has ended, with a note for the column REASON if the outcome has none."""
        self.tokens.ended(outcome)
        self._print_failure()
        self.elapsed[outcome.ref] = self.total_elapsed
        self._notes[outcome.ref] = note
        self._update(self.row(outcome))

    def was_seen(self, ref: SyncRef[SyncJob]) -> bool:
        """Whether a poll has returned the sync."""
        return self._rows[ref].job is not None

    def row(self, outcome: Outcome[Any]) -> Row:
        """The row of a wait that has ended."""
        if outcome.error is None and outcome.job is None:
            return Row(outcome.ref, "DELETED", self._notes.get(outcome.ref, ""))
        row = row_of(outcome)
        return replace(row, reason=row.reason or self._notes.get(outcome.ref, ""))

    def _goal(self) -> str:
        """What is waited for, and until when."""
        aim = {"deleted": " to be deleted", "resources": " with all resources"}.get(self.options.condition, "")
        newer = " or newer" if self.options.or_newer else ""
        names = [
            f"{ref}{aim}" + (f" at commit {revision[:12]}{newer}" if revision and follows_commits(ref) else "")
            for ref, revision in self.targets.items()
        ]
        until = "with no time limit"
        if self.options.timeout is not None:
            deadline = self.cli.connection.date() + timedelta(seconds=self.options.timeout)
            until = f"until {in_utc(deadline)} ({duration(self.options.timeout)})"
        listed = ", ".join(names[:MAX_LISTED]) + _more(len(names))
        return (
            f"Waiting for {len(names)} syncs, {until}: {listed}" if len(names) > 1 else f"Waiting for {listed}, {until}"
        )

    def _beat_until(self, ended: Event) -> None:
        """Beat in a thread, since calls and pauses may take long."""
        while not ended.wait(1.0):
            self.beat()

    def _update(self, row: Row) -> None:
        before, self._rows[row.ref] = self._rows[row.ref], row
        is_last = len(self.elapsed) == len(self.targets)  # the final table is printed next
        is_shown = self._is_live or self.cli.output.quiet or is_last
        if not is_shown and row.cells() != before.cells():
            self._print(self.cli.output.row_line(row, self._widths))

    def _print(self, text: str) -> None:
        self._printed_at = self.cli.connection.now()
        self.cli.output.echo_lines(f"{self.total_elapsed:5.0f} s  {text}")

    def _print_failure(self) -> None:
        """Print once that the file of tokens is out of date; on a terminal, it stands above the table."""
        before, self._failure = self._failure, self.tokens.failure
        if self._failure is not None and self._failure != before and not self._is_live:
            self.cli.output.echo(self._failure)

    def _draw(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        limit = "" if self.options.timeout is None else f" of {duration(self.options.timeout)}"
        head = f"{len(self.elapsed)} of {len(self.targets)} done, {duration(self.total_elapsed)}{limit}"
        rows = sorted(self._rows.values(), key=self._position)
        output = self.cli.output
        notes = (
            () if self._failure is None else (Text(output.sanitize(self._failure), overflow="ellipsis", no_wrap=True),)
        )
        return Group(head, *notes, output.live_table(rows, output.err, other_lines=2 + len(notes)))

    def _position(self, row: Row) -> tuple[int, int]:
        """The position of a row: what failed, what is waited for, what succeeded. A small terminal drops the last."""
        if row.ref not in self.elapsed:
            return 1, 0
        return (2, 0) if row.state in DONE else (0, urgency(row.state))


def _more(count: int) -> str:
    return f" and {count - MAX_LISTED} more" if count > MAX_LISTED else ""


def _one_by_one(cli: Cli, view: View, options: Options) -> list[Outcome[Any]]:
    """Wait for one sync after the other, with one deadline: together they end when the last one does."""
    from unisync._models.outcome import Outcome

    client, outcomes = cli.connection.client, list[Outcome[Any]]()
    for ref in view.targets:
        left = None if options.timeout is None else max(0.0, options.timeout - view.total_elapsed)
        how: dict[str, Any] = {
            "timeout": left,
            "backoff": options.backoff,
            "grace": options.grace,
            "on_progress": view.progress,
        }
        outcome, note = Outcome[Any](ref, None, None), ""
        try:
            if options.condition == "deleted":
                client.wait_until_deleted(ref, **how)
                note = "" if view.was_seen(ref) else "it did not exist at the first poll"
            else:
                twin = cast("TwinMakerSync", ref)  # or one in a fleet
                note = str(client.wait_until_resources_synced(twin, max_failures=options.max_failures, **how))
                outcome = Outcome(ref, client.get(ref), None)
        except UnisyncError as error:
            outcome = Outcome(ref, getattr(error, "job", None), error)
        view.ended(outcome, note)
        outcomes.append(outcome)
    return outcomes
