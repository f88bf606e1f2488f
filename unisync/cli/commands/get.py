"""get: the state of some syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unisync.cli.fetching import exit_code, fetch, print_outcomes
from unisync.cli.options import Cli, connected, refs_argument

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef


@click.command()
@refs_argument(required=True)
@connected()
def get(cli: Cli, refs: list[SyncRef[SyncJob]]) -> int:
    """Show the state of syncs.

    Reads each REF once: its state, its live and its desired commit, and why it is not synced. Exits with 0 if every
    sync could be read, whatever its state.
    """
    outcomes = fetch(cli, refs)
    print_outcomes(cli, outcomes)
    return exit_code(cli, outcomes)
