"""Arguments and options that several commands share: references, durations, the output format, the connection."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TextIO, cast

import click

from unisync._models.refs import SyncRef, parse_any_ref
from unisync.cli.connection import Connection, Settings
from unisync.cli.exit_codes import Exit, exit_code_for
from unisync.cli.hints import hint_for
from unisync.cli.output import FORMS, Form, Output
from unisync.errors import InvalidArgumentError, UnisyncError

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob
    from unisync.emulator import ClientOptions

P = ParamSpec("P")
Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[hms])+|\d+(?:\.\d+)?")
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")

MAX_DURATION = 315_360_000.0
"""Seconds: ten years."""


@dataclass
class AppContext:
    """What all commands of one run share."""

    stdout: TextIO
    stderr: TextIO
    client_options: ClientOptions | None = None
    """The client's arguments from a caller in the same process."""
    run: Callable[[Sequence[str], ClientOptions], int] | None = None
    """Runs another command with the same streams."""
    settings: Settings = field(default_factory=Settings)
    """The connection options that were given before the command."""


@dataclass
class Cli:
    """The connection and the output of a command."""

    connection: Connection
    output: Output


def _ref(context: click.Context, parameter: click.Parameter, text: str | None) -> SyncRef[SyncJob] | None:
    if text is None:
        return None
    try:
        return parse_any_ref(text)
    except InvalidArgumentError as error:
        raise click.BadParameter(str(error).removeprefix("text: "), context, parameter) from error


def _refs(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> list[SyncRef[SyncJob]]:
    return [cast("SyncRef[SyncJob]", _ref(context, parameter, text)) for text in texts]


def _refs_of_file(
    context: click.Context, parameter: click.Parameter, path: str | None
) -> list[SyncRef[SyncJob]] | None:
    """The references of a file: one per line, with # comments."""
    if path is None:
        return None
    try:
        if path == "-" and cast("object", sys.stdin) is None:
            raise OSError("stdin is closed")
        with click.open_file(path, encoding="utf-8-sig") as file:
            lines = [line.partition("#")[0].strip() for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"cannot read the file: {error}", context, parameter) from error
    refs: list[SyncRef[SyncJob]] = []
    for number, line in enumerate(lines, 1):
        try:
            refs += [parse_any_ref(line)] if line else []
        except InvalidArgumentError as error:
            message = f"line {number}: {str(error).removeprefix('text: ')}"
            raise click.BadParameter(message, context, parameter) from error
    return refs


def writable(context: click.Context, parameter: click.Parameter, path: str | None) -> Path | None:
    """Check early that a file can be written; - is stdout."""
    if path is None:
        return None
    file = Path(path)
    if path != "-" and (file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK)):
        raise click.BadParameter(f"cannot write to {path!r}", context, parameter)
    return file


def _duration(context: click.Context, parameter: click.Parameter, text: str) -> float:
    """Seconds."""
    clean = text.strip().lower()
    parts = re.findall(r"([\d.]+)([hms]?)", clean) if _DURATION.fullmatch(clean) else []
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not parts:
        raise click.BadParameter(f"invalid duration {text!r:.60}: use e.g. 90s, 15m, 1h30m", context, parameter)
    if seconds > MAX_DURATION:
        raise click.BadParameter(f"invalid duration {text!r:.60}: use at most 10 years", context, parameter)
    return seconds


def _timeout(context: click.Context, parameter: click.Parameter, text: str) -> float | None:
    """Seconds; None for "none"."""
    return None if text.strip().lower() == "none" else _duration(context, parameter, text)


def _regions(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _REGION.fullmatch(name):
            raise click.BadParameter(f"invalid region {name!r}: use e.g. eu-west-1", context, parameter)
    return names


def _url(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and not re.match(r"https?://[^/]", text):
        raise click.BadParameter(f"invalid URL {text!r}: use e.g. https://host", context, parameter)
    return text


def _revision(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    from unisync._waiters.wanted import Wanted

    try:
        wanted = Wanted.checked(text)
    except InvalidArgumentError as error:
        raise click.BadParameter(str(error).removeprefix("revision: "), context, parameter) from error
    return None if wanted is None else wanted.text


def _completing(choices: Callable[[], Iterable[str]]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    return lambda _context, _parameter, typed: [choice for choice in choices() if choice.startswith(typed)]


def _known_regions() -> Iterable[str]:
    from unisync._botocore.regions import available_regions

    return available_regions("codeconnections")


def _known_profiles() -> Iterable[str]:
    import botocore.session

    return botocore.session.Session().available_profiles


def ref_argument(function: Command) -> Command:
    """Add the argument REF to a command."""
    return click.argument("ref", metavar="REF", callback=_ref)(function)


def refs_argument(*, required: bool) -> Decorator:
    """Add any number of arguments REF to a command."""
    metavar = "REF..." if required else "[REF]..."
    return click.argument("refs", metavar=metavar, nargs=-1, required=required, callback=_refs)


def file_option(function: Command) -> Command:
    """Add the option --file to a command."""
    return click.option(
        "--file",
        "-f",
        "listed",
        metavar="FILE",
        type=click.Path(),
        callback=_refs_of_file,
        help="File with one REF per line and # comments; - is stdin.",
    )(function)


def duration_option(name: str, default: str, help: str, *, can_be_none: bool = False) -> Decorator:
    """Add an option that takes a duration to a command."""
    callback = _timeout if can_be_none else _duration
    return click.option(name, metavar="DURATION", default=default, show_default=True, callback=callback, help=help)


def revision_option(function: Command) -> Command:
    """Add the option --revision to a command."""
    return click.option(
        "--revision",
        metavar="SHA",
        callback=_revision,
        help="Commit to wait for: its SHA, or at least the first 7 digits.",
    )(function)


_CONNECTION = (
    click.option("--profile", metavar="NAME", shell_complete=_completing(_known_profiles), help="AWS profile."),
    click.option(
        "--region",
        "regions",
        metavar="NAME",
        multiple=True,
        callback=_regions,
        shell_complete=_completing(_known_regions),
        help="AWS region; repeatable, for several regions.",
    ),
    click.option("--endpoint-url", metavar="URL", callback=_url, help="Endpoint to call instead of AWS."),
    click.option(
        "--role-arn",
        "role_arns",
        metavar="ARN",
        multiple=True,
        help="Role to assume; repeatable, for several accounts.",
    ),
    click.option("--external-id", metavar="TEXT", help="External ID for AssumeRole."),
    click.option(
        "--codeconnections-service",
        type=click.Choice(["codeconnections", "codestar-connections"]),
        help="Name of CodeConnections in API calls; IAM policies may allow only the old one.",
    ),
    click.option("--debug", is_flag=True, help="Log every AWS call to stderr."),
)


def connection_options(function: Command) -> Command:
    """Add the connection options to a command."""
    for option in reversed(_CONNECTION):
        function = option(function)
    return function


def connected(forms: Sequence[Form] = FORMS) -> Callable[[Callable[Concatenate[Cli, P], int]], Command]:
    """Add the connection options to a command and, if there are several formats, the option --output.

    The command gets a `Cli` as its first argument. If it raises a `UnisyncError`, the message and a hint are printed.
    """

    def decorate(function: Callable[Concatenate[Cli, P], int]) -> Command:
        @click.pass_context
        @functools.wraps(function)
        def command(
            context: click.Context,
            /,
            *args: Any,
            profile: str | None,
            regions: tuple[str, ...],
            endpoint_url: str | None,
            role_arns: tuple[str, ...],
            external_id: str | None,
            codeconnections_service: Literal["codeconnections", "codestar-connections"] | None,
            debug: bool,
            form: Form = "table",
            **kwargs: Any,
        ) -> int:
            app = context.ensure_object(AppContext)
            given = Settings(profile, regions, endpoint_url, role_arns, external_id, codeconnections_service)
            configure_logging(debug)
            connection = Connection(given.with_fallback(app.settings), app.client_options)
            output = Output(app.stdout, app.stderr, form)
            if connection.settings.external_id is not None and not connection.settings.role_arns:
                raise click.UsageError("--external-id requires --role-arn.")
            try:
                code = function(Cli(connection, output), *args, **kwargs)
                return code or (Exit.ERROR if output.has_lost_data else Exit.SYNCED)
            except UnisyncError as error:
                output.echo(f"Error: {error}")
                output.echo(hint_for(error, connection.settings))
                raise click.exceptions.Exit(exit_code_for(error)) from error
            finally:
                connection.close()

        decorated = connection_options(command)
        if forms:
            decorated = click.option(
                "--output",
                "-o",
                "form",
                type=click.Choice(forms),
                default="table",
                show_default=True,
                help="Output format.",
            )(decorated)
        return decorated

    return decorate


def configure_logging(debug: bool) -> None:
    """Log every call to stderr with --debug, otherwise nothing: the commands print what matters."""
    import logging

    logger = logging.getLogger("unisync")
    if debug:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    elif not logger.handlers:
        logger.addHandler(logging.NullHandler())
