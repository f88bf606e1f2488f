"""The connection of a task and of its trigger."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from unisync_provider.hooks.unisync import CodeConnectionsService, UnisyncHook

if TYPE_CHECKING:
    from unisync import Fleet, Unisync


class WithConnection:
    """The connection of a task or a trigger. Its attributes are those that templates and triggers know by name."""

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None
    codeconnections_service: CodeConnectionsService
    role_arns: Sequence[str]

    def set_connection(
        self,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        codeconnections_service: CodeConnectionsService = "codeconnections",
        role_arns: Sequence[str] = (),
    ) -> None:
        """Store the connection."""
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        self.codeconnections_service = codeconnections_service
        self.role_arns = role_arns

    @cached_property
    def hook(self) -> UnisyncHook:
        """The hook of the connection."""
        return UnisyncHook(
            self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
            codeconnections_service=self.codeconnections_service,
        )

    @cached_property
    def client(self) -> Unisync | Fleet:
        """The blocking client of the connection, or its fleet."""
        return self.hook.fleet(self.role_arns) if self.role_arns else self.hook.client

    def connection(self) -> dict[str, Any]:
        """The connection as the arguments of a trigger."""
        return {
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
            "codeconnections_service": self.codeconnections_service,
            "role_arns": list(self.role_arns),
        }
