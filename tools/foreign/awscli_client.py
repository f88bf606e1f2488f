"""The AWS CLI. This module must run in the CLI's own environment."""

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

from tools.foreign.client import AwsError, Document, Response

AUTO_PAGINATED = ("ListRepositories", "ListRepositorySyncDefinitions")
"""The lists that the CLI paginates itself. Of any other list it prints one page, with its token."""

# Each command runs in a new process, as it does for users. The process is forked after the CLI was imported, which
# halves the time of a command.
_FORK = multiprocessing.get_context("fork")
_cli = import_module("awscli.clidriver")


class _Result(NamedTuple):
    status: int | None
    output: str
    errors: str


class AwsCli:
    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        self.name, self.model = f"AWS CLI {version('awscli')}", service
        self._environment = environment

    def operations(self) -> set[str]:
        commands = self._run("nothing").errors.partition("valid choices are:")[2]
        return {
            "".join(part.capitalize() for part in command.split("-")) for command in re.findall("[a-z-]+", commands)
        }

    def call(self, operation: str, params: Mapping[str, object]) -> Response:
        return self._request(operation, params)

    def paginate(self, operation: str, params: Mapping[str, object], field: str) -> list[Document] | None:
        if operation not in AUTO_PAGINATED:
            return None
        items: list[Document] = self._request(operation, params, "--page-size=1").document[field]
        return items

    def _request(self, operation: str, params: Mapping[str, object], *options: str) -> Response:
        for name, value in params.items():
            options += (f"--{_kebab_case(name)}", value if isinstance(value, str) else json.dumps(value))
        result = self._run(_kebab_case(operation), *options)
        if result.status:
            code = re.search(r"^An error occurred \((\w+)\) when calling", result.errors, re.MULTILINE)
            if code is None or result.status != 255:
                raise RuntimeError(f"{operation} ended with status {result.status}: {result.errors}")
            raise AwsError(code[1], None, code[0])
        # The CLI prints dates as it received them. They are the only numbers with a decimal point.
        document = json.loads(result.output or "{}", parse_float=lambda text: datetime.fromtimestamp(float(text), UTC))
        # The CLI may have read several pages, each with a content type.
        types = set(re.findall(r"Response headers: .*'content-type': '([^']*)'", result.errors))
        return Response(document, " and ".join(types))

    def _run(self, command: str, *options: str) -> _Result:
        # --debug prints the response headers.
        arguments = [self.model, command, "--output=json", "--debug", *options]
        with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
            process = _FORK.Process(target=_main, args=(arguments, self._environment, output.fileno(), errors.fileno()))
            process.start()
            process.join()
            output.seek(0)
            errors.seek(0)
            return _Result(process.exitcode, output.read(), errors.read())


def _main(arguments: Sequence[str], environment: Mapping[str, str], output: int, errors: int) -> None:
    """Do what the `aws` script does with these arguments."""
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.environ.update(environment)
    sys.argv[1:] = arguments
    sys.exit(_cli.main())


def _kebab_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
