"""Processes that tests start."""

from __future__ import annotations

import os
from collections.abc import Mapping


def unmeasured(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment for a process that receives a signal, without coverage, which a signal can make hang.

    The exception of a signal may come while coverage holds its lock: then nobody unlocks it.

    Args:
        environ: The environment otherwise; None for this process's own.
    """
    values = os.environ if environ is None else environ
    return {name: value for name, value in values.items() if name != "COVERAGE_PROCESS_CONFIG"}
