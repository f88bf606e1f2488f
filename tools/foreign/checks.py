"""The checks of a client: each compares what the client returned with what is expected, and prints a line.

Responses are compared as a whole: a missing or an extra field is a failure.
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
"""Whether the client uses CBOR: `run` sets this variable only for the model that allows nothing else."""
SYNC_OPERATION = re.compile("Sync|Repositor")
"""Matches the names of the sync operations, and no other operation of these services."""


class Recent:
    """Equal to any recent date. The emulator's clock runs fast, so the dates are not exactly known."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, datetime) and abs(other - datetime.now(UTC)) < timedelta(days=30)

    def __repr__(self) -> str:
        return "a recent date"


@dataclass(frozen=True, eq=False)
class Matching:
    """Equal to any text that fully matches a pattern."""

    pattern: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self.pattern, other) is not None


DATE, TEXT, ID = Recent(), Matching(".+"), Matching("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Checks:
    """The checks of one client of one service."""

    def __init__(self, service: str, client: Client, impostor: Client) -> None:
        """`impostor` is the same client with a wrong secret key."""
        self.service, self.client, self.impostor = service, client, impostor
        self._called: set[str] = set()
        self._content_types: set[str] = set()

    def equal(self, title: str, expected: object, actual: object) -> None:
        """Check that two values are equal."""
        verdict, detail = "ok    ", ""
        if expected != actual:
            verdict, detail = "FAILED", f": expected {expected!r}, got {actual!r}"
        print(f"{verdict}  {self.client.name}{', CBOR' if CBOR else ''}: {self.service} {title}{detail}")

    def returns(
        self, operation: str, params: Mapping[str, object], expected: Document, description: str = ""
    ) -> Document:
        """Check that a call returns exactly this document; returns what it returned."""
        document = self._call(operation, params)
        self.equal(operation + description, expected, document)
        return document

    def rejects(self, operation: str, params: Mapping[str, object], code: str, description: str) -> None:
        """Check that a call fails with this code, and that the client has a class for the error."""
        self._rejects(self.client, operation, params, code, description, modeled=True)

    def rejects_constraint(self, operation: str, params: Mapping[str, object], description: str) -> None:
        """Check that a call fails that violates a constraint. CodeConnections does not model this error."""
        modeled = not self.service.startswith("code")
        self._rejects(self.client, operation, params, "ValidationException", description, modeled=modeled)

    def rejects_signature(self, operation: str, params: Mapping[str, object]) -> None:
        """Check that a call with a wrong secret key fails. No model has this error, so no client has a class for it."""
        description, code = "with a wrong secret key", "InvalidSignatureException"
        self._rejects(self.impostor, operation, params, code, description, modeled=False)

    def lists(self, operation: str, params: Mapping[str, object], field: str, expected: list[Document]) -> None:
        """Check a list: as one page, one item per page with its own tokens, and with the client's pagination."""
        pascal_case = field[0].isupper()
        size, token = ("MaxResults", "NextToken") if pascal_case else ("maxResults", "nextToken")
        invalid = "InvalidInputException" if pascal_case else "ValidationException"
        self.returns(operation, params, {field: expected})
        request: Document = {**params, size: 1}
        pages: list[Document] = []
        # Reads one page more than expected, to report an extra page without following an endless list.
        while len(pages) <= len(expected):
            pages.append(self._call(operation, request))
            request[token] = pages[-1].pop(token, None)
            if request[token] is None:
                break
        self.equal(f"{operation}, one item per page", [{field: [item]} for item in expected], pages)
        self.rejects(operation, {**params, token: "bm9uc2Vuc2U="}, invalid, "with a made-up token")
        if request[token] is not None:
            return  # The list may be endless, and the client would never finish it.
        items = self.client.paginate(operation, params, field)
        if items is not None:
            self.equal(f"{operation}, paginated by the client", expected, items)

    def finish(self) -> None:
        """Check that all sync operations were called, and that all responses had the right content type."""
        json = "application/json" if self.service == "iottwinmaker" else "application/x-amz-json-1.0"
        expected = "application/cbor" if CBOR else json
        self.equal(f"responds with {expected}", {expected}, self._content_types)
        operations = {operation for operation in self.client.operations() if SYNC_OPERATION.search(operation)}
        self.equal(f"has {len(operations)} sync operations, and all were called", operations, self._called)

    def _call(self, operation: str, params: Mapping[str, object]) -> Document:
        self._called.add(operation)
        document, content_type = self.client.call(operation, params)
        self._content_types.add(content_type)
        return document

    def _rejects(
        self,
        client: Client,
        operation: str,
        params: Mapping[str, object],
        code: str,
        description: str,
        *,
        modeled: bool,
    ) -> None:
        actual: object
        try:
            actual = client.call(operation, params)
        except AwsError as error:
            # The AWS CLI has no error classes.
            actual = error.code, modeled if error.modeled is None else error.modeled
        self.equal(f"{operation} {description}: {code}", (code, modeled), actual)
