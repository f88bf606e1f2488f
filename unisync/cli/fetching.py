"""Find syncs and read them once: what get, status, watch and report share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from unisync.cli.exit_codes import Exit, exit_code_for, most_severe
from unisync.cli.hints import hint_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.refs import SyncRef
    from unisync.cli.options import Cli
    from unisync.errors import UnisyncError


class Selection(NamedTuple):
    """The syncs that a command works on."""

    refs: Sequence[SyncRef[SyncJob]]
    warnings: Sequence[str] = ()
    """Which searches failed, so that syncs may be missing."""


def select(cli: Cli, refs: Sequence[SyncRef[SyncJob]], listed: Sequence[SyncRef[SyncJob]] | None) -> Selection:
    """The syncs of the arguments and of a file; without either, all that are found."""
    if refs or listed is not None:
        return Selection([*refs, *(listed or ())])
    with cli.output.busy("Searching for syncs..."):
        found = cli.connection.client.discover()
    warnings: list[str] = []
    for location, error in cast("Mapping[Any, UnisyncError]", found.errors).items():
        where = location if isinstance(location, str) else "/".join(location)
        warnings.append(f"{where} could not be searched completely: {error}")
        cli.output.echo(warnings[-1])
    if not found.refs and not warnings:
        cli.output.echo("No syncs found.")
    return Selection(found.refs, warnings)


def fetch(cli: Cli, refs: Sequence[SyncRef[SyncJob]]) -> list[Outcome[SyncJob]]:
    """Read each sync and its blockers."""
    targets = cli.connection.expand(refs)
    with cli.output.busy(f"Reading {len(targets)} sync{'s' * (len(targets) != 1)}..."):
        return cli.connection.client.get_many(targets, include_blockers=True)


def print_outcomes(cli: Cli, outcomes: Sequence[Outcome[SyncJob]]) -> None:
    """Print a row for each sync."""
    from unisync.cli.rows import row_of

    cli.output.rows([row_of(outcome) for outcome in outcomes])


def exit_code(cli: Cli, outcomes: Sequence[Outcome[SyncJob]], selection: Selection | None = None) -> int:
    """The exit code of reads; prints a hint if it is that of an error."""
    if selection is not None and selection.warnings and not selection.refs:
        return Exit.ERROR
    code = most_severe(outcomes)
    for outcome in outcomes:
        if outcome.error is not None and exit_code_for(outcome.error) == code:
            cli.output.echo(hint_for(outcome.error, cli.connection.settings, outcome.ref))
            break
    return code
