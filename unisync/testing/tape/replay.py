"""Replaying a tape: a client whose calls are answered from it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unisync._client.client import Unisync
from unisync.emulator import ACCOUNT, REGION, ClientOptions, EmulatorClock
from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._protocol.operations import Operation, find_operation, protocol_of, service_model
from unisync.emulator._protocol.serialization import CONTENT_TYPES, read_params
from unisync.emulator.emulator import in_process_options
from unisync.errors import InvalidArgumentError
from unisync.testing.tape.bodies import encoded
from unisync.testing.tape.file import Entry, load


def replay(path: str | Path) -> Unisync:
    """A client whose calls are answered from a tape.

    A call gets the reply to the same call on the tape: the same service, operation and parameters, as they stand on the
    tape, scrubbed. Calls that stand on it several times, such as the polls of a wait, get their replies in order, and
    then the last one again. The client reads the replies as it reads AWS's. A pause takes no time. If the tape has
    CodeConnections under its older name, codestar-connections, the client calls it by that name.

    Args:
        path: The tape.

    Raises:
        InvalidArgumentError: The file is not a tape. The client's methods raise it for a call that is not on the tape.
        OSError: The file cannot be read.
    """
    entries = load(Path(path))
    services = {entry.service for entry in entries}
    has_old_name = "codestar-connections" in services and "codeconnections" not in services
    return Unisync(
        **replay_options(entries),
        allow_unknown_values=True,
        codeconnections_service="codestar-connections" if has_old_name else "codeconnections",
    )


def replay_options(entries: Sequence[Entry]) -> ClientOptions:
    """The arguments of a client that is answered from a tape."""
    region = next((entry.region for entry in entries if entry.region), REGION)
    return in_process_options(_Player(entries), ACCOUNT, region)


class _Player:
    """Answers requests from a tape."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.clock: EmulatorClock = EmulatorClock(None)
        self._lock = threading.Lock()
        self._replies: dict[str, list[Entry]] = {}
        for entry in entries:
            self._replies.setdefault(_key(entry.service, entry.operation, entry.params), []).append(entry)

    def handle(self, request: Request) -> Response:
        """The reply on the tape.

        Raises:
            InvalidArgumentError: The call is not on the tape.
        """
        operation = find_operation(request)
        params = read_params(operation, request)
        with self._lock:
            replies = self._replies.get(_key(operation.service, operation.name, params))
            if replies is None:
                call = f"{operation.service} {operation.name}"
                raise InvalidArgumentError(f"{call}: expected a call that is on the tape, got {json.dumps(params)}")
            entry = replies.pop(0) if len(replies) > 1 else replies[0]
        return response_to(request, operation, entry)


def response_to(request: Request, operation: Operation, entry: Entry) -> Response:
    """The response to a request that a tape has as its reply."""
    protocol, body = protocol_of(request), b"unreadable"
    if entry.is_readable:
        body = encoded(protocol, operation.model, entry.body, is_error=entry.is_error)
    return Response(entry.status, {**entry.headers, "content-type": CONTENT_TYPES[protocol]}, body)


def _key(service: str, operation: str, params: Mapping[str, Any]) -> str:
    """The same for the same call. Tokens that botocore makes up for each request do not count."""
    model = service_model(service)
    shape = model.operation_model(operation).input_shape if operation in model.operation_names else None
    tokens = {
        name for name, member in (shape.members if shape else {}).items() if "idempotencyToken" in member.metadata
    }
    return json.dumps(
        [service, operation, {name: params[name] for name in params if name not in tokens}], sort_keys=True
    )
