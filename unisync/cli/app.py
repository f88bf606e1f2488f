"""The command as a whole: its subcommands, and the exit code for every way it can end."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

import click

from unisync.cli.commands.blockers import blockers
from unisync.cli.commands.completion import completion
from unisync.cli.commands.create import create
from unisync.cli.commands.delete import delete
from unisync.cli.commands.demo import demo
from unisync.cli.commands.emulator import emulator
from unisync.cli.commands.events import events
from unisync.cli.commands.get import get
from unisync.cli.commands.report import report
from unisync.cli.commands.resolve import resolve
from unisync.cli.commands.status import status
from unisync.cli.commands.wait import wait
from unisync.cli.commands.watch import watch
from unisync.cli.connection import Settings
from unisync.cli.exit_codes import EXIT_CODES, Exit
from unisync.cli.hints import HintedError
from unisync.cli.options import AppContext, Group, configure_logging, connection_options
from unisync.cli.output import Output

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


@click.group(cls=Group, help=_HELP, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(
    None, "--version", "-V", package_name="unisync-aws", prog_name="unisync", message="%(prog)s %(version)s"
)
@connection_options
@click.pass_obj
def app(context: AppContext, /, debug: bool, quiet: bool, **options: Any) -> None:
    """Store the options that were given before the command."""
    context.settings = Settings.take(options)
    context.quiet = quiet
    configure_logging(debug)


for _command in (
    get,
    status,
    wait,
    watch,
    events,
    blockers,
    resolve,
    report,
    create,
    delete,
    demo,
    emulator,
    completion,
):
    app.add_command(_command)


class _TerminatedError(BaseException):
    """SIGTERM was received. As an exception, it closes connections and restores the terminal on its way."""


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
        with _sigterm_raised(), warnings.catch_warnings():
            # A user who names a sync of Proton sees what AWS responds.
            warnings.filterwarnings("ignore", "AWS ended its support of Proton", FutureWarning)
            code = app.main(list(arguments), "unisync", standalone_mode=False, obj=context)
    except click.ClickException as error:
        _print_error(error, output)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        output.echo("Interrupted.")
        return Exit.INTERRUPTED
    except _TerminatedError:
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


@contextmanager
def _sigterm_raised() -> Generator[None]:
    """Raise an exception on SIGTERM while the context lasts."""

    def terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signature of a signal handler
        raise _TerminatedError

    try:
        before = signal.signal(signal.SIGTERM, terminate)
    except ValueError:  # not in the main thread: the caller handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
