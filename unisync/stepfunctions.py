"""A Lambda function that polls a wait once, for a state machine of Step Functions that carries it.

The state machine calls the function, pauses for the `next_delay` that it returned, and passes the whole output back as
the next input, until `status` is no longer "waiting". Between two polls nothing runs, and the wait is in the output's
`token` alone: a poll that Step Functions repeats, because its output was lost, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, cast

from unisync._client.client import Unisync
from unisync._client.fleet import Fleet
from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef, parse_any_ref
from unisync._waiters.token import PollResult, WaitToken
from unisync.errors import InvalidArgumentError

__all__ = ["Handler", "handler", "make_handler"]

CALL_TIMEOUT = 20.0
"""Seconds that the status read of a poll may take with its retries. A poll makes up to three more reads, of ten seconds
at most, so that it ends within a function's timeout of a minute."""
OPTIONS = {"condition", "revision", "timeout", "grace", "started_after", "max_failures"}
"""What a new wait may have beside `ref`: arguments of `WaitToken.create`."""

Handler = Callable[[Mapping[str, object], object], PollResult]
"""A handler as Lambda calls it: with the event and the context, which is not used."""


def handler(event: Mapping[str, object], context: object = None) -> PollResult:
    """Poll a wait once, with the function's own credentials and region. Lambda calls this.

    The client is created with the first event, and used for all that follow.

    Args:
        event: A new wait, or the output of the previous poll. A new wait has `ref`, such as
            "codeconnections:payments-prod", and may have `revision`, `timeout`, `condition`, `grace`, `started_after`
            (text in ISO 8601, with an offset from UTC) and `max_failures`, as for `WaitToken.create`. Of the output of
            a previous poll, only `token` is read; it may also be the text of a `WaitToken`.
        context: Lambda's context, which is not used.

    Returns:
        What the poll found.

    Raises:
        InvalidArgumentError: The event is not what is expected. Its reference is that of a fleet, for example.

    AWS operation: those of `Unisync.poll`.
    """
    return _default_handler(event, context)


def make_handler(client_factory: Callable[[], Unisync | Fleet]) -> Handler:
    """The same handler with a client of yours: for another region, a `Fleet`, or an emulator.

    Args:
        client_factory: Creates the client. It is called once, with the first event.

    Returns:
        A function for Lambda to call. It takes, returns and raises what `handler` does.
    """
    client = cache(client_factory)

    def handle(event: Mapping[str, object], _context: object = None) -> PollResult:
        return client().poll(_token(event)).to_dict()

    return handle


_default_handler = make_handler(lambda: Unisync(call_timeout=CALL_TIMEOUT))


def _token(event: object) -> WaitToken:
    """The wait of an event."""
    if not isinstance(event, Mapping):
        raise InvalidArgumentError.expected("event", "an object with a ref or a token", event)
    fields = cast("Mapping[str, Any]", event)
    if "token" in fields:
        token: object = fields["token"]
        return WaitToken.parse(token if isinstance(token, str) else json.dumps(token, default=str))
    if unknown := set(fields) - OPTIONS - {"ref"}:
        # With a misspelled revision, an older success would count.
        names = ", ".join(sorted(["ref", "token", *OPTIONS]))
        raise InvalidArgumentError.expected("event", f"no fields but {names}", sorted(map(str, unknown)))
    options = {name: fields[name] for name in OPTIONS & set(fields)}
    if options.get("started_after") is not None:
        options["started_after"] = _date(options["started_after"])
    return WaitToken.create(_ref(fields.get("ref")), **options)


def _ref(text: object) -> SyncRef[SyncJob]:
    expected = "text such as 'codeconnections:payments-prod'"
    if not isinstance(text, str):
        raise InvalidArgumentError.expected("ref", expected, text)
    try:
        return parse_any_ref(text)
    except InvalidArgumentError as error:
        raise InvalidArgumentError.expected("ref", expected, text) from error


def _date(text: object) -> datetime:
    try:
        return datetime.fromisoformat(cast("str", text))
    except (TypeError, ValueError) as error:
        expected = "a date and time such as '2026-11-22T12:00:00Z'"
        raise InvalidArgumentError.expected("started_after", expected, text) from error
