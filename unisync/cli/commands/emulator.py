"""emulator: a local AWS for clients in any language."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from unisync.cli.options import AppContext, Command

if TYPE_CHECKING:
    from unisync.emulator import Emulator

_EXTRA = "The emulator needs an extra: pip install 'unisync-aws[cli,emulator]'"


@click.command(cls=Command, examples=("emulator --sample", "emulator --port 0 --speed 60"))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=4577, show_default=True, help="Port; 0 for a free one.")
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Emulated seconds per real second.",
)
@click.option("--sample", is_flag=True, help="Start with sample resources.")
@click.pass_obj
def emulator(context: AppContext, host: str, port: int, speed: float, sample: bool) -> int:
    """Run an emulated AWS until Ctrl-C.

    Works with clients in any language: it prints the environment variables that point them to it. Needs the extra
    emulator.
    """
    aws = create_emulator(speed, host, port)
    try:
        aws.start()
    except OSError as error:
        raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror or error}") from error
    with aws:
        if sample:
            from unisync.emulator._scenario.sample import load_sample

            load_sample(aws)
        for name, value in aws.environment().items():
            click.echo(f"export {name}={value}", context.stdout)
        if aws.accepts_remote:
            click.echo(f"# It listens on {host}: everyone who can reach this machine can use it", context.stdout)
        click.echo(f"# AWS is at {aws.url} until you press Ctrl-C", context.stdout)
        context.stdout.flush()
        threading.Event().wait()
    return 0


def create_emulator(speed: float, host: str = "127.0.0.1", port: int = 0) -> Emulator:
    """An emulator that is not started yet."""
    try:
        from unisync.emulator import Emulator
    except ImportError as error:
        raise click.ClickException(_EXTRA) from error
    try:
        return Emulator(speed=speed, host=host, port=port)
    except ValueError as error:
        raise click.UsageError(f"--{error}") from error
