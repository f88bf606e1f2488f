"""The services of one account and region, and of a fleet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.test_services import STACK_CONFIG, calls_of, existing
from tests.support.samples import FACTORY, MINE, STACK, attempt, drive
from unisync import (
    AnyRef,
    FleetSync,
    InvalidArgumentError,
    ServiceInstanceSync,
    StackSync,
    SyncResource,
    SyncState,
    TemplateSync,
    TwinMakerSync,
)
from unisync._core.commands import AccountRegion
from unisync._models.jobs import GitSyncResponse
from unisync._models.resources import SyncJobEntry, SyncJobsPage, SyncResourcesPage
from unisync._services.registry import FleetServices, Services

HERE = AccountRegion("111111111111", "eu-west-1")
REFS: list[AnyRef] = [FACTORY, ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1"), STACK]


def test_codeconnections_has_two_names() -> None:
    for name in ("codeconnections", "codestar-connections"):
        assert Services(name).codeconnections.service_name == name
    expected = "codeconnections_service: expected 'codeconnections' or 'codestar-connections', got 'codecommit'"
    with pytest.raises(InvalidArgumentError, match=expected):
        Services("codecommit")


@pytest.mark.parametrize("wrong", [7, None, "codeconnections:payments-prod", FleetSync(*HERE, STACK)])
def test_a_client_rejects_anything_but_its_own_references(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"ref: expected a reference such as StackSync\(\.\.\.\), got"):
        Services("codeconnections").target_of(wrong)


@pytest.mark.parametrize("ref", REFS, ids=str)
def test_a_fleet_calls_the_account_and_region_of_the_reference(ref: AnyRef) -> None:
    services = FleetServices("codestar-connections")
    located: FleetSync[Any] = FleetSync(*HERE, ref)
    target = services.target_of(located)
    assert target.ref == located
    call: Any = next(target.fetch())
    assert call.location == HERE
    assert call.service == ("codestar-connections" if ref is STACK else call.service)
    response = existing() if ref is FACTORY else GitSyncResponse(latest_sync=attempt("SUCCEEDED", MINE))
    assert drive(target.fetch(), [response]).ref == located


@pytest.mark.parametrize("ref", REFS, ids=str)
def test_a_client_calls_its_own_account_and_region(ref: AnyRef) -> None:
    call: Any = next(Services("codeconnections").target_of(ref).fetch())
    assert call.location is None


@pytest.mark.parametrize("wrong", [STACK, 7, None])
def test_a_fleet_requires_references_of_a_fleet(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="ref: expected a FleetSync, which says in which account and region"):
        FleetServices("codeconnections").target_of(wrong)


def test_a_fleet_keeps_the_services_of_an_account_and_region() -> None:
    services = FleetServices("codeconnections")
    assert services.at(HERE) is services.at(HERE)
    assert services.at(HERE) is not services.at(HERE._replace(region="us-east-1"))


def test_results_in_a_fleet_have_references_of_the_fleet() -> None:
    twinmaker = FleetServices("codeconnections").at(HERE).twinmaker
    located = FleetSync(*HERE, FACTORY)
    page = SyncJobsPage(items=(SyncJobEntry(), SyncJobEntry(sync_source="OTHER")))
    refs: list[object] = [job.ref for job in drive(twinmaker.list_sync_jobs("factory").collect(), [page])]
    assert refs == [located, FleetSync(*HERE, TwinMakerSync("factory", "OTHER"))]
    assert drive(twinmaker.summarize_sync_resources("factory"), [SyncResourcesPage()]).ref == located


def test_resources_are_counted_over_all_pages() -> None:
    def resource(state: str, name: str) -> SyncResource:
        return SyncResource.model_validate({"status": {"state": state}, "externalId": name})

    failed = SyncResource.model_validate(
        {"externalId": "c", "status": {"state": SyncState.FAILED, "aws_state": "ERROR"}}
    )
    done = SyncResource.model_validate(
        {"externalId": "a", "status": {"state": SyncState.ACTIVE, "aws_state": "IN_SYNC"}}
    )
    pages = [
        SyncResourcesPage(items=(done, resource("NEW", "b")), next_token="t"),
        SyncResourcesPage(items=(done, failed)),
    ]
    summary = drive(Services("codeconnections").twinmaker.summarize_sync_resources("factory"), pages)
    assert dict(summary.counts) == {SyncState.ACTIVE: 2, SyncState.UNKNOWN: 1, SyncState.FAILED: 1}
    assert summary.failed == (failed,)
    calls = calls_of(Services("codeconnections").twinmaker.summarize_sync_resources("factory"), pages)
    assert [call.params.get("nextToken") for call in calls] == [None, "t"]


def test_a_stack_is_found_under_the_name_that_a_client_uses() -> None:
    target = Services("codestar-connections").target_of(StackSync("payments"))
    assert target.resolve_command.startswith("aws codestar-connections update-sync-blocker --id {id}")
    assert target.repository_status is not None
    calls = calls_of(target.repository_status(), [STACK_CONFIG, STACK_CONFIG])
    assert {call.service for call in calls} == {"codestar-connections"}
