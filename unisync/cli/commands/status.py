"""status: the state of all syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unisync.cli.fetching import exit_code, fetch, print_outcomes, select
from unisync.cli.options import Cli, connected, file_option

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef


@click.command()
@file_option
@connected()
def status(cli: Cli, listed: list[SyncRef[SyncJob]] | None) -> int:
    """Show the state of all syncs.

    Finds every sync in the account and region, or reads those of a file. If a service cannot be searched, for example
    because access is denied, the error goes to stderr and the other syncs are still shown.
    """
    selection = select(cli, (), listed)
    outcomes = fetch(cli, selection.refs)
    print_outcomes(cli, outcomes)
    return exit_code(cli, outcomes, selection)
