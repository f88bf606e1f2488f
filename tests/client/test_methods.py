"""The methods besides reading and waiting: blockers, repositories, discovery, creation, deletion and resources."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import boto3
import pytest

from tests.support.operations import ROLE, Known, client_argument_of, prepare
from tests.support.samples import FACTORY, MINE, OLD, STACK
from unisync import (
    AccessDeniedError,
    AlreadyExistsError,
    AnyRef,
    ConflictError,
    InvalidArgumentError,
    InvalidRequestError,
    NotFoundError,
    ProtonDeprecationWarning,
    RepositorySyncAttempt,
    ServerError,
    ServiceInstanceSync,
    StackSync,
    SyncBlockedError,
    SyncResourceSummary,
    SyncState,
    TemplateSync,
    TransportError,
    TwinMakerSync,
    Unisync,
)
from unisync._services.proton import warn_of_reference
from unisync.emulator import Emulator

Make = Callable[..., Any]

INSTANCE = ServiceInstanceSync("web", "prod")
TEMPLATE = TemplateSync("web", "SERVICE", "1")
SERVICES = ["codeconnections", "codestar-connections"]


@pytest.fixture
def known(aws: Emulator) -> Known:
    return prepare(aws)


# Blockers.


@pytest.mark.parametrize("service", SERVICES)
def test_a_blocker_of_a_stack_is_resolved(aws: Emulator, known: Known, make_either: Make, service: str) -> None:
    client = make_either(**client_argument_of(service))
    (blocker,) = client.blockers(STACK)
    assert (blocker.id, blocker.is_active) == (known.stack_blocker, True)
    aws.push(stack="payments-prod", sha=MINE)
    with pytest.raises(SyncBlockedError, match=f"aws {service} update-sync-blocker --id {blocker.id}"):
        client.wait_until_active(STACK, revision=MINE)
    resolved = client.resolve_blocker(STACK, blocker, "reverted")
    assert (resolved.id, resolved.is_active, resolved.resolved_reason) == (blocker.id, False, "reverted")
    assert client.blockers(STACK) == ()
    assert client.wait_until_active(STACK, revision=MINE).status.state is SyncState.ACTIVE


def test_the_blockers_of_an_instance_include_those_of_its_service(aws: Emulator, known: Known, client: Any) -> None:
    own = aws.block(service="web", instance="prod", reason="only here")
    assert [blocker.id for blocker in client.blockers(INSTANCE)] == [own, known.service_blocker]
    for blocker in client.blockers(INSTANCE):
        assert client.resolve_blocker(INSTANCE, blocker.id, reason="reverted").resolved_reason == "reverted"
    assert client.blockers(INSTANCE) == ()


def test_blockers_are_listed_newest_first(aws: Emulator, known: Known, client: Any) -> None:
    aws.clock.advance(10)
    own = aws.block(service="web", instance="prod", reason="second")
    aws.clock.advance(10)
    third = aws.block(service="web", reason="third")
    assert [blocker.id for blocker in client.blockers(INSTANCE)] == [third, own, known.service_blocker]


def test_nothing_blocks_a_twinmaker_job_or_a_template(known: Known, client: Any) -> None:
    for ref in (FACTORY, TEMPLATE):
        assert client.blockers(ref) == ()
        expected = "ref: expected the reference of a stack or of a service instance"
        with pytest.raises(InvalidArgumentError, match=expected):
            client.resolve_blocker(ref, "0a1b", "reverted")


def test_a_missing_blocker_and_invalid_arguments(known: Known, client: Any) -> None:
    for ref in (STACK, INSTANCE):
        with pytest.raises(NotFoundError):
            client.resolve_blocker(ref, "00000000-0000-0000-0000-000000000000", "reverted")
    with pytest.raises(InvalidArgumentError, match=r"resolved_reason: expected 1 to 250 characters.* got 251"):
        client.resolve_blocker(STACK, known.stack_blocker, "x" * 251)
    for ref in (STACK, INSTANCE):
        for wrong in ("", None, 5):
            with pytest.raises(InvalidArgumentError, match="blocker: expected a blocker or its id, got"):
                client.resolve_blocker(ref, wrong, "reverted")
            with pytest.raises(InvalidArgumentError, match="reason: expected text, got"):
                client.resolve_blocker(ref, known.stack_blocker, wrong)


def test_a_blocker_of_another_sync_is_not_resolved(aws: Emulator, known: Known, client: Any) -> None:
    others = aws.block(service="api", reason="modified by hand")
    for ref in (INSTANCE, ServiceInstanceSync("no", "such")):
        with pytest.raises(NotFoundError) as caught:
            client.resolve_blocker(ref, others, "reverted")
        assert str(caught.value) == (
            f"proton UpdateServiceSyncBlocker: ResourceNotFoundException: {ref} has no blocker {others}"
        )
    assert client.proton.get_service_sync_blocker_summary("api").latest_blockers[0].is_active


def test_the_blockers_of_a_missing_sync_are_not_found(known: Known, client: Any) -> None:
    for ref in (StackSync("no-such"), ServiceInstanceSync("no", "such")):
        with pytest.raises(NotFoundError):
            client.blockers(ref)


@pytest.mark.parametrize("fault", ["drop-answer", "garble"])
def test_a_blocker_is_looked_up_if_the_response_to_its_update_is_lost(
    aws: Emulator, known: Known, client: Any, fault: str
) -> None:
    for ref, operation, blocker in (
        (STACK, "UpdateSyncBlocker", known.stack_blocker),
        (INSTANCE, "UpdateServiceSyncBlocker", known.service_blocker),
    ):
        aws.fault(operation, fault)
        assert client.resolve_blocker(ref, blocker, "reverted").resolved_reason == "reverted"
        assert sum(call.operation == operation for call in aws.calls) == 1


def test_an_update_of_a_blocker_that_did_not_happen_is_retried(aws: Emulator, known: Known, client: Any) -> None:
    aws.fault("UpdateSyncBlocker", "InternalServerException")
    assert not client.resolve_blocker(STACK, known.stack_blocker, "reverted").is_active
    assert sum(call.operation == "UpdateSyncBlocker" for call in aws.calls) == 2


def test_an_update_of_a_blocker_after_which_the_sync_did_not_restart_fails(
    aws: Emulator, known: Known, client: Any
) -> None:
    aws.fault("UpdateSyncBlocker", "RetryLatestCommitFailedException")
    with pytest.raises(ServerError) as caught:
        client.resolve_blocker(STACK, known.stack_blocker, "reverted")
    assert caught.value.code == "RetryLatestCommitFailedException"


# Repositories.


@pytest.mark.parametrize("ref", [STACK, INSTANCE, TEMPLATE], ids=str)
def test_repository_status(known: Known, client: Any, ref: AnyRef) -> None:
    attempt = client.repository_status(ref)
    assert isinstance(attempt, RepositorySyncAttempt)
    assert (attempt.status.state, attempt.status.aws_state) == (SyncState.ACTIVE, "SUCCEEDED")
    assert [event.external_id for event in attempt.events][-1] == OLD


def test_the_repository_status_before_the_first_sync(aws: Emulator, either: Any) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    assert either.repository_status(STACK) is None
    assert either.repository_status(INSTANCE) is None


def test_the_repository_status_of_syncs_without_a_repository(known: Known, client: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="ref: expected the reference of a Git sync, got TwinMaker"):
        client.repository_status(FACTORY)
    with pytest.raises(NotFoundError):
        client.repository_status(StackSync("no-such-stack"))
    with pytest.raises(NotFoundError):
        client.repository_status(ServiceInstanceSync("api", "prod"))


# Discovery.


EVERYTHING = {
    FACTORY,
    STACK,
    StackSync("orders"),
    INSTANCE,
    ServiceInstanceSync("web", "staging"),
    TEMPLATE,
    TemplateSync("net", "ENVIRONMENT", "2"),
}


@pytest.fixture
def everything(aws: Emulator, known: Known) -> None:
    aws.add_stack("orders", repository="acme/other")
    aws.add_service_instance("web", "staging")
    aws.add_service_instance("api", "prod")
    aws.add_template("bare", template_type="ENVIRONMENT")
    aws.add_template("net", repository="acme/net", template_type="ENVIRONMENT", version="2")


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("service", SERVICES)
def test_discovery_finds_every_sync_on_every_page(aws: Emulator, make_either: Make, service: str) -> None:
    client = make_either(**client_argument_of(service))
    for page_size in (None, 1):
        aws.page_size = page_size
        found = client.discover()
        assert set(found) == EVERYTHING
        assert len(found) == len(set(found))
        assert found.errors == {}


@pytest.mark.usefixtures("everything")
def test_each_major_version_of_a_template_is_a_sync(aws: Emulator, client: Unisync) -> None:
    aws.add_template("web", repository="acme/web", version="2")
    assert {TEMPLATE, TemplateSync("web", "SERVICE", "2")} < set(client.discover())


@pytest.mark.usefixtures("everything")
def test_a_denied_list_leaves_the_rest_of_the_search_complete(
    aws: Emulator, either: Any, caplog: pytest.LogCaptureFixture
) -> None:
    aws.fault("ListServiceInstances", "AccessDeniedException", times=None)
    with caplog.at_level(logging.WARNING, "unisync"):
        found = either.discover()
    assert set(found) == EVERYTHING - {INSTANCE, ServiceInstanceSync("web", "staging")}
    assert isinstance(found.errors["proton"], AccessDeniedError)
    assert set(found.errors) == {"proton"}
    assert "the search of proton for syncs is incomplete: AccessDeniedException" in caplog.messages
    aws.fault("ListServiceTemplates", "AccessDeniedException", times=None)
    assert set(either.discover(services=["proton"])) == {TemplateSync("net", "ENVIRONMENT", "2")}
    aws.clear_faults()
    aws.fault("ListServiceTemplates", "AccessDeniedException", times=None)
    assert set(either.discover()) == EVERYTHING - {TEMPLATE}


@pytest.mark.usefixtures("everything")
def test_a_denied_item_leaves_the_rest_of_the_search_complete(aws: Emulator, client: Any) -> None:
    aws.add_workspace("annex")
    client.twinmaker.create_sync_job("annex", sync_role=ROLE)
    aws.fault("ListSyncJobs", "AccessDeniedException")
    aws.fault("GetServiceSyncConfig", "AccessDeniedException")
    aws.fault("ListSyncConfigurations", "AccessDeniedException")
    found = client.discover()
    assert set(found) == {
        TwinMakerSync("annex"),
        StackSync("orders"),
        TEMPLATE,
        TemplateSync("net", "ENVIRONMENT", "2"),
    }
    assert {name: type(error) for name, error in found.errors.items()} == dict.fromkeys(
        ("twinmaker", "codeconnections", "proton"), AccessDeniedError
    )


def test_discovery_fails_if_every_search_fails(aws: Emulator, client: Any) -> None:
    for operation in ("ListWorkspaces", "ListRepositoryLinks", "ListServiceInstances"):
        aws.fault(operation, "AccessDeniedException", times=None)
    with pytest.raises(AccessDeniedError) as caught:
        client.discover()
    assert caught.value.operation == "ListWorkspaces"


@pytest.mark.usefixtures("everything")
def test_discovery_searches_the_services_that_are_named(aws: Emulator, client: Any) -> None:
    begin = len(aws.calls)
    assert set(client.discover(services=["codeconnections", "twinmaker"])) == {FACTORY, STACK, StackSync("orders")}
    assert "proton" not in {call.service for call in aws.calls[begin:]}
    for wrong in ([], ["codecommit"], "twinmaker"):
        with pytest.raises(InvalidArgumentError) as caught:
            client.discover(services=wrong)
        assert str(caught.value) == (
            f"services: expected some of 'twinmaker', 'codeconnections', 'proton', got {wrong!r}"
        )


def test_an_empty_account_has_no_syncs(client: Any) -> None:
    assert client.discover().refs == ()


# Deletions and creations whose response is lost.


def test_a_deletion_whose_response_was_lost_is_a_success(aws: Emulator, known: Known, client: Any) -> None:
    deletions: list[tuple[str, Callable[[], object]]] = [
        ("DeleteServiceSyncConfig", lambda: client.proton.delete_service_sync_config("web")),
        ("DeleteTemplateSyncConfig", lambda: client.proton.delete_template_sync_config("web", "SERVICE")),
        ("DeleteRepository", lambda: client.proton.delete_repository("acme/spare", "GITHUB")),
        ("DeleteRepositoryLink", lambda: client.codeconnections.delete_repository_link(known.free_link)),
        ("DeleteSyncConfiguration", lambda: client.codeconnections.delete_sync_configuration("payments-prod")),
    ]
    for operation, delete in deletions:
        aws.fault(operation, "drop-answer")
        delete()
        if operation != "DeleteSyncConfiguration":  # which has no such error
            with pytest.raises(NotFoundError):
                delete()


def test_a_job_that_is_being_deleted_is_not_the_created_one(aws: Emulator, known: Known, client: Any) -> None:
    client.twinmaker.delete_sync_job("factory")
    aws.fault("CreateSyncJob", "drop")
    with pytest.raises(ConflictError):
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)


def test_a_configuration_that_differs_is_not_the_created_one(aws: Emulator, known: Known, client: Any) -> None:
    config = {"repository_link_id": known.link, "branch": "main", "config_file": "a.yaml", "role_arn": ROLE}
    client.codeconnections.create_sync_configuration("orders", trigger_resource_update_on="ANY_CHANGE", **config)
    aws.fault("CreateSyncConfiguration", "drop")
    with pytest.raises(AlreadyExistsError):
        client.codeconnections.create_sync_configuration("orders", trigger_resource_update_on="FILE_CHANGE", **config)


def test_a_lost_creation_that_cannot_be_looked_up_is_still_lost(aws: Emulator, known: Known, client: Any) -> None:
    aws.fault("CreateSyncJob", "drop-answer")
    aws.fault("GetSyncJob", "AccessDeniedException")
    with pytest.raises(TransportError) as caught:
        client.twinmaker.create_sync_job("plant", sync_role=ROLE)
    assert caught.value.outcome_unknown
    assert "Its result could not be looked up: " in caught.value.__notes__[0]


def test_a_creation_is_looked_up_each_time_its_response_is_lost(aws: Emulator, known: Known, client: Any) -> None:
    aws.fault("CreateSyncJob", "drop")
    aws.fault("CreateSyncJob", "drop-answer")
    assert client.twinmaker.create_sync_job("plant", sync_role=ROLE).status.aws_state == "CREATING"


# Tags.


def tagging(client: Any, known: Known, tags: Any) -> list[Callable[[], Any]]:
    """The operations that take tags."""
    link = {"connection_arn": known.connection, "owner_id": "acme", "repository_name": "new"}
    return [
        lambda: client.twinmaker.create_sync_job("plant", sync_role=ROLE, tags=tags),
        lambda: client.codeconnections.create_repository_link(**link, tags=tags),
        lambda: client.proton.create_repository("acme/new", "GITHUB", connection_arn=known.connection, tags=tags),
    ]


def test_tags_are_a_mapping(aws: Emulator, known: Known, client: Any) -> None:
    begin = len(aws.calls)
    for wrong in ([{"Key": "team", "Value": "a"}], "ab", 5):
        for create in tagging(client, known, wrong):
            with pytest.raises(InvalidArgumentError, match="tags: expected a mapping of keys to values, got "):
                create()
    for create in tagging(client, known, {"team": 5}):
        with pytest.raises(InvalidArgumentError, match=r"tags.*: expected text.* got 5"):
            create()
    assert len(aws.calls) == begin


def test_tags_may_be_empty(aws: Emulator, known: Known, client: Any) -> None:
    for create in tagging(client, known, {}):
        assert create()


def test_tags_to_search_for_are_text(either: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="tags: expected text as keys and values, got"):
        either.discover(tags={"team": 5})


# The resources of a TwinMaker job.


def test_the_summary_of_synced_resources(aws: Emulator, either: Any) -> None:
    aws.add_workspace("factory")
    for number in range(3):
        aws.add_sync_resource("factory", f"asset-{number}", duration=10 + 60 * number)
    aws.add_sync_resource("factory", "model", resource_type="COMPONENT_TYPE", outcome="ERROR", reason="no such unit")
    aws.add_sync_resource("factory", "deleted")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.clock.advance(60)
    aws.remove_sync_resource("factory", "deleted")
    aws.page_size = 2
    summary = either.twinmaker.summarize_sync_resources("factory")
    assert isinstance(summary, SyncResourceSummary)
    assert summary.ref == FACTORY
    assert {state: number for state, number in summary.counts if number} == {
        SyncState.ACTIVE: 1,
        SyncState.RUNNING: 2,
        SyncState.FAILED: 1,
        SyncState.DELETING: 1,
    }
    assert summary.count(SyncState.RUNNING) == 2
    assert (summary.in_sync, summary.total) == (1, 4)
    (failed,) = summary.failed
    assert (failed.external_id, failed.resource_type) == ("model", "COMPONENT_TYPE")
    assert str(failed.status.error) == "SYNC_PROCESSING_ERROR: no such unit"


def test_each_filter_of_resources_is_sent_by_itself(aws: Emulator, client: Any) -> None:
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "asset-1", resource_id="r-1")
    aws.add_sync_resource("factory", "asset-2", resource_id="r-2", outcome="ERROR")
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.clock.advance(60)

    def found(**filters: str) -> list[str]:
        return [each.external_id for each in client.twinmaker.list_sync_resources("factory", **filters)]

    assert found(state="ERROR") == ["asset-2"]
    assert found(resource_type="ENTITY", resource_id="r-1") == ["asset-1"]
    assert found(resource_type="ENTITY", external_id="asset-2") == ["asset-2"]
    assert aws.calls[-1].params["filters"] == [{"resourceType": "ENTITY"}, {"externalId": "asset-2"}]
    with pytest.raises(InvalidArgumentError, match="state: expected one of DELETED, ERROR"):
        found(state="BROKEN")


def test_a_twinmaker_job_with_another_source(aws: Emulator, client: Any) -> None:
    aws.add_workspace("factory")
    client.twinmaker.create_sync_job("factory", sync_source="OTHER", sync_role=ROLE)
    (job,) = client.twinmaker.list_sync_jobs("factory")
    assert (job.ref, job.status.state) == (TwinMakerSync("factory", "OTHER"), SyncState.PENDING)
    assert str(job.ref) == "twinmaker:factory/OTHER"


# Enum values, parameters and names of services.


def test_an_unknown_enum_value_is_sent_on_request(aws: Emulator, known: Known) -> None:
    with (
        Unisync(**aws.client_options()) as client,
        pytest.raises(InvalidArgumentError, match="sync_type: expected one of CFN_STACK_SYNC"),
    ):
        client.codeconnections.get_sync_configuration("payments-prod", "TERRAFORM_SYNC")
    before = len(aws.calls)
    with (
        Unisync(**aws.client_options(), allow_unknown_values=True) as client,
        pytest.raises(InvalidRequestError) as caught,
    ):
        client.codeconnections.get_sync_configuration("payments-prod", "TERRAFORM_SYNC")
    assert caught.value.status_code == 400, "it is AWS that rejects it"
    assert len(aws.calls) >= before


def test_a_parameter_that_codestar_connections_lacks_is_rejected(aws: Emulator, known: Known) -> None:
    before = len(aws.calls)
    with Unisync(**aws.client_options(), codeconnections_service="codestar-connections") as client:
        with pytest.raises(InvalidArgumentError) as caught:
            client.codeconnections.update_sync_configuration("payments-prod", pull_request_comment="ENABLED")
        assert client.codeconnections.service_name == "codestar-connections"
    assert str(caught.value) == (
        "codestar-connections UpdateSyncConfiguration: pull_request_comment: expected None, "
        "as this service has no such parameter"
    )
    assert len(aws.calls) == before


def test_codeconnections_has_two_names() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Unisync(codeconnections_service="codecommit")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert str(caught.value) == (
        "codeconnections_service: expected 'codeconnections' or 'codestar-connections', got 'codecommit'"
    )


# Proton's end of support.


def test_the_first_use_of_proton_warns_where_it_is_used(make_either: Make) -> None:
    client = make_either()
    with pytest.warns(ProtonDeprecationWarning, match="AWS ended its support of Proton on 2026-10-07") as caught:
        _ = (client.proton, client.proton)
    assert len(caught) == 1
    if isinstance(client, Unisync):
        assert caught[0].filename == __file__


@pytest.mark.parametrize("ref", [ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1")])
def test_the_first_use_of_a_reference_of_proton_warns_where_it_is_used(
    aws: Emulator, make_either: Make, ref: AnyRef
) -> None:
    warn_of_reference.cache_clear()
    client = make_either()

    def use() -> None:
        for read in (client.get, client.blockers, client.get):
            with suppress(NotFoundError):
                read(ref)
        client.get_many([ref, StackSync("payments-prod")])

    with pytest.warns(ProtonDeprecationWarning, match="AWS ended its support of Proton on 2026-10-07") as caught:
        use()
    assert len(caught) == 1
    if isinstance(client, Unisync):
        assert caught[0].filename == __file__


def test_other_references_do_not_warn(aws: Emulator, either: Any) -> None:
    warn_of_reference.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        either.get_many([StackSync("payments-prod"), TwinMakerSync("factory")])
        either.discover()


@pytest.mark.slow
@pytest.mark.parametrize(
    "use",
    [
        "unisync.Unisync(region_name='x').proton",
        "unisync.Unisync(region_name='x').get_many([unisync.ServiceInstanceSync('web', 'prod')])",
    ],
)
def test_users_see_the_warning_and_where_it_comes_from(tmp_path: Any, use: str) -> None:
    """Not only developers: Python hides a DeprecationWarning outside of the main module."""
    (tmp_path / "service.py").write_text(f"import unisync\n\ndef use():\n    {use}\n")
    (tmp_path / "main.py").write_text("import service\n\nfor _ in range(3):\n    service.use()\n")
    shown = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    assert shown.count("ProtonDeprecationWarning: AWS ended its support of Proton on 2026-10-07") == 1
    assert "service.py:4: " in shown


class FrozenClock:
    """A clock that stands still."""

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...

    async def async_sleep(self, seconds: float) -> None: ...


def test_the_error_of_an_unreachable_proton_says_why() -> None:
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="eu-west-1")
    with Unisync(session, endpoint_url="http://127.0.0.1:9", clock=FrozenClock()) as client:
        with pytest.raises(TransportError) as caught:
            client.get(INSTANCE)
        assert "(AWS ended its support of Proton on 2026-10-07: its endpoint may " in str(caught.value)
        with pytest.raises(TransportError) as caught:
            client.get(STACK)
        assert "Proton" not in str(caught.value)
