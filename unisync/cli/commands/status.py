"""get and status: how syncs stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

import click

from unisync.cli.exit_codes import Exit, exit_of, gravest
from unisync.cli.hints import advice_for
from unisync.cli.options import Cli, connected, file_option, refs_argument

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.refs import SyncRef
    from unisync.errors import UnisyncError


@click.command()
@refs_argument(required=True)
@connected()
def get(cli: Cli, refs: list[SyncRef[SyncJob]]) -> int:
    """Show how syncs stand.

    Looks at each REF once: its state, the commit that is live, the one that is wanted, and why it is not in place.
    Exits with 0 if each of them could be looked at, however it stands.
    """
    outcomes = looked(cli, refs)
    shown(cli, outcomes)
    return ended(cli, outcomes)


@click.command()
@file_option
@connected()
def status(cli: Cli, listed: list[SyncRef[SyncJob]] | None) -> int:
    """Show how all syncs stand.

    All that are found in the account and region, or those of a file. What cannot be looked into, such as a service
    that is denied, is told on stderr and keeps nothing of the rest back.
    """
    found = Found(listed) if listed is not None else everything(cli)
    outcomes = looked(cli, found.refs)
    shown(cli, outcomes)
    return ended(cli, outcomes, found)


class Found(NamedTuple):
    """The syncs that a command is about."""

    refs: Sequence[SyncRef[SyncJob]]
    unseen: Sequence[str] = ()
    """What could not be looked into, and why."""


def everything(cli: Cli) -> Found:
    """Every sync that is found."""
    with cli.output.busy("Looking for syncs..."):
        found = cli.connection.client.discover()
    unseen: list[str] = []
    for place, error in cast("Mapping[Any, UnisyncError]", found.errors).items():
        where = place if isinstance(place, str) else "/".join(place)
        unseen.append(f"Could not look into {where} to its end: {error}")
        cli.output.say(unseen[-1])
    if not found.refs and not unseen:
        cli.output.say("No syncs were found.")
    return Found(found.refs, unseen)


def looked(cli: Cli, refs: Sequence[SyncRef[SyncJob]]) -> list[Outcome[SyncJob]]:
    """A look at each, and at what blocks it."""
    targets = cli.connection.targets(refs)
    with cli.output.busy(f"Looking at {len(targets)}..."):
        return cli.connection.client.get_many(targets, include_blockers=True)


def shown(cli: Cli, outcomes: Sequence[Outcome[SyncJob]]) -> None:
    """Print them."""
    from unisync.cli.rows import row_of

    cli.output.rows([row_of(outcome) for outcome in outcomes])


def ended(cli: Cli, outcomes: Sequence[Outcome[SyncJob]], found: Found | None = None) -> int:
    """The exit code of looks, and what to do if it is one of failure."""
    if found is not None and found.unseen and not found.refs:
        return Exit.ERROR
    code = gravest(outcomes)
    for outcome in outcomes:
        if outcome.error is not None and exit_of(outcome.error) == code:
            cli.output.say(advice_for(outcome.error, cli.connection.settings, outcome.ref))
            break
    return code
