"""The format of a tape: JSON lines, first a header, then an entry for each call and its reply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

import boto3
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from unisync import __version__
from unisync.errors import InvalidArgumentError

FORMAT: Literal[1] = 1


class _Line(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class Header(_Line):
    """The first line."""

    tape: Literal[1]
    """The version of the format."""
    unisync: str
    boto3: str


class Entry(_Line):
    """A call and its reply."""

    service: str
    operation: str
    region: str | None
    params: dict[str, JsonValue]
    """Under AWS's names."""
    status: int
    headers: dict[str, str]
    body: JsonValue
    """The reply; of the query protocol's XML, the result. None if it could not be parsed."""
    is_readable: bool = True
    """Whether the body could be parsed."""
    at: float
    """Seconds from the start of the first call to the start of this one."""
    duration: float
    """Seconds until the reply was there."""

    @property
    def is_error(self) -> bool:
        """Whether the reply is an error."""
        return self.status >= 300


def dumped(entries: Sequence[Entry]) -> str:
    """The text of a tape."""
    header = Header(tape=FORMAT, unisync=__version__, boto3=boto3.__version__)
    lines = [header.model_dump(), *(entry.model_dump(exclude_defaults=True) for entry in entries)]
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def load(path: Path) -> list[Entry]:
    """The entries of a tape.

    Raises:
        InvalidArgumentError: The file is not a tape, or its version is newer.
        OSError: It cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"{path}: expected a tape, got bytes that are not UTF-8") from error
    kinds: list[type[Header | Entry]] = [Header, *[Entry] * (len(lines) - 1)]
    entries: list[Entry] = []
    for number, (kind, line) in enumerate(zip(kinds, lines or [""], strict=True), 1):
        try:
            read = kind.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InvalidArgumentError(
                f"{path}, line {number}: expected a line of a tape: {where} {first['msg']}"
            ) from error
        if isinstance(read, Entry):
            entries.append(read)
    return entries
