"""The explanation after a wait that failed, was blocked or timed out: what its error does not say already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unisync.cli.exit_codes import Exit, exit_code_for
from unisync.cli.options import follows_commits
from unisync.errors import SyncBlockedError, SyncFailedError, UnisyncError, WaitError, WaitTimeoutError

if TYPE_CHECKING:
    from unisync._models.explanation import Check, CheckName, Explanation
    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.refs import SyncRef
    from unisync.cli.options import Cli

TIMEOUT = 20.0
"""Seconds for all reads of the explanation: the result of the wait is known already."""
MAX_OTHERS = 3
"""Other syncs whose command is printed."""


def explain_wait(
    cli: Cli, worst: Outcome[Any], outcomes: Sequence[Outcome[Any]], revisions: Mapping[SyncRef[SyncJob], str | None]
) -> Check | None:
    """Explain on stderr why a wait did not succeed. What cannot be read changes nothing else.

    Args:
        cli: The connection and the output.
        worst: The outcome to explain.
        outcomes: All outcomes, for the commands that explain the others.
        revisions: The commit in question, by sync.

    Returns:
        The likely cause, if one was found.
    """
    error = worst.error
    if not _can_explain(error):
        return None
    client, sync = cli.connection.single(worst.ref)
    try:
        with cli.output.busy(f"Explaining {worst.ref}..."):
            explanation = client.explain(sync, revision=revisions[worst.ref], timeout=TIMEOUT)
    except UnisyncError as failure:
        cli.output.echo_message(f"The explanation could not be read: {failure}")
        return None
    arrow = "→" if cli.output.has_unicode else "->"
    for text in _texts(explanation, _stated_by(error), arrow):
        cli.output.echo_message(text)
    unknown = [check.name for check in explanation.checks if check.status == "unknown"]
    unread = f"Unknown: {', '.join(unknown)}. " if unknown else ""
    cli.output.echo(f"{unread}All checks: {_command(cli, worst.ref, revisions)}")
    others = [outcome.ref for outcome in outcomes if outcome is not worst and _can_explain(outcome.error)]
    if others:
        commands = [_command(cli, ref, revisions) for ref in others[:MAX_OTHERS]]
        more = [f"and {len(others) - MAX_OTHERS} more"] if len(others) > MAX_OTHERS else []
        cli.output.echo_message("\n".join(["To explain the others:", *commands, *more]))
    return explanation.cause


def _can_explain(error: UnisyncError | None) -> bool:
    """Whether the state of the sync is known, and is not what was waited for."""
    is_explained = exit_code_for(error) in (Exit.FAILED, Exit.BLOCKED, Exit.TIMED_OUT)
    return is_explained and isinstance(error, WaitError) and error.job is not None


def _command(cli: Cli, ref: SyncRef[SyncJob], revisions: Mapping[SyncRef[SyncJob], str | None]) -> str:
    revision = revisions[ref] if follows_commits(ref) else None
    return cli.connection.settings.command_line("explain", str(ref), *(("--revision", revision) if revision else ()))


def _stated_by(error: UnisyncError | None) -> tuple[CheckName, ...]:
    """The checks whose problems the error of a wait states."""
    match error:
        case SyncBlockedError():
            return "blockers", "commit"
        case SyncFailedError() if error.branch is not None:
            return "branch", "commit"
        case SyncFailedError() if error.resources is not None:
            return ("resource",)
        case SyncFailedError():
            return ("attempt", "commit", "resource") if error.cause is not None else ("attempt", "commit")
        case WaitTimeoutError() if error.job is not None and error.job.status.state != "FAILED":
            return ("commit",)
        case _:  # of a timeout after a failure, the explanation says why AWS may not pick up a commit
            return ()


def _texts(explanation: Explanation, stated: Sequence[CheckName], arrow: str) -> Iterator[str]:
    """The cause, and the other problems that are not stated yet."""
    cause = explanation.cause
    if cause is None:
        yield "No other cause was found."
    elif cause.name in stated:
        yield f"Likely cause: {cause.name} (see above)."
    else:
        yield _text("Likely cause", cause, arrow)
    for check in explanation.checks:
        if check.status == "problem" and check != cause and check.name not in stated:
            yield _text("Also", check, arrow)


def _text(label: str, check: Check, arrow: str) -> str:
    text = f"{label}: {check.name}: {check.message}"
    return text if check.action is None else f"{text}\n{arrow} {check.action}"
