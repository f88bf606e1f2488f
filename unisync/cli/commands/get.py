"""get: the state of some syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unisync.cli.fetching import exit_code, fetch, print_readings
from unisync.cli.options import Cli, Command, connected, refs_argument
from unisync.cli.output import ROW_FORMS

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef


@click.command(
    cls=Command,
    examples=("get codeconnections:payments-prod", "get codeconnections:payments-prod twinmaker:factory -o json"),
)
@refs_argument(required=True)
@connected(forms=ROW_FORMS)
def get(cli: Cli, refs: list[SyncRef[SyncJob]]) -> int:
    """Show the state of syncs.

    Reads each REF once: its state, its live and its desired commit, and why it is not synced, with its blockers and the
    resources of TwinMaker sync jobs. Exits with 0 if every sync could be read, whatever its state.
    """
    readings = fetch(cli, refs)
    print_readings(cli, readings)
    return exit_code(cli, readings)
