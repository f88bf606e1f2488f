"""What an operation would send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisync._models.base import Model


class DryRun(Model, frozen=True):
    """A request that passed all checks and was not sent, since `dry_run=True` was passed."""

    service: str
    """boto3's name of the service."""
    operation: str
    """AWS's name of the operation."""
    params: Mapping[str, Any]
    """The parameters, under AWS's names."""
