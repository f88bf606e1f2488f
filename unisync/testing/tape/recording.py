"""Recording a tape: the exchanges of all clients of this process, scrubbed when the recording ends."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from unisync._core.exchanges import Exchange, listening
from unisync.testing.tape.bodies import decoded
from unisync.testing.tape.fields import Change, Kind, changed, enum_values, input_shape, output_shape
from unisync.testing.tape.file import Entry, dumped
from unisync.testing.tape.scrub import LeakError, Scrubber

_HEADERS = ("content-type", "retry-after", "x-amzn-errortype", "x-amzn-requestid", "x-amz-request-id")
"""The headers of a reply that are kept."""
_RETRIES = 4
"""How often a tape is scrubbed again: short words may by chance become those of another original."""
_KEPT = {
    "content-type": re.compile(r"(application|text)/(json|x-amz-json-1\.[01]|cbor|xml|html|plain)(; ?charset=[\w-]+)?"),
    "retry-after": re.compile(r"\d{1,6}(\.\d+)?"),
}
"""The headers that are kept as they are, if they look like this."""


@contextmanager
def record(path: str | Path, *, overwrite: bool = False) -> Generator[None]:
    """Record the calls of all unisync clients of this process to a tape while the context lasts.

    The tape has the requests and replies, scrubbed: accounts, names, ids, tokens and texts are replaced, the same by
    the same everywhere. What it keeps are the shapes, states, orders and times. Credentials are never on it, and nor is
    a call without a reply. It is written at the end, also after an exception.

    Args:
        path: The file to write.
        overwrite: Whether to replace the file if it exists.

    Raises:
        FileExistsError: The file exists, and `overwrite` is false.
        OSError: The file cannot be written.
        UnisyncError: Something of the original is left on the scrubbed tape. Nothing is written then.
    """
    file = Path(path)
    if not overwrite and file.exists():
        raise FileExistsError(f"{file} exists: pass overwrite=True to replace it")
    _check_writable(file)  # not after the wait that was to be recorded
    exchanges: list[Exchange] = []
    try:
        with listening(exchanges.append):
            yield
    finally:
        keep(file, dumped(scrubbed(exchanges)), overwrite=overwrite)


def _check_writable(file: Path) -> None:
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder")
    if not file.parent.is_dir():
        raise FileNotFoundError(f"{file.parent} is not a folder")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise PermissionError(f"{file} cannot be written")


def keep(file: Path, text: str, *, overwrite: bool) -> None:
    """Write a tape.

    Raises:
        FileExistsError: The file exists.
    """
    with file.open("w" if overwrite else "x", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


def scrubbed(exchanges: Sequence[Exchange]) -> list[Entry]:
    """The entries of a tape, scrubbed.

    Raises:
        LeakError: Something of the original is left.
    """
    ordered = sorted(exchanges, key=lambda each: each.started_at)
    entries = [_entry(each, ordered[0].started_at) for each in ordered]
    public = {value for each in entries for value in enum_values(each.service, each.operation)}
    strings = set(strings_of(entries))

    def attempt() -> list[Entry]:
        scrubber = Scrubber(strings, public)
        result = [rewritten(entry, scrubber.scrub) for entry in entries]
        scrubber.check(text for text, _ in strings_of(result))
        return result

    for _ in range(_RETRIES):
        with suppress(LeakError):
            return attempt()
    return attempt()


def strings_of(entries: Sequence[Entry]) -> Iterator[tuple[str, Kind]]:
    """Every string of some entries that may be replaced."""
    found: list[tuple[str, Kind]] = []

    def note(text: str, kind: Kind) -> str:
        found.append((text, kind))
        return text

    for entry in entries:
        rewritten(entry, note)
    yield from found


def rewritten(entry: Entry, change: Change) -> Entry:
    """An entry with each string changed."""
    reply = None if entry.is_error else output_shape(entry.service, entry.operation)
    params = changed(
        cast("JsonValue", entry.params), input_shape(entry.service, entry.operation), change, is_request=True
    )
    headers = {name: _header(name, text, change) for name, text in entry.headers.items()}
    return entry.model_copy(
        update={
            "region": None if entry.region is None else change(entry.region, Kind.REGION),
            "params": params,
            "headers": headers,
            "body": changed(entry.body, reply, change, is_error=entry.is_error),
        }
    )


def _header(name: str, text: str, change: Change) -> str:
    """A header, changed unless it has one of the values that AWS sends."""
    if name == "x-amzn-errortype":
        return change(text.partition(":")[0], Kind.WORD)
    is_kept = _KEPT.get(name)
    return text if is_kept is not None and is_kept.fullmatch(text) else change(text, Kind.NAME)


def _entry(exchange: Exchange, start: float) -> Entry:
    call, response = exchange.call, exchange.response
    try:
        body = decoded(response, output_shape(call.service, call.operation))
        is_readable = True
    except ValueError:
        body, is_readable = None, False
    return Entry(
        service=call.service,
        operation=call.operation,
        region=exchange.region,
        params=cast("dict[str, JsonValue]", json.loads(json.dumps(dict(call.params), default=str))),
        status=response.status,
        headers={name: text for name, text in response.headers.items() if name in _HEADERS},
        body=body,
        is_readable=is_readable,
        at=round(exchange.started_at - start, 3),
        duration=round(exchange.duration, 3),
    )
