"""The commits that a wait is for: one, any of a set, or those that a function accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import cast

from unisync._models.jobs import Revision
from unisync.errors import InvalidArgumentError

_SHA = re.compile(r"[0-9a-fA-F]{7,64}")
_EXPECTED = "a commit's sha, or at least 7 of its first hexadecimal digits"

SHA_DIGITS = 12
"""Digits of a sha in a message."""

WantedRevision = str | Collection[str] | Callable[[Revision], bool]
"""The commit to wait for: its sha or at least 7 of its first digits; or several of them, of which any counts; or a
function that says whether a commit counts."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The commits that a wait is for."""

    shas: tuple[str, ...] = ()
    """Shas, or their first digits, in lower case."""
    predicate: Callable[[Revision], object] | None = None
    description: str = ""
    """What the predicate accepts: its attribute `description`, if it has one."""

    @classmethod
    def checked(cls, revision: object) -> Wanted | None:
        """The commits that a user asks for; None for the one that AWS desires.

        Raises:
            InvalidArgumentError: They are not what is expected.
        """
        if revision is None:
            return None
        wanted: object = revision
        if callable(revision):
            text = str(getattr(revision, "description", "a commit that the function accepts"))
            return cls(predicate=cast("Callable[[Revision], object]", revision), description=text)
        if isinstance(revision, str):
            return cls((_sha(revision),))
        several = isinstance(revision, Collection) and not isinstance(revision, bytes)
        shas = list(cast("Collection[object]", revision)) if several else []
        expected = f"{_EXPECTED}, several of them, or a function that accepts a Revision"
        InvalidArgumentError.unless(bool(shas), "revision", expected, wanted)
        return cls(tuple(sorted(set(map(_sha, shas)))))

    def matches(self, revision: Revision) -> bool:
        """Whether a commit is one of them."""
        if self.predicate is not None:
            return bool(self.predicate(revision))
        return revision.sha.lower().startswith(self.shas)

    @property
    def text(self) -> str:
        """The shas as they were passed, in lower case; of a function, its attribute `description` if it has one."""
        return ", ".join(self.shas) if self.predicate is None else self.description

    def __str__(self) -> str:
        """The shas as a message shows them."""
        if self.predicate is not None:
            return self.text
        return "commit " + " or ".join(sha[:SHA_DIGITS] for sha in self.shas)


def _sha(value: object) -> str:
    if not (isinstance(value, str) and _SHA.fullmatch(value)):
        raise InvalidArgumentError.expected("revision", _EXPECTED, value)
    return value.lower()
