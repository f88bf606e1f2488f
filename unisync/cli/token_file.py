"""The file of --token-file: the waits that have not succeeded, a token on each line, for `unisync resume`.

There is one for each sync. A file with waits for other syncs is not replaced: they have not succeeded.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from unisync._models.outcome import Outcome
    from unisync._models.refs import SyncRef
    from unisync._waiters.arguments import Progress
    from unisync._waiters.token import WaitToken


class TokenFile:
    """Keeps a file of tokens up to date. It is replaced as a whole, so that it is complete whenever it is read.

    Args:
        path: The file; None keeps nothing.
        tokens: The waits that begin.

    Raises:
        click.FileError: It cannot be written at the start.
        click.UsageError: It has something else in it, or waits for other syncs.
    """

    def __init__(self, path: Path | None, tokens: Iterable[WaitToken]) -> None:
        self._path = None if path is None else path.resolve()
        self._tokens: dict[SyncRef[Any], WaitToken] = {token.ref: token for token in tokens}
        self.failure: str | None = None
        """Why the file is not up to date; None if it is. A full disk ends no wait."""
        try:
            if self._path is not None and self._path.is_file():
                _check_replaceable(self._path, list(map(str, self._tokens)))
            self._write()
        except OSError as error:
            raise click.FileError(str(path), _reason(error)) from error

    def progress(self, progress: Progress[Any]) -> None:
        """Note a poll that does not end its wait."""
        if progress.token is not None and self._path is not None:
            self._tokens[progress.token.ref] = progress.token
            self._update()

    def ended(self, outcome: Outcome[Any]) -> None:
        """Note that a wait has ended. Without success it is kept: a run that is repeated must not pass without it."""
        if self._path is None:
            return
        token: WaitToken | None = getattr(outcome.error, "token", None)
        if outcome.error is None:
            self._tokens.pop(outcome.ref, None)
        elif token is not None:
            self._tokens[outcome.ref] = token
        self._update()

    def _update(self) -> None:
        try:
            self._write()
            self.failure = None
        except OSError as error:
            self.failure = f"{self._path} could not be written, and is out of date: {_reason(error)}"

    def _write(self) -> None:
        if self._path is None:
            return
        if self._path.exists() and not self._path.is_file():
            raise OSError(errno.EINVAL, "expected a regular file, since it is replaced")
        new = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            new.write_text("".join(f"{token}\n" for token in self._tokens.values()), encoding="utf-8")
            new.replace(self._path)
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _check_replaceable(path: Path, refs: Collection[object]) -> None:
    """Reject a file that has anything but waits for these syncs. Of a token of another version, only that is read.

    Raises:
        click.UsageError: It has.
    """
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            ref: object = json.loads(line)["ref"]
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise click.UsageError(f"{path}, line {number}: expected a token of --token-file.") from error
        if ref not in refs:
            raise click.UsageError(
                f"{path} has a wait for {ref}, which has not succeeded: continue it with unisync resume, or use "
                "another file."
            )


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def read_tokens(path: Path) -> dict[SyncRef[Any], WaitToken]:
    """The waits in a file of tokens, by their sync.

    Raises:
        click.UsageError: It has something else in it.
    """
    from unisync._waiters.token import WaitToken
    from unisync.errors import InvalidArgumentError

    tokens: dict[SyncRef[Any], WaitToken] = {}
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            token = WaitToken.parse(line)
        except InvalidArgumentError as error:
            reason = str(error).removeprefix("token: ")
            raise click.UsageError(f"{path}, line {number}: {reason}") from error
        if tokens.setdefault(token.ref, token) != token:
            raise click.UsageError(f"{path}, line {number}: there is another wait for {token.ref}: keep one of them.")
    return tokens
