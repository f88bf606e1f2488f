"""tape: record the calls of a command, scrubbed, and compare them with what unisync expects of AWS."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from unisync.cli.connection import Settings
from unisync.cli.exit_codes import Exit
from unisync.cli.options import AppContext, Command, Group, writable
from unisync.cli.output import Form, Output
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unisync._core.exchanges import Exchange
    from unisync.testing.tape.file import Entry

_EXTRA = "Tapes need an extra: pip install 'unisync-aws[cli,emulator]'"
_PROGRAM = "unisync"
_is_recording = ContextVar("recording", default=False)
"""Whether the command runs within a recording."""


@click.group(
    cls=Group,
    short_help="Record calls to AWS, scrubbed, and compare them with the emulator.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def tape() -> None:
    """Record calls to AWS, scrubbed, and compare them with the emulator.

    A tape is a file with requests and replies. It shows how AWS behaves, and not whose account it is: accounts, names,
    ids, tokens and texts are replaced. Needs the extra emulator.
    """
    if _is_recording.get():
        raise click.UsageError("A recording is in progress: pass another command to record after --.")


@tape.command(
    cls=Command,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    examples=(
        "tape record --output tape.jsonl -- unisync wait codeconnections:payments-prod",
        "tape record --output tape.jsonl --yes -- status --region eu-west-1",
    ),
)
@click.option(
    "--output",
    "file",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False),
    callback=writable,
    help="Tape to write.",
)
@click.option("--yes", "-y", is_flag=True, help="Keep the tape without asking; required where there is no terminal.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.argument("arguments", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def record(context: AppContext, file: Path, yes: bool, force: bool, arguments: tuple[str, ...]) -> int:
    """Record the calls of a command to a tape.

    Runs COMMAND, a command line of unisync, and records its requests and the replies. They are scrubbed: accounts,
    names, ids, tokens and texts are replaced, the same by the same everywhere. Shapes, states, types of events, orders
    and times stay. Credentials are never recorded.

    The scrubbed tape is shown, and kept once you confirm it. The exit code is that of COMMAND, or 1 if nothing is kept.
    """
    if context.settings != Settings():
        raise click.UsageError("Pass the AWS options after --, with the command that is recorded.")
    if not force and file.exists():
        raise click.UsageError(f"{file} exists: pass --force to replace it.")
    command = arguments[1:] if arguments[0] == _PROGRAM else arguments
    if not command or command[0] == "tape":
        raise click.UsageError("Pass the command to record after --.")
    try:
        import_module("unisync.testing.tape.recording")
    except ImportError as error:
        raise click.ClickException(_EXTRA) from error
    output = Output(context.stdout, context.stderr, quiet=context.quiet)
    exchanges: list[Exchange] = []
    code = _run(context, exchanges, command)
    return _keep(output, exchanges, file, yes=yes, force=force) or code


def _run(context: AppContext, exchanges: list[Exchange], command: Sequence[str]) -> int:
    from unisync._core.exchanges import listening

    assert context.run is not None
    token = _is_recording.set(True)
    try:
        with listening(exchanges.append):
            return context.run(command, context.client_options)
    finally:
        _is_recording.reset(token)


def _keep(output: Output, exchanges: Sequence[Exchange], file: Path, *, yes: bool, force: bool) -> int:
    """Show a tape, and write it if it may be kept."""
    from unisync.testing.tape.file import dumped
    from unisync.testing.tape.recording import keep, scrubbed

    if not exchanges:
        output.echo("Nothing was recorded: the command made no calls that were answered.")
        return Exit.ERROR
    try:
        entries = scrubbed(exchanges)
    except UnisyncError as error:
        raise click.ClickException(f"Nothing is kept: {error}") from error
    _show(output, entries)
    if not yes:
        if not (cast("object", sys.stdin) is not None and sys.stdin.isatty()):
            output.echo("Nothing is kept: there is no terminal to ask on. Pass --yes to keep the tape.")
            return Exit.ERROR
        if not output.confirm(f"Keep these {len(entries)} calls, as shown above, in {file}?"):
            output.echo("Nothing is kept.")
            return Exit.ERROR
    try:
        keep(file, dumped(entries), overwrite=force)
    except OSError as error:
        raise click.ClickException(f"Cannot write {file}: {error.strerror or error}") from error
    output.echo(f"Kept {len(entries)} calls in {file}. Next: unisync tape compare {file}")
    return Exit.SYNCED


def _show(output: Output, entries: Sequence[Entry]) -> None:
    """Print the calls of a tape, and every string on it."""
    from unisync.testing.tape.fields import Kind
    from unisync.testing.tape.recording import strings_of

    calls = Counter((entry.service, entry.operation, entry.status) for entry in entries)
    output.echo("The tape, scrubbed:")
    for (service, operation, status), count in calls.items():
        output.echo(f"{count} x {service} {operation}: {status}", indent=2)
    found: dict[Kind, set[str]] = {kind: set() for kind in Kind}
    for text, kind in strings_of(entries):
        found[kind].add(text)
    titles = {
        Kind.NAME: "Names, ids and tokens, all of them replaced:",
        Kind.TEXT: "Texts, with AWS's words kept:",
        Kind.WORD: "AWS's words, kept:",
        Kind.DATE: "Times, kept:",
        Kind.REGION: "Regions, kept:",
        Kind.FIELD: "Names of fields that AWS's models do not have, kept:",
    }
    for kind, title in titles.items():
        if found[kind]:
            output.echo(title)
            for text in sorted(found[kind]):
                output.echo(text, indent=2)
    output.echo(
        "Beside these, it has the names of fields that AWS's models have, numbers, times, and the versions of unisync "
        "and boto3."
    )


@tape.command(cls=Command, examples=("tape compare tape.jsonl", "tape compare tape.jsonl -o json"))
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    "form",
    type=click.Choice(["table", "json", "jsonl"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.pass_obj
def compare(context: AppContext, file: Path, form: Form) -> int:
    """Compare a tape with unisync's models and with the emulator.

    Each reply is read by the model of its operation: nothing may be unknown or lost. And it is compared with what the
    emulator answers to the operation: status and error code, fields and their types, the order and the types of events,
    the forms of texts. Each difference is printed once, at the first call that has it. The exit code is 1 if there is
    one.
    """
    try:
        from unisync.testing.tape import compare as comparing
        from unisync.testing.tape.file import load
    except ImportError as error:
        raise click.ClickException(_EXTRA) from error
    output = Output(context.stdout, context.stderr, form, quiet=context.quiet)
    try:
        entries = load(file)
    except (UnisyncError, OSError) as error:
        raise click.ClickException(f"Cannot read the tape: {error}") from error
    found = comparing.compare(entries)
    if form == "table":
        output.write("".join(f"{output.sanitize(str(each))}\n" for each in found.differences))
    else:
        records = [each.as_json() for each in found.differences]
        output.write(
            json.dumps(records, indent=2) + "\n"
            if form == "json"
            else "".join(f"{json.dumps(each)}\n" for each in records)
        )
    for each in found.not_compared:
        output.echo(f"Not compared: {each}, which unisync does not call.")
    count = len(found.differences)
    output.echo(f"{count} difference{'' if count == 1 else 's'} in {len(entries)} calls.")
    return Exit.ERROR if found.differences or output.has_lost_data else Exit.SYNCED
