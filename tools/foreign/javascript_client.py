"""AWS's JavaScript clients, in a Node process that javascript_client.mjs runs in."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from tools.foreign.client import AwsError, Document, Response


class JavaScript:
    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        # There is no client for CodeConnections. javascript_client.mjs configures that of the older service to call
        # CodeConnections, which has the same API.
        self.model = "codestar-connections" if service == "codeconnections" else service
        self._node = subprocess.Popen(
            ["node", "javascript_client.mjs", service],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.name = f"JavaScript {self._request({'get': 'version'})}"

    def operations(self) -> set[str]:
        return set(self._request({"get": "operations"}))

    def call(self, operation: str, params: Mapping[str, object]) -> Response:
        return Response(*self._request({"call": operation, "params": params}))

    def paginate(self, operation: str, params: Mapping[str, object], field: str) -> list[Document] | None:
        pages = cast("list[Document]", self._request({"paginate": operation, "params": params}))
        return [item for page in pages for item in page[field]]

    def _request(self, request: Mapping[str, object]) -> Any:
        assert self._node.stdin
        assert self._node.stdout
        print(json.dumps(request), file=self._node.stdin, flush=True)
        response = json.loads(self._node.stdout.readline(), object_hook=_decode)
        if "error" in response:
            raise AwsError(response["error"], response["modeled"], response["message"])
        return response["result"]


def _decode(fields: Document) -> object:
    return datetime.fromtimestamp(fields["$date"] / 1000, UTC) if "$date" in fields else fields
