"""policy: the IAM permissions that a command needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from unisync._models.refs import FleetSync
from unisync.cli.iam import policy_for
from unisync.cli.operations import COMMANDS
from unisync.cli.options import Cli, Command, connected, refs_argument

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef


@click.command(
    cls=Command,
    short_help="Print the IAM policy that a command needs.",
    examples=(
        "policy wait codeconnections:payments-prod --region eu-west-1",
        "policy create 123456789012/eu-west-1/twinmaker:factory >policy.json",
    ),
)
@click.argument("command", metavar="COMMAND", type=click.Choice(list(COMMANDS)))
@refs_argument(required=False)
@connected(forms=())
def policy(cli: Cli, command: str, refs: list[SyncRef[SyncJob]]) -> int:
    """Print the IAM policy that a command needs.

    Prints, as JSON, the policy that allows what COMMAND may call, and no more: for the REFs or, without any, for all
    syncs and the search for them. COMMAND is any command that calls AWS; this one does not. That of "wait --for
    connection" is "connections". --region, --role-arn, or the account and the region of a REF narrow the resources.
    With --codeconnections-service codestar-connections, the policy has the actions of both names.
    """
    if any(not COMMANDS[command][type(ref.sync if isinstance(ref, FleetSync) else ref)] for ref in refs):
        raise click.UsageError(f"{command} takes no REF.")
    settings = cli.connection.settings
    document = policy_for(
        command,
        refs,
        regions=settings.regions,
        role_arns=settings.role_arns,
        codeconnections_service=settings.codeconnections_service,
    )
    cli.output.write(json.dumps(document, indent=2) + "\n")
    if settings.role_arns:
        cli.output.echo("Allow sts:AssumeRole to the credentials that assume the roles, and all else to the roles.")
    return 0
