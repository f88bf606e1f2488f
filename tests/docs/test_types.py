"""The Python programs of the README and the docs under mypy and pyright, each strict, as they stand."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.support.checkers import PROGRAM_CHECKERS
from tests.support.documents import blocks, pages

pytestmark = pytest.mark.slow


def extract(folder: Path) -> dict[str, tuple[str, int]]:
    """Write each program to a file of its own. Returns the page and the line of each file."""
    places: dict[str, tuple[str, int]] = {}
    for name, page in pages().items():
        for block in blocks(page):
            if block.kind == "python":
                # Other programs of the page import a file by its caption.
                file = block.caption or f"{re.sub(r'[^a-z0-9]', '_', name.lower())}_{block.line}.py"
                assert file not in places, file
                (folder / file).write_text(block.body)
                places[file] = name, block.line
    return places


@pytest.mark.parametrize("checker", PROGRAM_CHECKERS)
def test_every_program_passes_the_strict_checkers(checker: str, tmp_path: Path) -> None:
    pytest.importorskip(checker, reason="the type checkers are installed in .venv alone")
    places = extract(tmp_path)
    assert len(places) > 30
    complaints = PROGRAM_CHECKERS[checker](tmp_path, sys.executable)
    found = [
        f"{places[file][0]}, line {line} of the program below line {places[file][1]}: {message}"
        for (file, line), message in sorted(complaints.items())
    ]
    assert not found, "\n".join(found)


def test_no_program_silences_a_checker() -> None:
    silenced = [
        (name, block.line)
        for name, page in pages().items()
        for block in blocks(page)
        if block.kind == "python" and re.search(r"type: ?ignore|pyright: ?ignore", block.body)
    ]
    assert not silenced
