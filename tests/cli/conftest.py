"""Fixtures for the tests of the command."""

from __future__ import annotations

import io

import pytest

from tests.cli.runner import Done, Run
from tests.cli.scene import load_scene
from unisync.cli.app import run
from unisync.emulator import Emulator


@pytest.fixture
def unisync(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the emulator."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str) -> Done:
        out, err = io.StringIO(), io.StringIO()
        code = run(arguments, aws.client_options(), out, err)
        return Done(code, out.getvalue(), err.getvalue())

    return command


@pytest.fixture
def scene(aws: Emulator) -> None:
    """A sync of every service, and a stack for each way to be not synced."""
    load_scene(aws)
