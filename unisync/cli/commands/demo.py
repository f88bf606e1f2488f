"""demo: the commands at work on an emulated AWS."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from unisync.cli.commands.emulator import create_emulator
from unisync.cli.exit_codes import Exit
from unisync.cli.options import AppContext, Command

if TYPE_CHECKING:
    from unisync.emulator import Emulator

_GOOD = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
_BAD = "bad0c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3"
_LAST = "1a57c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3"
_STACK = "codeconnections:payments-prod"


@click.command(cls=Command, examples=("demo", "demo --speed 100"))
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=20.0,
    show_default=True,
    help="Emulated seconds per real second.",
)
@click.pass_obj
def demo(context: AppContext, speed: float) -> int:
    """Show the commands at work on an emulated AWS.

    One commit is synced, one fails, one is blocked. Needs the extra emulator, but no AWS account.
    """
    with create_emulator(speed=speed) as aws:
        aws.add_workspace("factory")
        aws.add_stack("payments-prod", repository="acme/infra")
        aws.add_service_instance("web", "prod", repository="acme/web")
        _explain(context, "A commit is pushed.")
        aws.push(stack="payments-prod", sha=_GOOD, detection_delay=5)
        _run(context, aws, "wait", _STACK, "--revision", _GOOD[:7])
        _explain(context, "The next commit fails.")
        aws.push(
            stack="payments-prod",
            sha=_BAD,
            outcome="FAILED",
            reason="Template error: instance of Fn::GetAtt references undefined resource Database",
            failure="change_set",
        )
        _run(context, aws, "wait", _STACK, "--revision", _BAD[:7])
        _explain(context, "The stack is updated by hand, which blocks its sync. Then another commit is pushed.")
        aws.block(stack="payments-prod", reason="The stack was updated by hand")
        aws.push(stack="payments-prod", sha=_LAST)
        _run(context, aws, "wait", _STACK, "--revision", _LAST[:7])
        _run(context, aws, "resolve", _STACK, "--reason", "Reverted by hand")
        _run(context, aws, "wait", _STACK, "--revision", _LAST[:7])
        _explain(context, "A TwinMaker sync job is created, and all syncs are listed.")
        _run(context, aws, "create", "twinmaker:factory", "--role", "arn:aws:iam::123456789012:role/sync")
        _run(context, aws, "status")
    return 0


def _explain(context: AppContext, text: str) -> None:
    click.echo(f"\n# {text}", context.stdout)


def _run(context: AppContext, aws: Emulator, *arguments: str) -> None:
    """Run a command on the emulator, and print its command line and its exit code."""
    assert context.run is not None
    click.echo(f"\n$ {shlex.join(['unisync', *arguments])}", context.stdout)
    context.stdout.flush()
    code = context.run(arguments, aws.client_options())
    if code in (Exit.INTERRUPTED, Exit.TERMINATED):
        raise click.exceptions.Exit(code)
    click.echo(f"(exit code {code})", context.stdout)
    context.stdout.flush()
