"""The sync of a branch, which comes before the attempts of the syncs that the branch defines. Pure, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # this model is built when it is first needed
    from unisync._models.configurations import RepositorySyncAttempt
    from unisync._models.jobs import RepositoryBranch

_FILE = re.compile(r"[\w./@+-]+\.(?:ya?ml|json|toml|template|tf)\b", re.IGNORECASE)
_RESOURCE = re.compile(r"\bstack(?:/|\s*\[)([\w-]+)", re.IGNORECASE)
"""The name of a stack in an ARN, or in brackets, as CloudFormation writes it. Brackets are around much else."""


class BranchStatus(NamedTuple):
    """How the sync of a branch stands."""

    attempt: RepositorySyncAttempt | None
    """The latest; None if there was none yet."""
    own_names: tuple[str, ...]
    """What events may call the sync in question: its file, or its directory with a slash behind it; its resource."""

    @classmethod
    def of(
        cls, attempt: RepositorySyncAttempt | None, branch: RepositoryBranch, names: Iterable[str | None]
    ) -> BranchStatus:
        """The status for a sync of such names. Events may name the repository as well."""
        known = [name for name in names if name is not None]
        return cls(attempt, (*known, *(f"{branch.full_name}/{name}" for name in known)))

    @property
    def names_others(self) -> bool:
        """Whether the events of the attempt name files or resources, none of which can be ours. Ours must be known."""
        text = self._text
        files: list[str] = _FILE.findall(text)
        resources: list[str] = _RESOURCE.findall(text)
        names = [_relative(name.lower()) for name in self.own_names]
        is_known = bool(names) and bool(files or resources)
        return is_known and not any(_is_named(name, files, resources) for name in names)

    @property
    def names_files(self) -> bool:
        """Whether the events of the attempt name a file."""
        return _FILE.search(self._text) is not None

    @property
    def _text(self) -> str:
        events = () if self.attempt is None else self.attempt.events
        return " ".join(event.event for event in events).lower()


def _is_named(name: str, files: list[str], resources: list[str]) -> bool:
    """Whether one of the resources is this one, or one of the files is, or lies in this directory ("a/b/")."""
    return name in resources or any(_is_same_path(name, file) for file in files)


def _is_same_path(name: str, file: str) -> bool:
    """Whether a file may be this one: its path may be written out in part, or from the root of a disk or a site."""
    path = f"/{_relative(file)}"
    is_whole = file.startswith("/")
    if name.endswith("/"):
        return f"/{name}" in f"{path}/" if is_whole else f"{path}/".startswith(f"/{name}")
    return f"/{name}".endswith(path) or (is_whole and path.endswith(f"/{name}"))


def _relative(path: str) -> str:
    return path.removeprefix("./").lstrip("/")
