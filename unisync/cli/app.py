"""The command as a whole: its commands, and how an end of any kind becomes an exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO

import click

from unisync.cli.commands import completion, configure, demo, inspect, report, status, wait, watch
from unisync.cli.connection import ClientOptions, Settings
from unisync.cli.exit_codes import EXIT_CODES, Exit
from unisync.cli.options import Surroundings, connection_options, log
from unisync.cli.output import Output

_HELP = """\
Is my commit live, and if not, why not?

For the sync jobs of AWS IoT TwinMaker, the Git sync of AWS Proton, and that of CloudFormation stacks by AWS
CodeConnections. REF says which sync is meant:

\b
    codeconnections:STACK
    proton:SERVICE/INSTANCE
    proton-template:TYPE/TEMPLATE/VERSION
    twinmaker:WORKSPACE

The options that say where AWS is may stand here or behind the command.
"""


@click.group(help=_HELP, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="unisync-aws", prog_name="unisync", message="%(prog)s %(version)s")
@connection_options
@click.pass_obj
def app(
    around: Surroundings,
    profile: str | None,
    regions: tuple[str, ...],
    endpoint_url: str | None,
    role_arns: tuple[str, ...],
    external_id: str | None,
    codeconnections_service: Any,
    debug: bool,
) -> None:
    """Note what the options before the command say."""
    around.settings = Settings(profile, regions, endpoint_url, role_arns, external_id, codeconnections_service)
    log(debug)


for _command in (
    status.get,
    status.status,
    wait.wait,
    watch.watch,
    inspect.events,
    inspect.blockers,
    inspect.resolve,
    report.report,
    configure.create,
    configure.delete,
    demo.demo,
    demo.emulator,
    completion.completion,
):
    app.add_command(_command)


class _TerminatedError(BaseException):
    """SIGTERM came: what is open is closed, and the terminal left as it was found, on the way out."""


def run(
    arguments: Sequence[str],
    own: ClientOptions | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Run a command.

    Args:
        arguments: What stands behind `unisync`.
        own: What the client is made of, where that is not for the options to say.
        stdout: Where data goes; by default where that of this process goes.
        stderr: Where all else goes, likewise.

    Returns:
        The exit code.
    """
    out, err = stdout or sys.stdout, stderr or sys.stderr
    around = Surroundings(out, err, own, lambda words, options: run(words, options, out, err))
    output = Output(around.stdout, around.stderr)
    try:
        with _terminable():
            code = app.main(list(arguments), "unisync", standalone_mode=False, obj=around)
    except click.ClickException as error:
        return _refused(error, output)
    except (click.Abort, KeyboardInterrupt):
        output.say("Interrupted.")
        return Exit.INTERRUPTED
    except _TerminatedError:
        output.say("Terminated.")
        return Exit.TERMINATED
    return code if isinstance(code, int) else Exit.IN_PLACE


def _refused(error: click.ClickException, output: Output) -> int:
    """Say how a command is used, or what else is wrong."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        output.say_lines(error.format_message())
        return error.exit_code
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        output.say_lines(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n")
    output.say(f"Error: {error.format_message()}")
    return error.exit_code


@contextmanager
def _terminable() -> Generator[None]:
    """Have SIGTERM end the command as Ctrl-C does."""

    def terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # what a signal handler is given
        raise _TerminatedError

    try:
        before = signal.signal(signal.SIGTERM, terminate)
    except ValueError:  # not in the main thread: signals are somebody else's
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
