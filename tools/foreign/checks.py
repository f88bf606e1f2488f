"""How the checks are made: what a client was answered against what it should have been, a line of the report each.

Answers are compared whole: a member that is lost, or one too many, is a failure.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tools.foreign.client import AwsError, Client, Document

REGION = os.environ["AWS_REGION"]
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sync"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d"
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0a1b2c3d"

CBOR = "AWS_DATA_PATH" in os.environ
"""run sets it for a model that leaves no protocol but CBOR, and for nothing else."""
FAMILY = re.compile("Sync|Repositor")
"""What stands in the names of the sync operations, and in no other's of these services."""


class Recent:
    """Equal to any of these days: the emulator's time flies."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, datetime) and abs(other - datetime.now(UTC)) < timedelta(days=30)

    def __repr__(self) -> str:
        return "a date of these days"


@dataclass(frozen=True, eq=False)
class Like:
    """Equal to any text that fully matches a pattern."""

    pattern: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self.pattern, other) is not None


DATE, TEXT, ID = Recent(), Like(".+"), Like("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Checks:
    """Checks of one client of one service: each prints a line."""

    def __init__(self, service: str, client: Client, guess: Client) -> None:
        """`guess` is the same client with a wrong secret."""
        self.service, self.client, self.guess = service, client, guess
        self._called: set[str] = set()
        self._types: set[str] = set()

    def same(self, what: str, expected: object, found: object) -> None:
        verdict, end = "ok    ", ""
        if expected != found:
            verdict, end = "FAILED", f": expected {expected!r}, found {found!r}"
        print(f"{verdict}  {self.client.name}{', CBOR' if CBOR else ''}: {self.service} {what}{end}")

    def gives(self, operation: str, params: Mapping[str, object], expected: Document, what: str = "") -> Document:
        """Whether a call is answered with just what is expected."""
        found = self._call(operation, params)
        self.same(operation + what, expected, found)
        return found

    def refuses(self, operation: str, params: Mapping[str, object], code: str, what: str) -> None:
        """Whether a call is refused, and the client has a class of its own for the error."""
        self._refuses(self.client, operation, params, code, what, modelled=True)

    def distrusts(self, operation: str, params: Mapping[str, object]) -> None:
        """Whether a call is refused for its signature. No model has this error, so no client has a class for it."""
        what, code = "with a wrong secret", "InvalidSignatureException"
        self._refuses(self.guess, operation, params, code, what, modelled=False)

    def lists(self, operation: str, params: Mapping[str, object], member: str, expected: list[Document]) -> None:
        """Whether a list comes whole, an item a page by its own tokens, and as the client turns its pages."""
        pascal = member[0].isupper()
        size, token = ("MaxResults", "NextToken") if pascal else ("maxResults", "nextToken")
        invalid = "InvalidInputException" if pascal else "ValidationException"
        self.gives(operation, params, {member: expected})
        asked: Document = {**params, size: 1}
        found: list[Document] = []
        # One page more than there should be would be shown, but not a list without an end.
        while len(found) <= len(expected):
            found.append(self._call(operation, asked))
            asked[token] = found[-1].pop(token, None)
            if asked[token] is None:
                break
        self.same(f"{operation}, an item a page", [{member: [item]} for item in expected], found)
        self.refuses(operation, {**params, token: "bm9uc2Vuc2U="}, invalid, "with a made-up token")
        if asked[token] is not None:
            return  # A list without an end would keep the client for ever.
        turned = self.client.turn_pages(operation, params, member)
        if turned is not None:
            self.same(f"{operation}, its pages turned by the client", expected, turned)

    def end(self) -> None:
        """Whether the whole family was called, and every answer was written as it should be."""
        json = "application/json" if self.service == "iottwinmaker" else "application/x-amz-json-1.0"
        expected = "application/cbor" if CBOR else json
        self.same(f"answers in {expected}", {expected}, self._types)
        family = {operation for operation in self.client.operations() if FAMILY.search(operation)}
        self.same(f"has {len(family)} sync operations, each of them called", family, self._called)

    def _call(self, operation: str, params: Mapping[str, object]) -> Document:
        self._called.add(operation)
        document, content_type = self.client.call(operation, params)
        self._types.add(content_type)
        return document

    def _refuses(
        self, client: Client, operation: str, params: Mapping[str, object], code: str, what: str, *, modelled: bool
    ) -> None:
        found: object
        try:
            found = client.call(operation, params)
        except AwsError as error:
            # The AWS CLI has a class for no error.
            found = error.code, modelled if error.modelled is None else error.modelled
        self.same(f"{operation} {what}: {code}", (code, modelled), found)
