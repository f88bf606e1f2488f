"""Subcommands that act on a running emulator, each made from the signature and the docstring of a method."""

from __future__ import annotations

import http.client
import inspect
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import click

from unisync._models.refs import FleetSync, ServiceInstanceSync, StackSync, SyncRef, TemplateSync
from unisync.cli.hints import HintedError
from unisync.cli.options import Cli, Command, connected, duration_option, parsed_duration, ref_argument

DEFAULT_PORT = 4577
"""The port of `unisync emulator`."""

_TIMEOUT = 30.0
"""Seconds that a request may take."""
_TARGET = ("stack", "service", "instance", "template")
"""The parameters that a reference stands for."""
_RATES = {"rate", "burst"}
"""The numbers that are not seconds."""
_NONE = "none"
"""Stands for None in an option with another default."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def control_command(
    actions: Mapping[str, Callable[..., Any]], name: str, examples: Sequence[str], *, is_of_account: bool
) -> click.Command:
    """The subcommand of a method: its required positional parameters are arguments, and the others are options.

    Args:
        actions: The methods of the emulator, by name.
        name: The name of the method.
        examples: Command lines without "unisync".
        is_of_account: Whether the method acts on an account in a region, and not on the emulator as a whole.
    """
    function = actions[name]
    summary, meanings = _described(actions, name)
    types = get_type_hints(function)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    has_target = any(each.name == "stack" for each in parameters)
    if has_target:
        parameters = [each for each in parameters if each.name not in _TARGET]
    can_be_none = {each.name for each in parameters if _can_be_none(each, types[each.name])}

    def act(cli: Cli, /, ref: SyncRef[Any] | None = None, **values: Any) -> int:
        arguments = {key: value for key, value in values.items() if value is not None and value != ()}
        arguments |= {key: None for key in can_be_none if arguments.get(key) == _NONE}
        if is_of_account:
            arguments |= _location(cli, ref)
        if ref is not None:
            arguments |= _target(ref, name, function)
        _print(cli, send(_endpoint(cli), name, arguments))
        return 0

    decorated: Callable[..., Any] = connected(forms=())(act)
    for each in reversed(parameters):
        decorated = _decorator(each, types[each.name], meanings.get(each.name, ""))(decorated)
    if has_target:
        decorated = ref_argument(decorated)
    text = f"{summary}\n\nThe reference of Python's `unisync.emulator` says more about `{name}`."
    return click.command(name.replace("_", "-"), cls=Command, help=text, examples=examples)(decorated)


def send(url: str, name: str, arguments: Mapping[str, Any]) -> object:
    """Call a method of the emulator at a URL, and return the result.

    Raises:
        click.ClickException: The emulator rejected it, or what answers cannot be controlled.
    """
    start = "start one with unisync emulator, or pass the URL of another with --endpoint-url."
    try:
        _, body = post_json(f"{url.rstrip('/')}/_unisync/{name}", arguments, _TIMEOUT)
    except (OSError, http.client.HTTPException) as error:
        raise HintedError(f"No emulator answers at {url}: {error}", start) from error
    try:
        reply: object = json.loads(body)
    except ValueError:
        reply = None
    fields = cast("dict[str, object]", reply) if isinstance(reply, dict) else {}
    if "error" in fields:
        raise click.UsageError(str(fields["error"]))
    if "result" not in fields:
        what = f"What answers at {url} is not an emulator of unisync that requests may control."
        raise HintedError(what, f"{start[:-1]}; in Python, pass control=True to Emulator.")
    return fields["result"]


def post_json(url: str, document: object, timeout: float) -> tuple[int, bytes]:
    """Send a JSON document, and return the status and the body of the response. No proxy is used.

    Raises:
        OSError: There is no connection.
        http.client.HTTPException: The response is not one of HTTP, or the URL has an invalid port.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc.rpartition("@")[2], timeout=timeout)
    try:
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("POST", target, json.dumps(document), {"content-type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _described(actions: Mapping[str, Callable[..., Any]], name: str) -> tuple[str, dict[str, str]]:
    """The first paragraph of a method's docstring, and the first sentence about each parameter."""
    text = inspect.getdoc(actions[name]) or ""
    found = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", text.partition("\nArgs:\n")[2], re.MULTILINE)
    meanings = {key: re.split(r"\.\s", _plain(meaning))[0].rstrip(".") + "." for key, meaning in found}
    other = re.search(r"See `(\w+)` for the parameters", text)
    others = _described(actions, other[1])[1] if other else {}
    return _plain(text.partition("\n\n")[0]), others | meanings


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def _can_be_none(parameter: inspect.Parameter, hint: Any) -> bool:
    """Whether None is a value, and not the default."""
    return NoneType in get_args(hint) and parameter.default is not None


def _decorator(parameter: inspect.Parameter, hint: Any, meaning: str) -> Decorator:
    """The argument or the option of a parameter."""
    name, default = parameter.name, parameter.default
    kind = next(each for each in get_args(hint) if each is not NoneType) if _is_union(hint) else hint
    is_seconds = kind is float and name not in _RATES
    if default is parameter.empty and parameter.kind is not parameter.KEYWORD_ONLY:
        if is_seconds:
            return click.argument(name, metavar="DURATION", callback=parsed_duration)
        return click.argument(name, metavar=name.upper())
    if default is None:
        meaning = re.sub("; None is [^.]*", "", meaning)
    option = f"--{name.replace('_', '-')}"
    if is_seconds:
        shown = f"{default:g}s" if isinstance(default, float) else None
        return duration_option(option, shown, meaning.replace("; may be infinite", ""))
    attributes: dict[str, Any] = {"help": meaning, "required": default is parameter.empty}
    if default not in (parameter.empty, None, (), False):
        attributes |= {"default": default, "show_default": True}
    if _can_be_none(parameter, hint):
        attributes |= {"metavar": f"{kind.__name__.upper()}|{_NONE}", "default": str(default)}
        attributes["help"] = meaning.replace("None", _NONE)
    elif kind is bool:
        attributes["is_flag"] = True
    elif kind in (int, float):
        attributes["type"] = kind
    elif get_origin(kind) is Literal:
        attributes["type"] = click.Choice(get_args(kind))
    elif get_origin(kind) is tuple:
        attributes["nargs"] = len(get_args(kind))
    elif get_origin(kind) is Sequence:  # of pairs
        attributes |= {"multiple": True, "nargs": 2}
    elif get_origin(kind) is Mapping:
        attributes |= {"multiple": True, "nargs": 2, "metavar": "KEY VALUE", "callback": _mapping}
    return click.option(option, name, **attributes)


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType)


def _mapping(
    context: click.Context,  # noqa: ARG001  # the signature of a callback
    parameter: click.Parameter,  # noqa: ARG001
    pairs: tuple[tuple[str, str], ...],
) -> dict[str, str] | None:
    return dict(pairs) or None


def _location(cli: Cli, ref: SyncRef[Any] | None) -> dict[str, str]:
    """The account and the region: those of the reference, or the region that other commands use."""
    if isinstance(ref, FleetSync):
        return {"account": ref.account, "region": ref.region}
    regions = cli.connection.settings.regions
    if len(regions) > 1:
        raise click.UsageError("--region: pass one region.")
    region = regions[0] if regions else os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return {"region": region} if region else {}


def _target(ref: SyncRef[Any], name: str, function: Callable[..., Any]) -> dict[str, str]:
    """The arguments that a reference stands for."""
    names: dict[str, str] = {}
    match ref.sync if isinstance(ref, FleetSync) else ref:
        case StackSync(stack):
            names = {"stack": stack}
        case ServiceInstanceSync(service, instance):
            names = {"service": service, "instance": instance}
        case TemplateSync(template):
            names = {"template": template}
        case _:
            pass
    if not names or not names.keys() <= inspect.signature(function).parameters.keys():
        raise click.UsageError(f"{name.replace('_', '-')} does not apply to {ref}.")
    return names


def _endpoint(cli: Cli) -> str:
    """The URL of the emulator."""
    return cli.connection.endpoint_url or os.environ.get("AWS_ENDPOINT_URL") or f"http://127.0.0.1:{DEFAULT_PORT}"


def _print(cli: Cli, result: object) -> None:
    if isinstance(result, list):
        for each in cast("list[Mapping[str, Any]]", result):
            cli.output.write(f"{json.dumps(each)}\n")
    elif result is not None:
        cli.output.write(f"{result}\n")
