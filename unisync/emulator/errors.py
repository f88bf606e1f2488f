"""The exceptions that become AWS error responses."""

from __future__ import annotations


class AwsError(Exception):
    """An error response. `status` is its HTTP status; None is the one that the service's model declares, or 400."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class CommonError(AwsError):
    """An error common to all services, named as in the JSON protocols. The query protocol has another code for it."""
