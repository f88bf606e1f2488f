"""The hook: clients with the credentials and settings of an Airflow connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
from asgiref.sync import sync_to_async

if TYPE_CHECKING:
    from unisync import AsyncFleet, AsyncUnisync, Fleet, Unisync

CONNECTION_TEST_TIMEOUT = 10.0
"""Seconds that each call of a connection test may take."""
_SERVICES = ("iottwinmaker", "proton", "codeconnections", "codestar-connections", "cloudformation", "sts")

CodeConnectionsService = Literal["codeconnections", "codestar-connections"]


class UnisyncHook(AwsGenericHook["Unisync"]):
    """
    Clients of unisync with the credentials, role, region, endpoints and settings of an AWS connection.

    The connection is one of the Amazon provider's, and everything in it holds: ``role_arn``, ``region_name``,
    ``endpoint_url``, ``service_config``, ``config_kwargs``, ``verify`` and the rest. One field of ``extra`` is this
    hook's own: ``fleet_external_id``, the external ID with which a fleet assumes its roles.

    :param aws_conn_id: The Airflow connection used for AWS credentials. If it is None or empty, boto3's own chain of
        credentials is used, on each worker and triggerer.
    :param region_name: The AWS region. If it is not given, that of the connection, or boto3's default.
    :param verify: Whether to verify TLS certificates, or the path of a file with certificates to trust.
    :param config: Settings of botocore's client, as a ``Config`` or a dictionary.
    :param codeconnections_service: boto3's name for CodeConnections; ``"codestar-connections"`` is the older one, for
        accounts whose permissions use it.
    """

    hook_name = "unisync"

    def __init__(
        self,
        aws_conn_id: str | None = AwsGenericHook.default_conn_name,
        *,
        region_name: str | None = None,
        verify: bool | str | None = None,
        config: Any = None,
        codeconnections_service: CodeConnectionsService = "codeconnections",
    ) -> None:
        super().__init__(
            aws_conn_id, verify=verify, region_name=region_name, client_type=codeconnections_service, config=config
        )
        self.codeconnections_service = codeconnections_service

    @cached_property
    def client(self) -> Unisync:
        """The blocking client. It is thread-safe."""
        from unisync import Unisync

        return Unisync(region_name=self.region_name, **self._options())

    def get_conn(self) -> Unisync:
        """
        Return the blocking client.

        :return: The same client at each call.
        """
        return self.client

    async def get_async_conn(self) -> AsyncUnisync:
        """
        Return a new awaitable client, which the caller closes: ``async with await hook.get_async_conn() as client``.

        :return: The client.
        """
        from unisync import AsyncUnisync

        # Only asgiref's threads may ask a triggerer's supervisor for a connection: Airflow 3.0 fails otherwise.
        options = await sync_to_async(self._options)()
        return AsyncUnisync(region_name=self.region_name, **options)

    def fleet(self, role_arns: Iterable[str], *, regions: Iterable[str] | None = None) -> Fleet:
        """
        Return a client for many accounts and regions, which assumes a role in each account.

        :param role_arns: The ARNs of the roles, one for each account. The connection's credentials assume them.
        :param regions: The regions to search by ``discover``. By default, the connection's own.
        :return: A new fleet. It accepts references such as ``FleetSync(account, region, StackSync(...))``.
        """
        from unisync import Fleet

        return Fleet(role_arns, **self._fleet_options(regions))

    async def async_fleet(self, role_arns: Iterable[str], *, regions: Iterable[str] | None = None) -> AsyncFleet:
        """
        Return an awaitable client for many accounts and regions, which the caller closes.

        :param role_arns: The ARNs of the roles, one for each account. The connection's credentials assume them.
        :param regions: The regions to search by ``discover``. By default, the connection's own.
        :return: A new fleet.
        """
        from unisync import AsyncFleet

        return AsyncFleet(role_arns, **await sync_to_async(self._fleet_options)(regions))

    async def fingerprint(self) -> str:
        """
        Return a text that differs if the connection's credentials or settings do. It gives nothing of them away.

        :return: A hash.
        """
        connection = await sync_to_async(lambda: self.conn_config)()
        parts = connection.login, connection.password, connection.schema, connection.extra_config
        return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

    def test_connection(self) -> tuple[bool, str]:
        """
        Read from CodeConnections and from IoT TwinMaker, and tell which of them can be read.

        :return: Whether one of them can be read, and a description.
        """
        from unisync import UnisyncError

        try:
            client = self.client.with_options(timeout=CONNECTION_TEST_TIMEOUT, max_attempts=1)
        except Exception as error:  # whatever the Amazon provider raises for a connection that cannot be right
            return False, f"{type(error).__name__}: {error}"
        reads: dict[str, Callable[[], object]] = {
            "CodeConnections": lambda: next(iter(client.codeconnections.list_repository_links()), None),
            "IoT TwinMaker": lambda: client.discover(services=["twinmaker"], timeout=CONNECTION_TEST_TIMEOUT),
        }
        is_any = False
        found = [f"region {self.region_name or 'by default'}"]
        for name, read in reads.items():
            try:
                read()
            except UnisyncError as error:
                found.append(f"{name}: {error}")
            else:
                is_any = True
                found.append(f"{name}: can be read")
        return is_any, "; ".join(found)

    def _options(self) -> dict[str, Any]:
        """The arguments of a client."""
        connection = self.conn_config
        endpoints = {name: connection.get_service_endpoint_url(name) for name in _SERVICES}
        return {
            "session": self.get_session(region_name=self.region_name),
            "endpoint_urls": {name: url for name, url in endpoints.items() if url},
            "config": self.config,
            "verify": self.verify,
            "codeconnections_service": self.codeconnections_service,
        }

    def _fleet_options(self, regions: Iterable[str] | None) -> dict[str, Any]:
        """The arguments of a fleet."""
        if regions is None and self.region_name:
            regions = (self.region_name,)
        external_id = self.conn_config.extra_config.get("fleet_external_id")
        return {**self._options(), "regions": regions, "external_id": external_id}
