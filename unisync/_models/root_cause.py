"""The root cause of a failed stack."""

from __future__ import annotations

from unisync._models.base import Model


class RootCause(Model, frozen=True):
    """The resource of a stack that failed first (DescribeStackEvents).

    Fields: `logical_id`, `type`, `aws_status`, `reason`.
    """

    logical_id: str
    """The resource's name in the template."""
    type: str | None = None
    """The resource's type, such as "AWS::SQS::Queue"."""
    aws_status: str | None = None
    """CloudFormation's own value, such as "UPDATE_FAILED"."""
    reason: str | None = None
    """Why it failed, in CloudFormation's own sentence."""

    def __str__(self) -> str:
        return f"{self.logical_id} ({self.type}) is {self.aws_status}: {self.reason or 'no reason given'}"
