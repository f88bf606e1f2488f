"""Replaces what a tape must not show: the same by the same everywhere, and of the same form.

A string is taken apart into words, and each word has one replacement on the whole tape. So `payments-prod` is replaced
alike wherever it stands: as a field, in an ARN, in a sentence, in a longer name. Letters become letters of their case
and digits digits; UUIDs and commits stay hexadecimal, and a short sha stays the beginning of the long one. The
replacements are random: nothing leads back from them.

The strings are read twice: first to learn what must not remain, then to replace it. A replacement never contains what
must not remain, so the search at the end (`check`) finds nothing but mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from random import SystemRandom

from unisync.errors import UnisyncError
from unisync.testing.tape.fields import FIELDS, WORDS, Kind
from unisync.testing.tape.words import (
    CONSTANTS,
    EDGES,
    IS_DATE,
    IS_REGION,
    PUBLIC,
    RESOURCE_TYPES,
    SERVICES,
    TOKEN,
    VOCABULARY,
    WORD,
    is_sha,
)

MIN_SEARCHED = 4
"""The shortest original that is searched for: shorter ones are found everywhere by chance."""
_TRIES = 100
_LETTERS, _DIGITS, _HEX = "abcdefghijklmnopqrstuvwxyz", "0123456789", "0123456789abcdef"
_FULL_SHA = (40, 64)
_SHORT_SHA = 7

_random = SystemRandom()
_token, _word = re.compile(TOKEN), re.compile(WORD)
_public = re.compile(rf"arn:aws[a-z-]*:|{PUBLIC}")
_PUBLIC_GROUPS = ("date", "region", "type")
"""What is kept in texts."""

Replace = Callable[[str], str]


class LeakError(UnisyncError):
    """Something of the original is left on a scrubbed tape, so the tape is not kept."""


class Scrubber:
    """The replacements of one tape.

    Args:
        strings: Every string that will be scrubbed, with its kind.
        public: What may remain besides the vocabulary, such as enum values.
    """

    def __init__(self, strings: Iterable[tuple[str, Kind]], public: Iterable[str] = ()) -> None:
        distinct = set(strings)
        words = {text for text, kind in distinct if kind is Kind.WORD and _is_kept(text, kind)}
        self._public = {text.lower() for text in (*VOCABULARY, *SERVICES, *RESOURCE_TYPES, *CONSTANTS, *public, *words)}
        self._scrubbed: dict[tuple[str, Kind], str] = {}
        self._replacements: dict[str, str] = {}
        self._taken = set(self._public)
        self._in_texts = _token
        names = {
            text
            for text, kind in distinct
            if kind is not Kind.TEXT
            and not _is_kept(text, kind)
            and len(text) >= MIN_SEARCHED
            and _is_partly_kept_in_texts(text)
        }
        if names:
            # Elsewhere in a text, a part of them would be kept.
            either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
            self._in_texts = re.compile(f"(?P<name>(?i:{EDGES.format(either)}))|{TOKEN}")
        self.originals: set[str] = set()
        """What must not remain."""
        for text, kind in distinct:
            self._learn(text, kind)
        self._shas = sorted(filter(is_sha, self.originals), key=len, reverse=True)
        self._searched = {each.lower() for each in self.originals if len(each) >= MIN_SEARCHED}
        self._lengths = {len(each) for each in self._searched}

    def _learn(self, text: str, kind: Kind) -> None:
        found = {text}

        def note(part: str) -> str:
            found.add(part)
            return part

        self._rewritten(text, kind, note)
        if len(found) > 1 or self._rewritten(text, kind, lambda _: "") != text:
            self.originals |= found

    def scrub(self, text: str, kind: Kind) -> str:
        """A string with its replacements."""
        key = text, kind
        if key not in self._scrubbed:
            self._scrubbed[key] = self._rewritten(text, kind, self._replacement)
        return self._scrubbed[key]

    def check(self, strings: Iterable[str]) -> None:
        """Search scrubbed strings for originals.

        Raises:
            LeakError: There is one.
        """
        shown = "\n".join(_public.sub(" ", text) for text in set(strings)).lower()
        left = [each for each in self._searched if each in shown and not self._is_public(each)]
        for each in left:
            if re.search(EDGES.format(re.escape(each)), shown):
                raise LeakError(f"something of {len(each)} characters would be left on the tape as it was")

    def _is_public(self, text: str) -> bool:
        return any(text in public for public in self._public)

    def _rewritten(self, text: str, kind: Kind, replace: Replace) -> str:
        """A string with what must not remain replaced."""
        if _is_kept(text, kind):
            return text
        if kind is not Kind.TEXT:
            return _rewritten_name(text, replace)

        def part(match: re.Match[str]) -> str:
            is_kept = match.lastgroup in _PUBLIC_GROUPS or match.group().lower() in VOCABULARY
            is_name = match.lastgroup == "name"
            return match.group() if is_kept and not is_name else _rewritten_name(match.group(), replace)

        return self._in_texts.sub(part, text)

    def _replacement(self, original: str) -> str:
        """The replacement of a word, a commit or a UUID."""
        if len(original) >= _SHORT_SHA:
            longer = next((sha for sha in self._shas if sha.startswith(original) and sha != original), None)
            if longer is not None:
                return self._replacement(longer)[: len(original)]
        # Elsewhere, letters that differ may be the same in lower case.
        key = original.lower() if original.isascii() else original
        if key not in self._replacements:
            self._replacements[key] = self._invented(key)
            self._taken.add(self._replacements[key])
        found = self._replacements[key]
        return "".join(
            new.upper() if index < len(original) and original[index].isupper() else new
            for index, new in enumerate(found)
        )

    def _invented(self, key: str) -> str:
        """A replacement that nothing else has, and that contains no original, not even within a word."""
        is_hex = "-" in key or (is_sha(key) and len(key) in _FULL_SHA)
        letters = _HEX[10:] if is_sha(key) else _LETTERS
        model = key
        while True:
            for _ in range(_TRIES):
                new = "".join(
                    _random_hex(each) if is_hex else _random_like(each, index, letters)
                    for index, each in enumerate(model)
                )
                if (
                    new != key
                    and new not in self._taken
                    and new not in self._searched
                    and (len(model) > len(key) or not self._contains_original(new))
                    and (not is_hex or is_sha(new[:_SHORT_SHA]))
                ):
                    return new
            # It is so short, or the tape has so many numbers, that there is no other one of its form.
            model += model[-1]

    def _contains_original(self, text: str) -> bool:
        return any(
            text[start : start + length] in self._searched
            for length in self._lengths
            for start in range(len(text) - length + 1)
        )


def form(text: str) -> str:
    """The form of a scrubbed text: what the vocabulary has, and `*` for all else."""

    def part(match: re.Match[str]) -> str:
        found = match.group()
        if match.lastgroup == "arn":
            return "arn:*"
        if match.lastgroup == "date":
            return "<date>"
        is_kept = match.lastgroup == "type" or found.lower() in VOCABULARY
        return found if is_kept else "*"

    # A name may have any number of parts.
    return re.sub(r"\*(?:(?:[-_./:@+]*|, )\*)+", "*", _token.sub(part, text))


def _is_kept(text: str, kind: Kind) -> bool:
    """Whether a string stays as it is."""
    looks = {Kind.WORD: WORDS, Kind.DATE: IS_DATE, Kind.REGION: IS_REGION, Kind.FIELD: FIELDS}.get(kind)
    return looks is not None and looks.fullmatch(text) is not None


def _is_partly_kept_in_texts(name: str) -> bool:
    tokens = _token.finditer(name)
    return any(match.lastgroup in _PUBLIC_GROUPS or match.group().lower() in VOCABULARY for match in tokens)


def _rewritten_name(text: str, replace: Replace) -> str:
    """A name with everything replaced: one may look like a date, a region or a type of AWS's."""

    def part(match: re.Match[str]) -> str:
        found = match.group()
        if match.lastgroup == "arn":
            return _rewritten_arn(found, replace)
        if match.lastgroup in _PUBLIC_GROUPS:
            return _word.sub(lambda word: replace(word.group()), found)
        return found if found in CONSTANTS else replace(found)

    return _token.sub(part, text)


def _rewritten_arn(arn: str, replace: Replace) -> str:
    """An ARN with its account and its names replaced: partition, service, region and types of resources stay."""
    head, partition, service, region, account, rest = arn.split(":", 5)
    service = service if service in SERVICES else _rewritten_name(service, replace)
    parts = re.split(r"([/:])", rest)
    for index in range(0, len(parts), 2):
        # Types and names take turns; the last one is a name.
        is_type = index % 4 == 0 and index < len(parts) - 1 and parts[index] in RESOURCE_TYPES
        if not is_type:
            parts[index] = _rewritten_name(parts[index], replace)
    region = region if IS_REGION.fullmatch(region) else _rewritten_name(region, replace)
    account = _rewritten_name(account, replace)
    return ":".join((head, partition, service, region, account, "".join(parts)))


def _random_hex(character: str) -> str:
    return character if character == "-" else _random.choice(_HEX)


def _random_like(character: str, index: int, letters: str) -> str:
    """A character of the same class. For the first digit of a number, zero is a class of its own."""
    if not character.isdigit():
        return _random.choice(letters)
    if index:
        return _random.choice(_DIGITS)
    return "0" if character == "0" else _random.choice(_DIGITS[1:])
