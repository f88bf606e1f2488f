"""What several commands take: references, durations, a form of output, and where AWS is."""

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

from unisync._models.refs import SyncRef, parse_fleet_ref, parse_ref
from unisync.cli.connection import ClientOptions, Connection, Settings
from unisync.cli.exit_codes import Exit, exit_of
from unisync.cli.hints import advice_for
from unisync.cli.output import FORMS, Form, Output
from unisync.errors import InvalidArgumentError, UnisyncError

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob

P = ParamSpec("P")
Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[hms])+|\d+(?:\.\d+)?")
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")

LONGEST_DURATION = 315_360_000.0
"""Seconds: ten years."""


@dataclass
class Surroundings:
    """What a command runs in."""

    stdout: TextIO
    stderr: TextIO
    own: ClientOptions | None = None
    """What the client is made of, where the command runs within another program."""
    run: Callable[[Sequence[str], ClientOptions], int] | None = None
    """Runs another command in the same surroundings."""
    settings: Settings = field(default_factory=Settings)
    """What the options before the command say."""


@dataclass
class Cli:
    """What a command works with."""

    connection: Connection
    output: Output


def read_ref(text: str) -> SyncRef[SyncJob]:
    """The reference that a text stands for: plain, or ACCOUNT/REGION/REF.

    Raises:
        InvalidArgumentError: it is none.
    """
    service, _, _ = text.partition(":")
    return parse_fleet_ref(text) if "/" in service else parse_ref(text)


def _ref(context: click.Context, parameter: click.Parameter, text: str | None) -> SyncRef[SyncJob] | None:
    if text is None:
        return None
    try:
        return read_ref(text)
    except InvalidArgumentError as error:
        raise click.BadParameter(str(error).removeprefix("text: "), context, parameter) from error


def _refs(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> list[SyncRef[SyncJob]]:
    return [cast("SyncRef[SyncJob]", _ref(context, parameter, text)) for text in texts]


def _refs_of_file(
    context: click.Context, parameter: click.Parameter, path: str | None
) -> list[SyncRef[SyncJob]] | None:
    """One reference a line; what follows a # is a comment."""
    if path is None:
        return None
    try:
        if path == "-" and cast("object", sys.stdin) is None:
            raise OSError("stdin is closed")
        with click.open_file(path, encoding="utf-8-sig") as file:
            lines = [line.partition("#")[0].strip() for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"expected a file of text: {error}", context, parameter) from error
    refs: list[SyncRef[SyncJob]] = []
    for number, line in enumerate(lines, 1):
        try:
            refs += [read_ref(line)] if line else []
        except InvalidArgumentError as error:
            message = f"line {number}: {str(error).removeprefix('text: ')}"
            raise click.BadParameter(message, context, parameter) from error
    return refs


def writable(context: click.Context, parameter: click.Parameter, path: str | None) -> Path | None:
    """A file that can be written, as far as that can be told before it is; - is stdout."""
    if path is None:
        return None
    file = Path(path)
    if path != "-" and (file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK)):
        raise click.BadParameter(f"expected a file that can be written, got {path!r}", context, parameter)
    return file


def _duration(context: click.Context, parameter: click.Parameter, text: str) -> float:
    """Seconds."""
    written = text.strip().lower()
    parts = re.findall(r"([\d.]+)([hms]?)", written) if _DURATION.fullmatch(written) else []
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not parts or seconds > LONGEST_DURATION:
        message = f"expected such as 90s, 15m or 1h30m, and ten years at the most, got {text!r:.60}"
        raise click.BadParameter(message, context, parameter)
    return seconds


def _time_limit(context: click.Context, parameter: click.Parameter, text: str) -> float | None:
    """Seconds; None for "none"."""
    return None if text.strip().lower() == "none" else _duration(context, parameter, text)


def _regions_given(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _REGION.fullmatch(name):
            raise click.BadParameter(f"expected such as eu-west-1, got {name!r}", context, parameter)
    return names


def _url(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and not re.match(r"https?://[^/]", text):
        raise click.BadParameter(f"expected such as https://host, got {text!r}", context, parameter)
    return text


def _revision(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    from unisync._waiters.arguments import checked_revision

    try:
        return checked_revision(text)
    except InvalidArgumentError as error:
        raise click.BadParameter(str(error).removeprefix("revision: "), context, parameter) from error


def _completing(choices: Callable[[], Iterable[str]]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    return lambda _context, _parameter, begun: [choice for choice in choices() if choice.startswith(begun)]


def _regions() -> Iterable[str]:
    from unisync._botocore.regions import available_regions

    return available_regions("codeconnections")


def _profiles() -> Iterable[str]:
    import botocore.session

    return botocore.session.Session().available_profiles


def ref_argument(function: Command) -> Command:
    """Give a command the argument REF."""
    return click.argument("ref", metavar="REF", callback=_ref)(function)


def refs_argument(*, required: bool) -> Decorator:
    """Give a command any number of arguments REF."""
    metavar = "REF..." if required else "[REF]..."
    return click.argument("refs", metavar=metavar, nargs=-1, required=required, callback=_refs)


def file_option(function: Command) -> Command:
    """Give a command the option --file."""
    return click.option(
        "--file",
        "-f",
        "listed",
        metavar="FILE",
        type=click.Path(),
        callback=_refs_of_file,
        help="A file with one REF a line, and comments after a #; - is stdin.",
    )(function)


def duration_option(name: str, default: str, help: str, *, can_be_none: bool = False) -> Decorator:
    """Give a command an option that takes a duration."""
    callback = _time_limit if can_be_none else _duration
    return click.option(name, metavar="DURATION", default=default, show_default=True, callback=callback, help=help)


def revision_option(function: Command) -> Command:
    """Give a command the option --revision."""
    return click.option(
        "--revision",
        metavar="SHA",
        callback=_revision,
        help="The commit that is waited for: its sha, or at least the first 7 digits.",
    )(function)


_CONNECTION = (
    click.option("--profile", metavar="NAME", shell_complete=_completing(_profiles), help="The AWS profile to use."),
    click.option(
        "--region",
        "regions",
        metavar="NAME",
        multiple=True,
        callback=_regions_given,
        shell_complete=_completing(_regions),
        help="The AWS region. More than once: a fleet of these regions.",
    ),
    click.option("--endpoint-url", metavar="URL", callback=_url, help="Where to connect to instead of AWS."),
    click.option(
        "--role-arn",
        "role_arns",
        metavar="ARN",
        multiple=True,
        help="A role to assume. More than once: a fleet of the roles' accounts.",
    ),
    click.option("--external-id", metavar="TEXT", help="What the roles ask to be told, if they do."),
    click.option(
        "--codeconnections-service",
        type=click.Choice(["codeconnections", "codestar-connections"]),
        help="The name under which CodeConnections is asked, as permissions may speak of the older one.",
    ),
    click.option("--debug", is_flag=True, help="Log each call to AWS on stderr."),
)


def connection_options(function: Command) -> Command:
    """Give a command the options that say where AWS is."""
    for option in reversed(_CONNECTION):
        function = option(function)
    return function


def connected(forms: Sequence[Form] = FORMS) -> Callable[[Callable[Concatenate[Cli, P], int]], Command]:
    """Give a command the options that say where AWS is and, where it has a choice, the form of its output."""

    def decorated(function: Callable[Concatenate[Cli, P], int]) -> Command:
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
            around = context.ensure_object(Surroundings)
            given = Settings(profile, regions, endpoint_url, role_arns, external_id, codeconnections_service)
            log(debug)
            connection = Connection(given.over(around.settings), around.own)
            output = Output(around.stdout, around.stderr, form)
            if connection.settings.external_id is not None and not connection.settings.role_arns:
                raise click.UsageError("--external-id goes with --role-arn.")
            try:
                code = function(Cli(connection, output), *args, **kwargs)
                return code or (Exit.ERROR if output.has_lost_data else Exit.IN_PLACE)
            except UnisyncError as error:
                output.say(f"Error: {error}")
                output.say(advice_for(error, connection.settings))
                raise click.exceptions.Exit(exit_of(error)) from error
            finally:
                connection.close()

        whole = connection_options(command)
        if forms:
            whole = click.option(
                "--output",
                "-o",
                "form",
                type=click.Choice(forms),
                default="table",
                show_default=True,
                help="How data is printed.",
            )(whole)
        return whole

    return decorated


def log(debug: bool) -> None:
    """Log each call on stderr, or nothing at all: what matters of it is said by the command."""
    import logging

    logger = logging.getLogger("unisync")
    if debug:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    elif not logger.handlers:
        logger.addHandler(logging.NullHandler())
