"""What an emulated operation raises to answer with an AWS error."""

from __future__ import annotations


class AwsError(Exception):
    """An error as AWS names it. `status` is for the codes that no service model declares."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class CommonError(AwsError):
    """An error that is no service's own, under the name it has in JSON. The query protocol has another for it."""
