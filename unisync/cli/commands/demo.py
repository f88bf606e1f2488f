"""demo and emulator: the command at work, and a local AWS to try it on."""

from __future__ import annotations

import shlex
import threading
from typing import TYPE_CHECKING

import click

from unisync.cli.exit_codes import Exit
from unisync.cli.options import Surroundings

if TYPE_CHECKING:
    from unisync.emulator import Emulator

_EXTRA = "The emulator needs an extra: pip install 'unisync-aws[cli,emulator]'"

_GOOD = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
_BAD = "bad0c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3"
_LAST = "1a57c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3"
_STACK = "codeconnections:payments-prod"


@click.command()
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=20.0,
    show_default=True,
    help="Emulated seconds in a real one.",
)
@click.pass_obj
def demo(around: Surroundings, speed: float) -> int:
    """See the commands at work, on an emulated AWS.

    A commit that gets in place, one that fails, one that is blocked. It needs the extra emulator, and no AWS account.
    """
    with _emulator(speed) as aws:
        aws.add_workspace("factory")
        aws.add_stack("payments-prod", repository="acme/infra")
        aws.add_service_instance("web", "prod", repository="acme/web")
        click.echo("\n# A commit is pushed.", around.stdout)
        aws.push(stack="payments-prod", sha=_GOOD, detection_delay=5)
        _show(around, aws, "wait", _STACK, "--revision", _GOOD[:7])
        click.echo("\n# The next commit fails.", around.stdout)
        aws.push(
            stack="payments-prod",
            sha=_BAD,
            outcome="FAILED",
            reason="Template error: instance of Fn::GetAtt references undefined resource Database",
        )
        _show(around, aws, "wait", _STACK, "--revision", _BAD[:7])
        click.echo("\n# Somebody updates the stack by hand, and one more commit is pushed.", around.stdout)
        aws.block(stack="payments-prod", reason="The stack was updated by hand")
        aws.push(stack="payments-prod", sha=_LAST)
        _show(around, aws, "wait", _STACK, "--revision", _LAST[:7])
        _show(around, aws, "resolve", _STACK, "--reason", "Put back as it was")
        _show(around, aws, "wait", _STACK, "--revision", _LAST[:7])
        click.echo("\n# All that there is, in a sync job's words and in Git's.", around.stdout)
        _show(around, aws, "create", "twinmaker:factory", "--role", "arn:aws:iam::123456789012:role/sync")
        _show(around, aws, "status")
    return 0


def _show(around: Surroundings, aws: Emulator, *words: str) -> None:
    """Run a command, and show what it was and how it ended."""
    assert around.run is not None
    click.echo(f"\n$ {shlex.join(['unisync', *words])}", around.stdout)
    around.stdout.flush()
    code = around.run(words, aws.client_options())
    if code in (Exit.INTERRUPTED, Exit.TERMINATED):
        raise click.exceptions.Exit(code)
    click.echo(f"(exit code {code})", around.stdout)
    around.stdout.flush()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve on: this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), default=4577, show_default=True, help="The port; 0: a free one.")
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Emulated seconds in a real one.",
)
@click.option("--sample", is_flag=True, help="Start with one of everything to play with.")
@click.pass_obj
def emulator(around: Surroundings, host: str, port: int, speed: float, sample: bool) -> int:
    """Serve an emulated AWS until Ctrl-C.

    For clients of any language: it prints the environment variables that point them at it. It needs the extra emulator.
    """
    aws = _emulator(speed, host, port)
    try:
        aws.start()
    except OSError as error:
        raise click.ClickException(f"Cannot serve on {host}:{port}: {error.strerror or error}") from error
    with aws:
        if sample:
            from unisync.emulator._scenario.sample import load_sample

            load_sample(aws)
        for name, value in aws.environment().items():
            click.echo(f"export {name}={value}", around.stdout)
        if aws.accepts_remote:
            click.echo(f"# Whoever can reach this machine can use it: it serves on {host}", around.stdout)
        click.echo(f"# AWS is at {aws.url} until you press Ctrl-C", around.stdout)
        around.stdout.flush()
        threading.Event().wait()
    return 0


def _emulator(speed: float, host: str = "127.0.0.1", port: int = 0) -> Emulator:
    try:
        from unisync.emulator import Emulator
    except ImportError as error:
        raise click.ClickException(_EXTRA) from error
    try:
        return Emulator(speed=speed, host=host, port=port)
    except ValueError as error:
        raise click.UsageError(f"--{error}") from error
