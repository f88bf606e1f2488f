"""Control over HTTP: the methods of an emulator as requests with JSON, for tests in any process and language.

`POST /_unisync/push` with the arguments of `push` as a JSON object calls that method. The parameters, their types and
their defaults are those of the method. For what belongs to an account in a region, the object may name both: `account`
and `region`.

Any program that can connect may control the emulator, as it may call it. A web page may not, though the browser that
shows it can connect: browsers send `Origin` with each POST request, and such a request is rejected. Nothing here reads
or writes a file, or opens a connection.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from pydantic import ConfigDict, ValidationError, validate_call
from pydantic_core import to_json

from unisync.emulator._http.server import CONTROL
from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._scenario.setup import Setup
from unisync.emulator.application import RecordedCall
from unisync.emulator.emulator import Emulator

logger: logging.Logger = logging.getLogger(__name__)


def advance(emulator: Emulator, seconds: float) -> datetime:
    """Move the emulated time ahead, and return the new time. A clock that runs by itself goes on from there.

    Args:
        emulator: The emulator.
        seconds: Emulated seconds.
    """
    emulator.clock.advance(seconds)
    return datetime.fromtimestamp(emulator.clock.time(), UTC)


def calls(emulator: Emulator) -> list[RecordedCall]:
    """Return every valid request so far, in order."""
    return emulator.calls


def set_page_size(emulator: Emulator, size: int | None = None) -> None:
    """Limit the pages of all lists.

    Args:
        emulator: The emulator.
        size: The most items on any page; by default, that is left to the request.
    """
    emulator.page_size = size


def _public(owner: type[object]) -> dict[str, Callable[..., Any]]:
    return {name: value for name, value in inspect.getmembers(owner, inspect.isfunction) if not name.startswith("_")}


OF_ACCOUNT: Mapping[str, Callable[..., Any]] = _public(Setup)
"""What acts on an account in a region."""
ACTIONS: Mapping[str, Callable[..., Any]] = {
    **OF_ACCOUNT,
    **{
        each.__name__: each
        for each in (
            *(Emulator.fault, Emulator.clear_faults, Emulator.throttle),
            *(Emulator.add_role, Emulator.remove_role, Emulator.expire_credentials, Emulator.environment),
            *(advance, calls, set_page_size),
        )
    },
}
"""What can be called, by name. The first parameter of each is what it acts on: an account, or the emulator."""


class Control:
    """Controls an emulator.

    Args:
        emulator: The emulator.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def handle(self, request: Request) -> Response:
        """Respond to a request: 200 with the `result`, or the `error` and the `parameter` that it is about, if any."""
        try:
            return _response(200, result=self._call(request))
        except _RejectedError as error:
            return _response(error.status, error=str(error), parameter=error.parameter)
        except Exception:
            logger.exception("The emulator failed to handle %s %s", request.method, request.target)
            return _response(500, error="The emulator failed: see its log", parameter=None)

    def _call(self, request: Request) -> object:
        if "origin" in request.headers:
            raise _RejectedError(403, "a web page may not control the emulator")
        name = request.path.removeprefix(CONTROL)
        if name not in ACTIONS:
            raise _RejectedError(404, f"there is no {name!r}: expected one of {', '.join(sorted(ACTIONS))}")
        if request.method != "POST":
            raise _RejectedError(405, f"expected a POST request, got {request.method}")
        arguments = _arguments(request)
        if name not in OF_ACCOUNT:
            return _checked_call(ACTIONS[name], self._emulator, arguments)
        names = arguments.keys() & {"account", "region"}
        account = _checked_call(Emulator.account, self._emulator, {key: arguments.pop(key) for key in names})
        return _checked_call(ACTIONS[name], account, arguments)


class _RejectedError(Exception):
    """A request that is rejected. `parameter` is what its arguments have wrong."""

    def __init__(self, status: int, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.parameter = parameter


def _arguments(request: Request) -> dict[str, Any]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise _RejectedError(415, f"expected the content type application/json, got {content_type!r}")
    try:
        arguments: object = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise _RejectedError(400, f"expected a JSON object: {error}") from None
    if not isinstance(arguments, dict):
        raise _RejectedError(400, f"expected a JSON object with the arguments, got {arguments!r:.100}")
    return cast("dict[str, Any]", arguments)


def _checked_call(function: Callable[..., Any], owner: object, arguments: Mapping[str, Any]) -> Any:
    """Call a function with arguments of the types that it declares, converted from JSON's."""
    names = list(inspect.signature(function).parameters)[1:]
    for name in arguments:
        if name not in names:
            expected = f"one of {', '.join(names)}" if names else "none"
            raise _RejectedError(400, f"{name}: there is no such parameter: expected {expected}", name)
    try:
        return _validated(function)(owner, **arguments)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = str(first["loc"][0])
        if name not in arguments:
            raise _RejectedError(400, f"{name}: expected a value, got none", name) from None
        expected = first["msg"].replace("Input should be", "expected")
        raise _RejectedError(400, f"{name}: {expected}, got {first['input']!r:.100}", name) from None
    except ValueError as error:
        name = str(error).partition(":")[0]
        raise _RejectedError(400, str(error), name if name in names else None) from error


@cache
def _validated(function: Callable[..., Any]) -> Callable[..., Any]:
    return validate_call(config=ConfigDict(arbitrary_types_allowed=True))(function)


def _response(status: int, **document: object) -> Response:
    return Response(status, {"content-type": "application/json"}, to_json(document))
