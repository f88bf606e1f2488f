"""AWS's own JavaScript clients, at the other end of a pipe: javascript_client.mjs says how to speak to them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from tools.foreign.client import AwsError, Document, Reply


class JavaScript:
    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        # There is none for CodeConnections. The older service's one gets there by its options: it is the same API.
        self.model = "codestar-connections" if service == "codeconnections" else service
        self._node = subprocess.Popen(
            ["node", "javascript_client.mjs", service],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.name = f"JavaScript {self._ask({'about': 'version'})}"

    def operations(self) -> set[str]:
        return set(self._ask({"about": "operations"}))

    def call(self, operation: str, params: Mapping[str, object]) -> Reply:
        return Reply(*self._ask({"operation": operation, "params": params}))

    def turn_pages(self, operation: str, params: Mapping[str, object], member: str) -> list[Document] | None:
        pages = cast("list[Document]", self._ask({"pages": operation, "params": params}))
        return [item for page in pages for item in page[member]]

    def _ask(self, question: Mapping[str, object]) -> Any:
        assert self._node.stdin
        assert self._node.stdout
        print(json.dumps(question), file=self._node.stdin, flush=True)
        answer = json.loads(self._node.stdout.readline(), object_hook=_read)
        if "error" in answer:
            raise AwsError(answer["error"], answer["modelled"], answer["message"])
        return answer["answer"]


def _read(members: Document) -> object:
    return datetime.fromtimestamp(members["$date"] / 1000, UTC) if "$date" in members else members
