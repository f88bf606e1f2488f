"""The AWS CLI, in whose environment this has to run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version

from tests.foreign.client import Document, AwsError, Reply

TURNED = ("ListRepositories", "ListRepositorySyncDefinitions")
"""The lists that it turns the pages of by itself. Of any other it gives one page, with its token."""


class AwsCli:
    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        self.name, self.model = f"AWS CLI {version('awscli')}", service
        self._environment = environment

    def operations(self) -> set[str]:
        choices = self._run("nothing").stderr.partition("valid choices are:")[2]
        return {"".join(word.capitalize() for word in choice.split("-")) for choice in re.findall("[a-z-]+", choices)}

    def call(self, operation: str, params: Mapping[str, object]) -> Reply:
        return self._ask(operation, params)

    def turn_pages(self, operation: str, params: Mapping[str, object], member: str) -> list[Document] | None:
        if operation not in TURNED:
            return None
        found: list[Document] = self._ask(operation, params, "--page-size=1").document[member]
        return found

    def _ask(self, operation: str, params: Mapping[str, object], *options: str) -> Reply:
        for name, value in params.items():
            options += (f"--{_dashed(name)}", value if isinstance(value, str) else json.dumps(value))
        ended = self._run(_dashed(operation), *options)
        if ended.returncode:
            code = re.search(r"^An error occurred \((\w+)\) when calling", ended.stderr, re.MULTILINE)
            if code is None or ended.returncode != 255:
                raise RuntimeError(f"{operation} ended with status {ended.returncode}: {ended.stderr}")
            raise AwsError(code[1], None, code[0])
        # Dates are printed as they were received, and are the only numbers with a point.
        document = json.loads(ended.stdout or "{}", parse_float=lambda text: datetime.fromtimestamp(float(text), UTC))
        # That one page is shown may have taken several: all of them are there.
        types = set(re.findall(r"Response headers: .*'content-type': '([^']*)'", ended.stderr))
        return Reply(document, " and ".join(types))

    def _run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            # --debug shows the headers of the reply.
            [sys.executable, "-m", "awscli", self.model, command, "--output=json", "--debug", *options],
            env=dict(self._environment),
            capture_output=True,
            text=True,
            check=False,
        )


def _dashed(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
