"""The AWS CLI, in whose environment this has to run."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from tempfile import TemporaryFile
from typing import NamedTuple

from tools.foreign.client import AwsError, Document, Reply

TURNED = ("ListRepositories", "ListRepositorySyncDefinitions")
"""The lists that it turns the pages of by itself. Of any other it gives one page, with its token."""

# Each command has a process of its own, as a user's has, but one in which the CLI is loaded already: that is half the
# time that a command takes.
_FORK = multiprocessing.get_context("fork")
_cli = import_module("awscli.clidriver")


class _Ended(NamedTuple):
    status: int | None
    output: str
    errors: str


class AwsCli:
    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        self.name, self.model = f"AWS CLI {version('awscli')}", service
        self._environment = environment

    def operations(self) -> set[str]:
        choices = self._run("nothing").errors.partition("valid choices are:")[2]
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
        if ended.status:
            code = re.search(r"^An error occurred \((\w+)\) when calling", ended.errors, re.MULTILINE)
            if code is None or ended.status != 255:
                raise RuntimeError(f"{operation} ended with status {ended.status}: {ended.errors}")
            raise AwsError(code[1], None, code[0])
        # Dates are printed as they were received, and are the only numbers with a point.
        document = json.loads(ended.output or "{}", parse_float=lambda text: datetime.fromtimestamp(float(text), UTC))
        # What is shown as one may have come in several pages.
        types = set(re.findall(r"Response headers: .*'content-type': '([^']*)'", ended.errors))
        return Reply(document, " and ".join(types))

    def _run(self, command: str, *options: str) -> _Ended:
        # --debug shows the headers of the reply.
        words = [self.model, command, "--output=json", "--debug", *options]
        with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
            process = _FORK.Process(target=_aws, args=(words, self._environment, output.fileno(), errors.fileno()))
            process.start()
            process.join()
            output.seek(0)
            errors.seek(0)
            return _Ended(process.exitcode, output.read(), errors.read())


def _aws(words: Sequence[str], environment: Mapping[str, str], output: int, errors: int) -> None:
    """Do what the script `aws` does, with these words after it."""
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.environ.update(environment)
    sys.argv[1:] = words
    sys.exit(_cli.main())


def _dashed(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
