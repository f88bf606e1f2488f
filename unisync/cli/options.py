"""Arguments and options that several commands share: references, durations, the output format, the connection."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TextIO, cast

import click
from typing_extensions import override

from unisync._models.refs import FleetSync, SyncRef, TwinMakerSync, parse_any_ref
from unisync.cli.connection import Connection, Settings
from unisync.cli.exit_codes import Exit, exit_code_for
from unisync.cli.hints import hint_for
from unisync.cli.output import FORMS, Form, Output
from unisync.errors import InvalidArgumentError, UnisyncError

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob
    from unisync.emulator import ClientOptions

P = ParamSpec("P")
Function = Callable[..., Any]
Decorator = Callable[[Function], Function]

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
    run: Callable[[Sequence[str], ClientOptions | None], int] | None = None
    """Runs another command with the same streams."""
    settings: Settings = field(default_factory=Settings)
    """The connection options that were given before the command."""
    quiet: bool = False
    """Whether --quiet was given before the command."""


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


def parsed_refs(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> list[SyncRef[SyncJob]]:
    """The references of an argument that takes any number of them."""
    return [cast("SyncRef[SyncJob]", _ref(context, parameter, text)) for text in texts]


class Listed(NamedTuple):
    """A line of a file of references."""

    ref: SyncRef[SyncJob]
    revision: str | None = None
    """The commit to wait for."""


def _listed(context: click.Context, parameter: click.Parameter, path: str | None) -> list[Listed] | None:
    """The lines of a file: a reference in each, a commit behind it where the command takes one, and # comments."""
    if path is None:
        return None
    try:
        if path == "-" and cast("object", sys.stdin) is None:
            raise OSError("stdin is closed")
        with click.open_file(path, encoding="utf-8-sig") as file:
            lines = [line.partition("#")[0].split() for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"cannot read the file: {error}", context, parameter) from error
    takes_revisions = any(each.name == "revision" for each in context.command.params)
    try:
        return [_line(number, words, takes_revisions) for number, words in enumerate(lines, 1) if words]
    except InvalidArgumentError as error:
        raise click.BadParameter(str(error), context, parameter) from error


def _line(number: int, words: Sequence[str], takes_revisions: bool) -> Listed:
    from unisync._waiters.wanted import Wanted

    try:
        ref = parse_any_ref(words[0])
        if len(words) == 1:
            return Listed(ref)
        expect = InvalidArgumentError.unless
        expect(takes_revisions, "text", "only a reference, as this command takes no commits", " ".join(words))
        expect(len(words) == 2, "text", "a reference and a commit", " ".join(words))
        wanted = Wanted.checked(words[1])
    except InvalidArgumentError as error:
        reason = str(error).removeprefix("text: ").removeprefix("revision: ")
        raise InvalidArgumentError(f"line {number}: {reason}") from error
    if not follows_commits(ref):
        raise InvalidArgumentError(f"line {number}: {ref} does not follow commits")
    return Listed(ref, None if wanted is None else wanted.text)


def follows_commits(ref: SyncRef[SyncJob]) -> bool:
    """Whether a sync follows commits: all but TwinMaker's do."""
    return not isinstance(ref.sync if isinstance(ref, FleetSync) else ref, TwinMakerSync)


def writable(context: click.Context, parameter: click.Parameter, path: str | None) -> Path | None:
    """Check early that a file can be written; - is stdout."""
    if path is None:
        return None
    file = Path(path)
    if path != "-" and (file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK)):
        raise click.BadParameter(f"cannot write to {path!r}", context, parameter)
    return file


def parsed_duration(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """The seconds of an option or an argument that takes a duration; None if the option is not given."""
    if text is None:
        return None
    clean = text.strip().lower()
    parts = re.findall(r"([\d.]+)([hms]?)", clean) if _DURATION.fullmatch(clean) else []
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not parts:
        raise click.BadParameter(f"invalid duration {text!r:.60}: use e.g. 90s, 15m, 1h30m", context, parameter)
    if seconds > MAX_DURATION:
        raise click.BadParameter(f"invalid duration {text!r:.60}: use at most 10 years", context, parameter)
    return seconds


def _timeout(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """Seconds; None for "none", or if the option is not given."""
    is_none = text is not None and text.strip().lower() == "none"
    return None if is_none else parsed_duration(context, parameter, text)


def _above_zero(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    seconds = parsed_duration(context, parameter, text)
    if seconds == 0:
        raise click.BadParameter("must be above zero", context, parameter)
    return seconds


def _moment(context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """A date and time with a time zone."""
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901  # one without a time zone
    if moment is not None and moment.utcoffset() is None:
        message = f"invalid time {text!r:.60}: use e.g. 2026-11-22T18:44:12Z, with a time zone"
        raise click.BadParameter(message, context, parameter)
    return moment


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


def ref_argument(function: Function) -> Function:
    """Add the argument REF to a command."""
    return click.argument("ref", metavar="REF", callback=_ref)(function)


def refs_argument(*, required: bool) -> Decorator:
    """Add any number of arguments REF to a command."""
    metavar = "REF..." if required else "[REF]..."
    return click.argument("refs", metavar=metavar, nargs=-1, required=required, callback=parsed_refs)


def file_option(help: str) -> Decorator:
    """Add the option --file to a command. If the command has --revision too, a line may name a commit."""
    return click.option("--file", "-f", "listed", metavar="FILE", type=click.Path(), callback=_listed, help=help)


REFS_FILE = "File with one REF per line and # comments; - is stdin."


def duration_option(
    name: str, default: str | None, help: str, *, can_be_none: bool = False, above_zero: bool = False
) -> Decorator:
    """Add an option that takes a duration to a command."""
    callback = _timeout if can_be_none else _above_zero if above_zero else parsed_duration
    return click.option(name, metavar="DURATION", default=default, show_default=True, callback=callback, help=help)


def moment_option(name: str, help: str) -> Decorator:
    """Add an option that takes a date and time to a command."""
    return click.option(name, metavar="TIME", callback=_moment, help=help)


def junit_option(function: Function) -> Function:
    """Add the option --junit to a command."""
    return click.option(
        "--junit",
        "report",
        metavar="FILE",
        type=click.Path(),
        callback=writable,
        help="Write a JUnit report to a file.",
    )(function)


def explain_option(function: Function) -> Function:
    """Add the option --explain to a command that waits."""
    return click.option(
        "--explain/--no-explain",
        default=True,
        show_default=True,
        help="Explain a wait that failed, was blocked or timed out, as the command explain does, in at most 20 s.",
    )(function)


def revision_option(function: Function) -> Function:
    """Add the option --revision to a command."""
    return click.option(
        "--revision",
        metavar="SHA",
        callback=_revision,
        help="Commit to wait for: its SHA, or at least the first 7 digits.",
    )(function)


def dry_run_option(function: Function) -> Function:
    """Add the option --dry-run to a command."""
    return click.option("--dry-run", is_flag=True, help="Say what would be sent to AWS, and change nothing.")(function)


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
    duration_option(
        "--request-timeout", None, "How long a call to AWS may take, with its retries. [default: 60s]", above_zero=True
    ),
    click.option("--debug", is_flag=True, help="Log every AWS call to stderr."),
)
_QUIET = click.option("--quiet", "-q", is_flag=True, help="Print no progress to stderr, only errors and hints.")

AWS_OPTIONS = frozenset(each.name for each in fields(Settings)) | {"debug"}
"""The parameters that help shows in a group of their own."""


class _Grouped(click.Command):
    """Help with the AWS options in a group of their own."""

    @override
    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {"Options": [], "AWS options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                groups["AWS options" if param.name in AWS_OPTIONS else "Options"].append(record)
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)


class Command(_Grouped):
    """A command, with examples in its help."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.examples: tuple[str, ...] = tuple(f"unisync {example}" for example in examples)

    @override
    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
        super().format_options(ctx, formatter)


class Group(_Grouped, click.Group):
    """The command as a whole."""

    @override
    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _Grouped.format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


class LazyCommands(MutableMapping[str, click.Command]):
    """The commands of a group, by name. Each is loaded when it is first needed."""

    def __init__(self, load: Callable[[str], click.Command], names: Iterable[str]) -> None:
        self._load = load
        self._found: dict[str, click.Command | None] = dict.fromkeys(names)

    @override
    def __getitem__(self, name: str) -> click.Command:
        found = self._found[name]
        if found is None:
            found = self._found[name] = self._load(name)
        return found

    @override
    def __setitem__(self, name: str, command: click.Command) -> None:
        self._found[name] = command

    @override
    def __delitem__(self, name: str) -> None:
        del self._found[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    @override
    def __len__(self) -> int:
        return len(self._found)


def connection_options(function: Function) -> Function:
    """Add the connection options, and --quiet, to a command."""
    for option in reversed((_QUIET, *_CONNECTION)):
        function = option(function)
    return function


def connected(forms: Sequence[Form] = FORMS) -> Callable[[Callable[Concatenate[Cli, P], int]], Function]:
    """Add the connection options to a command and, if there are several formats, the option --output.

    The command gets a `Cli` as its first argument. If it raises a `UnisyncError`, the message and a hint are printed.
    """

    def decorate(function: Callable[Concatenate[Cli, P], int]) -> Function:
        @click.pass_context
        @functools.wraps(function)
        def command(
            context: click.Context, /, *args: Any, debug: bool, quiet: bool, form: Form = "table", **options: Any
        ) -> int:
            app = context.ensure_object(AppContext)
            given = Settings.take(options)
            configure_logging(debug)
            connection = Connection(given.with_fallback(app.settings), app.client_options)
            output = Output(app.stdout, app.stderr, form, quiet=quiet or app.quiet, location_of=connection.location_of)
            if connection.settings.external_id is not None and not connection.settings.role_arns:
                raise click.UsageError("--external-id requires --role-arn.")
            try:
                code: int = cast("Any", function)(Cli(connection, output), *args, **options)
                return code or (Exit.ERROR if output.has_lost_data else Exit.SYNCED)
            except UnisyncError as error:
                output.echo_message(f"Error: {error}")
                output.echo(hint_for(error, connection.settings, _only_ref(context)))
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


def _only_ref(context: click.Context) -> SyncRef[SyncJob] | None:
    """The sync of a command that takes one."""
    return cast("SyncRef[SyncJob] | None", context.params.get("ref"))


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
