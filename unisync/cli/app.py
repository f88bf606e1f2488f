"""The command as a whole: its subcommands, and the exit code for every way it can end."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

import click

from unisync import __version__
from unisync.cli.connection import Settings
from unisync.cli.exit_codes import EXIT_CODES, Exit
from unisync.cli.hints import HintedError
from unisync.cli.options import AppContext, Group, LazyCommands, configure_logging, connection_options
from unisync.cli.output import Output
from unisync.cli.signals import TerminatedError, signals_raised

if TYPE_CHECKING:
    from unisync.emulator import ClientOptions

_HELP = """\
Is my commit live, and if not, why not?

unisync reads the syncs of AWS IoT TwinMaker, AWS Proton and AWS CodeConnections (CloudFormation Git sync), and waits
for them. REF identifies a sync:

\b
    codeconnections:STACK
    proton:SERVICE/INSTANCE
    proton-template:TYPE/TEMPLATE/VERSION
    twinmaker:WORKSPACE

The options below may be given before or after the command.
"""


def _load(name: str) -> click.Command:
    """The command in the module of its name."""
    command: click.Command = getattr(import_module(f"unisync.cli.commands.{name}"), name)
    return command


_COMMANDS = (
    "get",
    "status",
    "wait",
    "resume",
    "watch",
    "explain",
    "events",
    "blockers",
    "resolve",
    "report",
    "links",
    "connections",
    "create",
    "delete",
    "policy",
    "tape",
    "demo",
    "emulator",
    "completion",
)


@click.group(
    cls=Group,
    commands=LazyCommands(_load, _COMMANDS),
    help=_HELP,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "--version", "-V", prog_name="unisync", message="%(prog)s %(version)s")
@connection_options
@click.pass_obj
def app(context: AppContext, /, debug: bool, quiet: bool, **options: Any) -> None:
    """Store the options that were given before the command."""
    context.settings = Settings.take(options)
    context.quiet = quiet
    configure_logging(debug)


def run(
    arguments: Sequence[str],
    client_options: ClientOptions | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Run a command.

    Args:
        arguments: The arguments, without "unisync".
        client_options: The client's arguments, for example those of an emulator in the same process.
        stdout: The stream for data; by default that of the process.
        stderr: The stream for everything else; by default that of the process.

    Returns:
        The exit code.
    """
    out, err = stdout or sys.stdout, stderr or sys.stderr
    context = AppContext(out, err, client_options, partial(run, stdout=out, stderr=err))
    output = Output(context.stdout, context.stderr)
    try:
        with signals_raised(), warnings.catch_warnings():
            # A user who names a sync of Proton sees what AWS responds.
            warnings.filterwarnings("ignore", "AWS ended its support of Proton", FutureWarning)
            code = app.main(list(arguments), "unisync", standalone_mode=False, obj=context)
    except click.ClickException as error:
        _print_error(error, output)
        return error.exit_code
    except OSError as error:  # by click, which writes the help and the version itself
        output.echo(f"Error: could not write to stdout: {error}")
        return Exit.ERROR
    except (click.Abort, KeyboardInterrupt):
        output.echo("Interrupted.")
        return Exit.INTERRUPTED
    except TerminatedError:
        output.echo("Terminated.")
        return Exit.TERMINATED
    return code if isinstance(code, int) else Exit.SYNCED


def _print_error(error: click.ClickException, output: Output) -> None:
    """Print the message of an error, with the usage if the arguments are wrong."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        output.echo_lines(error.format_message())
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        output.echo_lines(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n")
    output.echo_message(f"Error: {error.format_message()}")
    if isinstance(error, HintedError):
        output.echo(error.hint)
