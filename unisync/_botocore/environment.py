"""The environment variable of AWS's other SDKs that boto3 does not read. Quick to import."""

from __future__ import annotations

import os


def environment_region() -> str | None:
    """The region of AWS_REGION; None where AWS_DEFAULT_REGION, which boto3 reads, has one."""
    return None if os.environ.get("AWS_DEFAULT_REGION") else os.environ.get("AWS_REGION") or None
