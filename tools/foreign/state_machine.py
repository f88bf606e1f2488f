"""`python -m tools.foreign.state_machine` executes the state machine of docs/howto/step-functions.md.

The interpreter, aws-local-stepfunctions, validates it with asl-validator first. Its task is unisync's handler, on an
emulator in this process whose clock each pause advances.
"""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Mapping
from typing import Any

from tests.support.step_functions import MAX_BYTES, SITUATIONS, WAIT, add_stack, push, state_machine
from unisync.emulator import Emulator
from unisync.errors import InvalidArgumentError
from unisync.stepfunctions import make_handler
from unisync.testing import FakeUnisync

Document = dict[str, Any]


class Interpreter:
    """A Node process that executes a state machine."""

    def __init__(self, definition: Document) -> None:
        self._node = subprocess.Popen(
            ["node", "state_machine.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._send(definition)

    def execute(self, event: Mapping[str, object], aws: Emulator, failures: int = 0) -> tuple[Document, list[int]]:
        """Execute it once.

        Args:
            event: The input.
            aws: What its task polls.
            failures: How many calls of the task fail at first, as if the function had timed out.

        Returns:
            How it ended: {output} or {error, cause}; and the sizes of the task's outputs.
        """
        client = FakeUnisync(aws)
        handle = make_handler(lambda: client)
        sizes: list[int] = []
        self._send(event)
        while True:
            message = self._receive()
            if "pause" in message:
                aws.clock.advance(message["pause"])
            elif "call" not in message:
                return message, sizes
            elif failures:
                failures -= 1
                self._send({"error": "Sandbox.Timedout", "message": "Task timed out after 60.00 seconds"})
            else:
                try:
                    result = handle(message["call"], None)
                except InvalidArgumentError as error:
                    self._send({"error": type(error).__name__, "message": str(error)})
                else:
                    sizes.append(len(json.dumps(result)))
                    self._send({"result": result})

    def problems(self) -> str:
        """End the process; what it complained of."""
        _, problems = self._node.communicate(timeout=60)
        return problems

    def _send(self, message: object) -> None:
        assert self._node.stdin
        print(json.dumps(message), file=self._node.stdin, flush=True)

    def _receive(self) -> Document:
        assert self._node.stdout
        line = self._node.stdout.readline()
        if not line:
            raise EOFError(self.problems())
        found: Document = json.loads(line)
        return found


def check(title: str, expected: object, actual: object) -> None:
    """Check that two values are equal."""
    verdict = "ok      " if expected == actual else "FAILED  "
    detail = "" if expected == actual else f": expected {expected!r}, got {actual!r}"
    print(f"{verdict}state machine: {title}{detail}")


def verdict_of(end: Document) -> tuple[object, object]:
    """The status of the output, and the error."""
    return end.get("output", {}).get("status"), end.get("error")


def main() -> None:
    interpreter = Interpreter(state_machine())
    for situation in SITUATIONS:
        with Emulator(clock="manual") as aws:
            add_stack(aws)
            situation.prepare(aws)
            end, sizes = interpreter.execute(situation.event, aws)
        expected = ("succeeded", None) if situation.status == "succeeded" else (None, situation.error)
        found = (verdict_of(end), "cause" in end, max(sizes) < MAX_BYTES)
        check(f"{situation.name}: {situation.error or 'succeeds'}", (expected, "error" in end, True), found)

    with Emulator(clock="manual") as aws:
        add_stack(aws)
        push(aws)
        end, _ = interpreter.execute(WAIT, aws, failures=2)
        check("a function that timed out is called again", ("succeeded", None), verdict_of(end))
        end, sizes = interpreter.execute({**WAIT, "revison": "4f2c9e1"}, aws)
        check("a wrong input is not retried", ((None, "InvalidArgumentError"), 0), (verdict_of(end), len(sizes)))
    check("the interpreter complains of nothing", "", interpreter.problems())

    broken = copy.deepcopy(state_machine())
    broken["States"]["Pause"]["Next"] = "Elsewhere"
    problems = Interpreter(broken).problems()
    check("a missing state is found", True, "Elsewhere" in problems)


if __name__ == "__main__":
    main()
