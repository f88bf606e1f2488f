"""Describes the machine that a benchmark runs on, and isolates the benchmark from its AWS settings."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path


def describe_machine() -> dict[str, str]:
    """The processor, the Python and the versions of the libraries."""
    return {
        "Machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "Libraries": _versions(("boto3", "botocore", "pydantic", "unisync-aws")),
    }


def _versions(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {version(name)}" for name in names)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def isolate(home: str) -> None:
    """Remove all AWS and proxy settings from the environment, and use dummy credentials."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "BOTO")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    # pip compiles boto3 to bytecode when it installs it. unisync may be installed in editable mode and is then compiled
    # when it is first imported: allow that, or the comparison is unfair.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ |= {
        "HOME": home,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
