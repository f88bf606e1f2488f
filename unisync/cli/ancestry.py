"""--or-newer: whether a commit contains another one, by the Git repository of the working directory.

CI systems make shallow clones, which lack the history that decides it. What is missing is fetched from `origin`, as
`git fetch` does it: no local branch moves. Where there is no answer, the command fails: "not newer" would be a guess.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

from unisync.cli.hints import HintedError

if TYPE_CHECKING:
    from unisync._models.jobs import Revision

FETCH_TIMEOUT = 300.0
"""Seconds that `git fetch` may take."""

_FETCH = ("fetch", "--quiet", "--no-tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
"""Fetches every branch; the clone may be of one alone."""
_NOT_AN_ANCESTOR = 1
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")


class OrNewer:
    """Accepts a commit, and every commit that has it among its ancestors.

    Args:
        sha: The commit, or its first digits.

    Raises:
        HintedError: There is no Git repository, or neither it nor `origin` has the commit.
    """

    def __init__(self, sha: str) -> None:
        self.description: str = f"commit {sha[:12]} or a newer one"
        self._verdicts: dict[str, bool] = {}
        _git("rev-parse", "--git-dir")
        self._sha = sha
        self._require(sha)

    def __call__(self, revision: Revision) -> bool:
        """Whether a commit counts."""
        sha = revision.sha
        if sha not in self._verdicts:
            self._verdicts[sha] = sha.lower().startswith(self._sha) or self._contains(sha)
        return self._verdicts[sha]

    def _contains(self, sha: str) -> bool:
        self._require(sha)
        if self._is_ancestor(sha):
            return True
        if _git("rev-parse", "--is-shallow-repository") == "true":  # the history that would show it may be missing
            self._fetch(sha)
            return self._is_ancestor(sha)
        return False

    def _is_ancestor(self, sha: str) -> bool:
        arguments = ("merge-base", "--is-ancestor", self._sha, sha)
        return _run(*arguments, accepted=(0, _NOT_AN_ANCESTOR)).returncode == 0

    def _require(self, sha: str) -> None:
        """Fetch a commit that is not known here."""
        if not _SHA.fullmatch(sha):
            raise _failure(f"{sha!r:.80} is not a Git commit", _command("log"))
        if not _is_known(sha):
            self._fetch(sha)
            if not _is_known(sha):
                raise _failure(f"commit {sha} is not on any branch of origin", _command("fetch", "origin", sha))

    def _fetch(self, sha: str) -> None:
        """Fetch every branch, with its whole history."""
        is_shallow = _git("rev-parse", "--is-shallow-repository") == "true"
        arguments = [*_FETCH, *(["--unshallow"] if is_shallow else [])]
        _run(*arguments, timeout=FETCH_TIMEOUT, purpose=f"the history of commit {sha} is needed, and ")


def _is_known(sha: str) -> bool:
    return _run("cat-file", "-e", f"{sha}^{{commit}}", accepted=(0, 1, 128)).returncode == 0


def _git(*arguments: str) -> str:
    return _run(*arguments).stdout.strip()


def _run(
    *arguments: str, accepted: tuple[int, ...] = (0,), timeout: float | None = None, purpose: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run Git.

    Raises:
        HintedError: It is not installed, or ends with a code that is not accepted.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            timeout=timeout,
            check=False,
        )
    except OSError as error:
        raise _failure(f"git cannot be run ({error.strerror or error})", _command(*arguments)) from error
    except subprocess.TimeoutExpired as error:
        raise _failure(f"{purpose}git {arguments[0]} took too long", _command(*arguments)) from error
    if done.returncode not in accepted:
        reason = done.stderr.strip().splitlines()
        raise _failure(f"{purpose}git {arguments[0]} failed: {' '.join(reason)}", _command(*arguments))
    return done


def _command(*arguments: str) -> str:
    return shlex.join(["git", *arguments])


def _failure(reason: str, command: str) -> HintedError:
    return HintedError(
        f"--or-newer cannot tell which commits are newer: {reason}.",
        f"run this in a clone of the repository, then wait again there: {command}",
    )
