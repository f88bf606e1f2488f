"""A JUnit report of waits: a test case for each sync."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from unisync._models.text import sanitize
from unisync.errors import WaitError

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef
    from unisync.cli.rows import Row

MAX_TEXT = 10_000
"""Characters of a text."""


def report(rows: Sequence[Row], elapsed: Mapping[SyncRef[SyncJob], float]) -> str:
    """The report, as XML.

    Args:
        rows: The result of each wait.
        elapsed: The duration of each wait, in seconds.
    """
    from xml.etree import ElementTree

    failures = [row for row in rows if isinstance(row.error, WaitError)]
    errors = [row for row in rows if row.error is not None and not isinstance(row.error, WaitError)]
    suite = ElementTree.Element(
        "testsuite",
        name="unisync wait",
        tests=str(len(rows)),
        failures=str(len(failures)),
        errors=str(len(errors)),
        skipped="0",
        time=_seconds(max(elapsed.values(), default=0.0)),
    )
    for row in rows:
        attributes = {
            "classname": "unisync.wait",
            "name": _xml(str(row.ref)),
            "time": _seconds(elapsed.get(row.ref, 0)),
        }
        case = ElementTree.SubElement(suite, "testcase", attributes)
        if row.error is not None:
            tag = "failure" if row in failures else "error"
            message = _xml(f"{row.state}: {row.reason}" if row.reason else str(row.error))
            failure = ElementTree.SubElement(case, tag, {"type": type(row.error).__name__, "message": message})
            failure.text = "\n".join(map(_xml, str(row.error).splitlines()))
        output = ElementTree.SubElement(case, "system-out")
        output.text = "\n".join(
            f"{name}: {_xml(value)}" for name, value in (("live", row.live), ("desired", row.desired)) if value
        )
    tree = ElementTree.Element("testsuites")
    tree.append(suite)
    ElementTree.indent(tree)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(tree, encoding="unicode")}\n'


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _xml(text: str) -> str:
    """Text without the characters that XML cannot contain."""
    return "".join(c for c in sanitize(text, MAX_TEXT) if c not in "\ufffe\uffff")
