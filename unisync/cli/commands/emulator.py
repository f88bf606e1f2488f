"""emulator: a local AWS for clients in any language, and what happens in it."""

from __future__ import annotations

import http.client
import json
import threading
from typing import TYPE_CHECKING, Any, Literal

import click

from unisync.cli.control import DEFAULT_PORT, control_command, post_json
from unisync.cli.options import AppContext, Command, Group, LazyCommands, writable
from unisync.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from unisync.emulator import Emulator

_EXTRA = "The emulator needs an extra: pip install 'unisync-aws[cli,emulator]'"
_EVENT_TIMEOUT = 5.0
"""Seconds that a receiver of events may take for one."""

_STACK = "codeconnections:payments-prod"
_EXAMPLES = {
    "push": (f"push {_STACK} --sha 90aa21b --duration 10m", "push proton:web/prod --sha 90aa21b --outcome FAILED"),
    "retry": (f"retry {_STACK}", f"retry {_STACK} --outcome FAILED --reason 'no such parameter'"),
    "fail-branch": (f"fail-branch {_STACK} --sha 90aa21b", f"fail-branch {_STACK} --sha 90aa21b --file orders.yaml"),
    "modify": (f"modify {_STACK}", "modify proton:web/prod"),
    "block": (f"block {_STACK}", f"block {_STACK} --reason 'The stack was updated by hand'"),
    "unblock": (f"unblock {_STACK}", "unblock proton:web/prod --reason 'Reverted by hand'"),
    "fault": ("fault GetSyncJob ThrottlingException --times 3", "fault '*' http-503 --times none"),
    "throttle": (
        "throttle GetResourceSyncStatus --rate 5 --burst 10",
        "throttle GetSyncJob --rate 0.5 --service iottwinmaker",
    ),
    "clear-faults": ("clear-faults", "clear-faults --endpoint-url http://127.0.0.1:4577"),
    "advance": ("advance 10m", "advance 90s --endpoint-url http://127.0.0.1:4577"),
    "calls": ("calls", "calls --endpoint-url http://127.0.0.1:4577"),
    "add-stack": (
        "add-stack payments-prod --repository acme/infra",
        "add-stack payments-prod --repository acme/infra --branch live",
    ),
    "add-service-instance": (
        "add-service-instance web prod --repository acme/web",
        "add-service-instance web prod --own-branch live",
    ),
    "add-workspace": ("add-workspace factory", "add-workspace factory --region us-east-1"),
}
"""The subcommands, each with its examples. Their names are those of the methods."""


class _Emulator(Command, Group):
    """The command, which has examples and subcommands."""


def _load(name: str) -> click.Command:
    try:
        from unisync.emulator.control import ACTIONS, OF_ACCOUNT
    except ImportError as error:
        raise click.ClickException(_EXTRA) from error
    method, examples = name.replace("-", "_"), [f"emulator {each}" for each in _EXAMPLES[name]]
    return control_command(ACTIONS, method, examples, is_of_account=method in OF_ACCOUNT)


def _events(context: click.Context, parameter: click.Parameter, target: str | None) -> str | None:
    if target is not None and not target.startswith(("http://", "https://")):
        writable(context, parameter, target)
    return target


@click.group(
    cls=_Emulator,
    commands=LazyCommands(_load, _EXAMPLES),
    invoke_without_command=True,
    subcommand_metavar="[COMMAND [ARGS]...]",
    short_help="Run an emulated AWS until Ctrl-C, or act on a running one.",
    context_settings={"help_option_names": ["-h", "--help"]},
    examples=("emulator --sample", "emulator --port 0 --speed 60"),
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="Port; 0 for a free one."
)
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Emulated seconds per real second.",
)
@click.option(
    "--clock",
    type=click.Choice(["real", "manual"]),
    default="real",
    show_default=True,
    help="With manual, time stands still until a request advances it.",
)
@click.option(
    "--events",
    metavar="FILE|-|URL",
    callback=_events,
    help="Where to send the events that EventBridge would deliver: appended to a file or printed, as lines of JSON, "
    "or sent to a URL, as a POST request each.",
)
@click.option("--sample", is_flag=True, help="Start with sample resources.")
@click.pass_context
def emulator(
    context: click.Context,
    host: str,
    port: int,
    speed: float,
    clock: Literal["real", "manual"],
    events: str | None,
    sample: bool,
) -> int:
    """Run an emulated AWS until Ctrl-C, or act on a running one.

    Works with clients in any language: it prints the environment variables that point them to it. With a COMMAND, it
    acts on the emulator at --endpoint-url or AWS_ENDPOINT_URL, by default the one on this machine. Any program that can
    connect can do the same by HTTP. Needs the extra emulator.
    """
    if context.invoked_subcommand is not None:
        given = [each for each in context.params if _is_given(context, each)]
        if given:
            raise click.UsageError(f"--{given[0]} starts an emulator, and takes no COMMAND.")
        return 0
    app = context.ensure_object(AppContext)
    on_event = None if events is None else _sink(events, Output(app.stdout, app.stderr))
    aws = create_emulator(speed=speed, clock=clock, host=host, port=port, control=True, on_event=on_event)
    try:
        aws.start()
    except OSError as error:
        raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror or error}") from error
    with aws:
        if sample:
            from unisync.emulator._scenario.sample import load_sample

            load_sample(aws)
        stream = app.stderr if events == "-" else app.stdout
        for name, value in aws.environment().items():
            click.echo(f"export {name}={value}", stream)
        if aws.accepts_remote:
            click.echo(f"# It listens on {host}: everyone who can reach this machine can use it", stream)
        click.echo(f"# AWS is at {aws.url} until you press Ctrl-C", stream)
        stream.flush()
        threading.Event().wait()
    return 0


def create_emulator(**options: Any) -> Emulator:
    """An emulator that is not started yet."""
    try:
        from unisync.emulator import Emulator
    except ImportError as error:
        raise click.ClickException(_EXTRA) from error
    try:
        return Emulator(**options)
    except ValueError as error:
        raise click.UsageError(f"--{error}") from error


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _sink(target: str, output: Output) -> Callable[[dict[str, object]], None]:
    """Returns what sends an event to a file, to stdout or to a URL. What cannot be sent is reported on stderr."""

    def deliver(event: dict[str, object]) -> None:
        if target == "-":
            output.write(f"{json.dumps(event)}\n")
        elif target.startswith(("http://", "https://")):
            status, _ = post_json(target, event, _EVENT_TIMEOUT)
            if not 200 <= status < 300:
                raise OSError(f"status {status}")
        else:
            with open(target, "a", encoding="utf-8") as file:
                file.write(f"{json.dumps(event)}\n")

    def on_event(event: dict[str, object]) -> None:
        try:
            deliver(event)
        except (OSError, http.client.HTTPException) as error:
            output.echo(f"The event {event['id']} was not sent to {target}: {error}")

    return on_event
