"""Find syncs and read them once: what get, status, watch and report share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from unisync._models.refs import TwinMakerSync
from unisync.cli.exit_codes import Exit, exit_code_for, most_severe
from unisync.cli.hints import hint_for
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.refs import SyncRef
    from unisync._models.resources import SyncResourceSummary
    from unisync.cli.options import Cli, Listed


class Selection(NamedTuple):
    """The syncs that a command works on."""

    refs: Sequence[SyncRef[SyncJob]]
    warnings: Sequence[str] = ()
    """Which searches failed, so that syncs may be missing."""


class Reading(NamedTuple):
    """A sync that was read once."""

    outcome: Outcome[SyncJob]
    """The error is that of the status: what could not be read beside it is in `notes`."""
    resources: SyncResourceSummary | None = None
    """The resources of a TwinMaker sync job."""
    notes: tuple[str, ...] = ()
    """What could not be read beside the status, and why. It changes no verdict."""


def select(
    cli: Cli,
    refs: Sequence[SyncRef[SyncJob]],
    listed: Sequence[Listed] | None,
    services: Collection[str] | None = None,
) -> Selection:
    """The syncs of the arguments and of a file; without either, all that are found in some services."""
    if refs or listed is not None:
        return Selection([*refs, *(line.ref for line in listed or ())])
    with cli.output.busy("Searching for syncs..."):
        found = cli.connection.client.discover(services=cast("Any", services))
    warnings = [
        incomplete(location, error) for location, error in cast("Mapping[Any, UnisyncError]", found.errors).items()
    ]
    for warning in warnings:
        cli.output.echo(warning)
    if not found.refs and not warnings:
        cli.output.echo("No syncs found.")
    return Selection(found.refs, warnings)


def incomplete(location: str | tuple[str, ...], error: UnisyncError) -> str:
    """What is said of a search that found not everything."""
    where = location if isinstance(location, str) else "/".join(location)
    return f"{where} could not be searched completely: {error}"


def fetch(cli: Cli, refs: Sequence[SyncRef[SyncJob]]) -> list[Reading]:
    """Read each sync, its blockers, and the resources of TwinMaker sync jobs; print what could not be read."""
    targets = cli.connection.expand(refs)
    with cli.output.busy(f"Reading {len(targets)} sync{'s' * (len(targets) != 1)}..."):
        outcomes = cli.connection.client.get_many(targets, include_blockers=True)
        readings = [_reading(cli, outcome) for outcome in outcomes]
    noted = [(reading.outcome.ref, note) for reading in readings for note in reading.notes]
    if noted:
        others = f" (and {len(noted) - 1} more that could not be read)" if len(noted) > 1 else ""
        cli.output.echo_message(f"{noted[0][0]}: {noted[0][1]}{others}")
    return readings


def _reading(cli: Cli, outcome: Outcome[SyncJob]) -> Reading:
    if outcome.job is None:
        return Reading(outcome)
    if outcome.error is not None:
        return Reading(replace(outcome, error=None), notes=(f"the blockers could not be read: {outcome.error}",))
    client, ref = cli.connection.single(outcome.ref)
    if not isinstance(ref, TwinMakerSync):
        return Reading(outcome)
    try:
        return Reading(outcome, client.twinmaker.summarize_sync_resources(ref.workspace_id, ref.sync_source))
    except UnisyncError as error:
        return Reading(outcome, notes=(f"the resources could not be read: {error}",))


def print_readings(cli: Cli, readings: Sequence[Reading]) -> None:
    """Print a row for each sync."""
    from unisync.cli.rows import row_of

    cli.output.rows([row_of(reading.outcome, reading.resources) for reading in readings])


def exit_code(cli: Cli, readings: Sequence[Reading], selection: Selection | None = None) -> Exit:
    """The exit code of reads; prints the whole text of each error, and a hint about the most severe one."""
    if selection is not None and selection.warnings and not selection.refs:
        return Exit.ERROR
    errors = [(reading.outcome.ref, reading.outcome.error) for reading in readings if reading.outcome.error]
    for ref, error in errors:
        cli.output.echo_message(f"{ref}: {error}")
    code = most_severe(exit_code_for(error) for _, error in errors)
    for ref, error in errors:
        if exit_code_for(error) == code:
            cli.output.echo(hint_for(error, cli.connection.settings, ref))
            break
    return code
