"""The clock of botocore's signer, shifted."""

from __future__ import annotations

import datetime as of_python
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import botocore.auth
import pytest


def shift_signing_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Shift it, in whichever way this botocore reads the time."""

    def now(**_: object) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=seconds)

    class Shifted(datetime):
        @classmethod
        def utcnow(cls) -> Any:
            return now().replace(tzinfo=None)

    if hasattr(botocore.auth, "get_current_datetime"):
        monkeypatch.setattr(botocore.auth, "get_current_datetime", now)
    else:  # before boto3 1.40
        monkeypatch.setattr(botocore.auth, "datetime", SimpleNamespace(**{**vars(of_python), "datetime": Shifted}))
