"""`with_raw_response`: the model, and what boto3 returns for the same call."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from tests.support.samples import FACTORY, MINE, STACK
from unisync import (
    AsyncUnisync,
    DryRun,
    NotFoundError,
    Page,
    RawResult,
    ServiceInstanceSync,
    Unisync,
)
from unisync._core.flow import Flow
from unisync._services.twinmaker import TwinMaker
from unisync.emulator import Emulator

INSTANCE = ServiceInstanceSync("web", "prod")
ROLE = "arn:aws:iam::123456789012:role/sync"
PARTS_OF_A_CALL = ("RequestId", "HTTPHeaders")
"""What differs between two calls."""


@pytest.fixture(autouse=True)
def resources(aws: Emulator) -> None:
    aws.add_workspace("factory")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(stack="payments-prod", sha=MINE)
    aws.push(service="web", instance="prod", sha=MINE)


@pytest.fixture
def boto(aws: Emulator) -> Any:
    """Makes boto3's own clients."""
    options: dict[str, Any] = dict(aws.client_options())

    def make(service: str) -> Any:
        return options["session"].client(service, endpoint_url=aws.url, config=options["config"])

    return make


def without_call(response: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in response["ResponseMetadata"].items() if name not in PARTS_OF_A_CALL}
    return {**response, "ResponseMetadata": metadata}


def test_the_response_is_what_boto3_returns(client: Unisync, boto: Any) -> None:
    result = client.with_raw_response.get(STACK)
    expected = boto("codeconnections").get_resource_sync_status(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    assert result.model == client.get(STACK)
    assert without_call(result.response) == without_call(expected)
    assert isinstance(result.response["LatestSync"]["StartedAt"], datetime)
    assert result.status_code == 200
    assert result.request_id == result.response["ResponseMetadata"]["RequestId"] == result.headers["x-amzn-requestid"]


def test_operations_of_all_services(client: Unisync, boto: Any) -> None:
    raw = client.with_raw_response
    created = raw.twinmaker.create_sync_job("factory", sync_role=ROLE)
    assert created.response["arn"] == created.model.arn
    expected = boto("iottwinmaker").get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert without_call(raw.get(FACTORY).response) == without_call(expected)
    config = raw.codeconnections.get_sync_configuration("payments-prod")
    expected = boto("codeconnections").get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    assert without_call(config.response) == without_call(expected)
    with warnings.catch_warnings(action="ignore"):
        status = raw.proton.get_service_instance_sync_status("web", "prod")  # pyright: ignore[reportDeprecated]
    expected = boto("proton").get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod")
    assert without_call(status.response) == without_call(expected)


def test_the_methods_of_the_client(client: Unisync, aws: Emulator) -> None:
    aws.block(stack="payments-prod", reason="modified by hand")
    raw = client.with_raw_response
    (blocker,) = raw.blockers(STACK).model
    resolved = raw.resolve_blocker(STACK, blocker.id, "put right")
    assert resolved.model.id == blocker.id
    assert resolved.status_code == 200
    assert raw.repository_status(STACK).response["LatestSync"]["Status"] == "INITIATED"


def test_a_list_is_iterated_by_its_pages(client: Unisync, aws: Emulator) -> None:
    aws.add_stack("billing-prod", repository="acme/infra")
    pages = list(client.with_raw_response.codeconnections.list_repository_links(page_size=1))
    assert all(isinstance(page.model, Page) for page in pages)
    links = [link.repository_link_id for page in pages for link in page.model]
    assert links == [each["RepositoryLinkId"] for page in pages for each in page.response["RepositoryLinks"]]


def test_the_response_to_the_last_call_is_kept(client: Unisync, aws: Emulator) -> None:
    aws.add_stack("new-prod", repository="acme/infra")
    result = client.with_raw_response.get(type(STACK)("new-prod"))
    assert result.model.latest_sync is None
    assert result.response["SyncConfiguration"]["ResourceName"] == "new-prod", "it has no status yet"


def test_an_operation_that_expects_an_error_has_it_as_its_response(client: Unisync) -> None:
    def tolerant(it: TwinMaker) -> Flow[str]:
        try:
            yield from it.get_sync_job("factory")
        except NotFoundError:
            return "missing"
        return "there"

    run = client.with_raw_response._run
    result: Any = run(tolerant(client._settings.services.twinmaker))
    assert result.model == "missing"
    assert result.response["Error"]["Code"] == "ResourceNotFoundException"
    assert (result.status_code, bool(result.headers["x-amzn-requestid"])) == (404, True)


def test_retries_are_counted(client: Unisync, aws: Emulator) -> None:
    aws.fault("GetResourceSyncStatus", "ThrottlingException")
    result = client.with_raw_response.get(STACK)
    assert result.response["ResponseMetadata"]["RetryAttempts"] == 1


def test_an_error_is_raised_as_ever(client: Unisync) -> None:
    with pytest.raises(NotFoundError):
        client.with_raw_response.get(type(STACK)("unknown"))


def test_a_dry_run_has_no_response(client: Unisync) -> None:
    planned = client.with_raw_response.twinmaker.create_sync_job("factory", sync_role=ROLE, dry_run=True)
    assert isinstance(planned, DryRun)


def test_the_awaited_client(aws: Emulator) -> None:
    async def main() -> None:
        async with AsyncUnisync(**aws.client_options()) as client:
            raw = client.with_raw_response
            result = await raw.get(STACK)
            assert isinstance(result, RawResult)
            assert result.response["LatestSync"]["TargetRevision"]["Sha"] == MINE
            await raw.twinmaker.create_sync_job("factory", sync_role=ROLE)
            jobs = [page async for page in raw.twinmaker.list_sync_jobs("factory")]
            assert jobs[0].response["syncJobSummaries"][0]["workspaceId"] == "factory"
            links = [page async for page in raw.codeconnections.list_repository_links()]
            assert len(links) == 1
            with warnings.catch_warnings(action="ignore"):
                proton = raw.proton  # pyright: ignore[reportDeprecated]
            assert (await proton.get_service_instance_sync_status("web", "prod")).status_code == 200

    asyncio.run(main())


def test_the_options_of_the_client_hold(client: Unisync) -> None:
    quick = client.with_options(max_attempts=1)
    assert quick.with_raw_response._settings.max_attempts == 1
