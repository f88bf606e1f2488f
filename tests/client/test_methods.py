"""The verbs that all services share, beside looking and waiting: blockers, repositories, and finding every sync."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.operations import ROLE, Known, client_argument_of, prepare
from tests.support.samples import FACTORY, MINE, OLD, STACK
from unisync import (
    AccessDeniedError,
    AlreadyExistsError,
    AnyRef,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
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
from unisync._services.proton import ProtonDeprecationWarning
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
def test_the_blockers_of_a_stack_and_their_release(
    aws: Emulator, known: Known, make_either: Make, service: str
) -> None:
    client = make_either(**client_argument_of(service))
    (blocker,) = client.blockers(STACK)
    assert (blocker.id, blocker.is_active) == (known.stack_blocker, True)
    aws.push(stack="payments-prod", sha=MINE)
    with pytest.raises(SyncBlockedError, match=f"aws {service} update-sync-blocker --id {blocker.id}"):
        client.wait_until_active(STACK, revision=MINE)
    resolved = client.resolve_blocker(STACK, blocker, "put right")
    assert (resolved.id, resolved.is_active, resolved.resolved_reason) == (blocker.id, False, "put right")
    assert client.blockers(STACK) == ()
    assert client.wait_until_active(STACK, revision=MINE).status.state is SyncState.ACTIVE


def test_the_blockers_of_an_instance_are_its_own_and_those_of_its_service(
    aws: Emulator, known: Known, either: Any
) -> None:
    own = aws.block(service="web", instance="prod", reason="only here")
    assert [blocker.id for blocker in either.blockers(INSTANCE)] == [own, known.service_blocker]
    for blocker in either.blockers(INSTANCE):
        assert either.resolve_blocker(INSTANCE, blocker.id, reason="put right").resolved_reason == "put right"
    assert either.blockers(INSTANCE) == ()


def test_what_nothing_can_block(known: Known, either: Any) -> None:
    assert either.blockers(FACTORY) == ()
    assert either.blockers(TEMPLATE) == ()
    for ref in (FACTORY, TEMPLATE):
        with pytest.raises(
            InvalidRequestError, match="ref: expected the reference of a stack or of a service instance"
        ):
            either.resolve_blocker(ref, "0a1b", "put right")


def test_a_blocker_that_is_not_there(known: Known, either: Any) -> None:
    for ref in (STACK, INSTANCE):
        with pytest.raises(NotFoundError):
            either.resolve_blocker(ref, "00000000-0000-0000-0000-000000000000", "put right")
    with pytest.raises(InvalidRequestError, match="resolved_reason: expected 1 to 250 characters and got 251"):
        either.resolve_blocker(STACK, known.stack_blocker, "x" * 251)
    for ref in (STACK, INSTANCE):
        for wrong in ("", None, 5):
            with pytest.raises(InvalidRequestError, match="blocker: expected a blocker or its id, got"):
                either.resolve_blocker(ref, wrong, "put right")
            with pytest.raises(InvalidRequestError, match="reason: expected text, got"):
                either.resolve_blocker(ref, known.stack_blocker, wrong)


def test_a_blocker_of_another_sync_is_not_resolved(aws: Emulator, known: Known, either: Any) -> None:
    theirs = aws.block(service="api", reason="modified by hand")
    for ref in (INSTANCE, ServiceInstanceSync("no", "such")):
        with pytest.raises(NotFoundError) as caught:
            either.resolve_blocker(ref, theirs, "put right")
        assert str(caught.value) == (
            f"proton UpdateServiceSyncBlocker: ResourceNotFoundException: {ref} has no blocker {theirs}"
        )
    assert either.proton.get_service_sync_blocker_summary("api").latest_blockers[0].is_active


def test_what_is_not_there_is_not_taken_for_what_nothing_blocks(known: Known, either: Any) -> None:
    for ref in (StackSync("no-such"), ServiceInstanceSync("no", "such")):
        with pytest.raises(NotFoundError):
            either.blockers(ref)


def test_blockers_come_newest_first(aws: Emulator, known: Known, either: Any) -> None:
    aws.clock.advance(10)
    own = aws.block(service="web", instance="prod", reason="second")
    aws.clock.advance(10)
    third = aws.block(service="web", reason="third")
    assert [blocker.id for blocker in either.blockers(INSTANCE)] == [third, own, known.service_blocker]


@pytest.mark.parametrize("fault", ["drop-answer", "garble", "truncate"])
def test_a_release_whose_answer_was_lost_is_looked_up(aws: Emulator, known: Known, either: Any, fault: str) -> None:
    for ref, operation, blocker in (
        (STACK, "UpdateSyncBlocker", known.stack_blocker),
        (INSTANCE, "UpdateServiceSyncBlocker", known.service_blocker),
    ):
        aws.fault(operation, fault)
        assert either.resolve_blocker(ref, blocker, "put right").resolved_reason == "put right"
        assert sum(call.operation == operation for call in aws.calls) == 1


def test_a_release_that_did_not_happen_is_asked_for_again(aws: Emulator, known: Known, either: Any) -> None:
    aws.fault("UpdateSyncBlocker", "InternalServerException")
    assert not either.resolve_blocker(STACK, known.stack_blocker, "put right").is_active
    assert sum(call.operation == "UpdateSyncBlocker" for call in aws.calls) == 2


def test_that_the_latest_commit_was_not_tried_again_is_told(aws: Emulator, known: Known, either: Any) -> None:
    aws.fault("UpdateSyncBlocker", "RetryLatestCommitFailedException")
    with pytest.raises(ServerError) as caught:
        either.resolve_blocker(STACK, known.stack_blocker, "put right")
    assert caught.value.code == "RetryLatestCommitFailedException"


# Repositories.


@pytest.mark.parametrize("ref", [STACK, INSTANCE, TEMPLATE])
def test_the_status_of_the_repository_that_a_sync_follows(known: Known, either: Any, ref: AnyRef) -> None:
    attempt = either.repository_status(ref)
    assert isinstance(attempt, RepositorySyncAttempt)
    assert (attempt.status.state, attempt.status.aws_state) == (SyncState.ACTIVE, "SUCCEEDED")
    assert [event.external_id for event in attempt.events][-1] == OLD


def test_a_repository_that_was_never_synced(aws: Emulator, either: Any) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    assert either.repository_status(STACK) is None
    assert either.repository_status(INSTANCE) is None


def test_a_repository_of_what_follows_none(aws: Emulator, known: Known, either: Any) -> None:
    with pytest.raises(InvalidRequestError, match="ref: expected the reference of a Git sync, got TwinMaker"):
        either.repository_status(FACTORY)
    with pytest.raises(NotFoundError):
        either.repository_status(StackSync("no-such-stack"))
    with pytest.raises(NotFoundError):
        either.repository_status(ServiceInstanceSync("api", "prod"))


# Finding every sync.


EVERYTHING = {FACTORY, STACK, StackSync("orders"), INSTANCE, ServiceInstanceSync("web", "staging"), TEMPLATE}


@pytest.fixture
def everything(aws: Emulator, known: Known) -> None:
    aws.add_stack("orders", repository="acme/other")
    aws.add_service_instance("web", "staging")
    aws.add_service_instance("api", "prod")
    aws.add_template("bare", template_type="ENVIRONMENT")
    aws.add_template("net", repository="acme/net", template_type="ENVIRONMENT", version="2")


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("page_size", [None, 1])
@pytest.mark.parametrize("service", SERVICES)
def test_every_sync_is_found(aws: Emulator, make_either: Make, service: str, page_size: int | None) -> None:
    aws.page_size = page_size
    found = make_either(**client_argument_of(service)).discover()
    assert set(found) == EVERYTHING | {TemplateSync("net", "ENVIRONMENT", "2")}
    assert len(found) == len(set(found))
    assert found.errors == {}


@pytest.mark.usefixtures("everything")
def test_every_version_of_a_template_is_a_sync(aws: Emulator, client: Unisync) -> None:
    aws.add_template("web", repository="acme/web", version="2")
    assert {TEMPLATE, TemplateSync("web", "SERVICE", "2")} < set(client.discover())


@pytest.mark.usefixtures("everything")
def test_a_service_that_is_denied_keeps_nothing_of_the_others_back(
    aws: Emulator, either: Any, caplog: pytest.LogCaptureFixture
) -> None:
    aws.fault("ListServiceInstances", "AccessDeniedException", times=None)
    with caplog.at_level(logging.WARNING, "unisync"):
        found = either.discover()
    assert set(found) == EVERYTHING - {INSTANCE, ServiceInstanceSync("web", "staging")} | {
        TemplateSync("net", "ENVIRONMENT", "2")
    }
    assert isinstance(found.errors["proton"], AccessDeniedError)
    assert set(found.errors) == {"proton"}
    assert any(each.startswith("proton was not searched for syncs to its end: ") for each in caplog.messages)


@pytest.mark.usefixtures("everything")
def test_what_was_found_before_a_failure_is_kept(aws: Emulator, either: Any) -> None:
    aws.fault("ListServiceTemplates", "AccessDeniedException", times=None)
    found = either.discover()
    assert {INSTANCE, ServiceInstanceSync("web", "staging")} < set(found)
    assert TEMPLATE not in set(found)
    assert set(found.errors) == {"proton"}


def test_where_nothing_can_be_looked_into_the_reason_is_raised(aws: Emulator, either: Any) -> None:
    for operation in ("ListWorkspaces", "ListRepositoryLinks", "ListServiceInstances"):
        aws.fault(operation, "AccessDeniedException", times=None)
    with pytest.raises(AccessDeniedError) as caught:
        either.discover()
    assert caught.value.operation == "ListWorkspaces"


@pytest.mark.usefixtures("everything")
def test_a_service_can_be_left_out(aws: Emulator, either: Any) -> None:
    begin = len(aws.calls)
    assert set(either.discover(services=["codeconnections", "twinmaker"])) == {FACTORY, STACK, StackSync("orders")}
    assert "proton" not in {call.service for call in aws.calls[begin:]}
    for wrong in ([], ["codecommit"], "twinmaker"):
        with pytest.raises(InvalidRequestError) as caught:
            either.discover(services=wrong)
        assert str(caught.value) == (
            f"discover: services: expected some of 'twinmaker', 'codeconnections', 'proton', got {wrong!r}"
        )


@pytest.mark.usefixtures("everything")
def test_a_part_that_is_denied_keeps_nothing_of_the_rest_back(aws: Emulator, either: Any) -> None:
    aws.add_workspace("annex")
    either.twinmaker.create_sync_job("annex", sync_role=ROLE)
    aws.fault("ListSyncJobs", "AccessDeniedException")
    aws.fault("GetServiceSyncConfig", "AccessDeniedException")
    aws.fault("ListSyncConfigurations", "AccessDeniedException")
    found = either.discover()
    assert set(found) == {
        TwinMakerSync("annex"),
        StackSync("orders"),
        TEMPLATE,
        TemplateSync("net", "ENVIRONMENT", "2"),
    }
    assert {name: type(error) for name, error in found.errors.items()} == dict.fromkeys(
        ("twinmaker", "codeconnections", "proton"), AccessDeniedError
    )


@pytest.mark.usefixtures("everything")
def test_a_list_that_is_denied_keeps_nothing_of_the_next_one_back(aws: Emulator, either: Any) -> None:
    aws.fault("ListServiceInstances", "AccessDeniedException", times=None)
    found = either.discover(services=["proton"])
    assert set(found) == {TEMPLATE, TemplateSync("net", "ENVIRONMENT", "2")}
    aws.fault("ListServiceTemplates", "AccessDeniedException", times=None)
    assert set(either.discover(services=["proton"])) == {TemplateSync("net", "ENVIRONMENT", "2")}


def test_an_empty_account(either: Any) -> None:
    assert either.discover().refs == ()


# Deleting what is there once, though the answer is lost.


DELETIONS: list[tuple[str, Callable[[Any, Known], Any]]] = [
    (
        "DeleteSyncConfiguration",
        lambda client, known: client.codeconnections.delete_sync_configuration("payments-prod"),
    ),
    ("DeleteRepositoryLink", lambda client, known: client.codeconnections.delete_repository_link(known.free_link)),
    ("DeleteRepository", lambda client, known: client.proton.delete_repository("acme/spare", "GITHUB")),
    ("DeleteServiceSyncConfig", lambda client, known: client.proton.delete_service_sync_config("web")),
    (
        "DeleteTemplateSyncConfig",
        lambda client, known: client.proton.delete_template_sync_config("web", "SERVICE"),
    ),
]


@pytest.mark.parametrize(("operation", "delete"), DELETIONS)
def test_a_deletion_whose_answer_was_lost_has_happened(
    aws: Emulator, known: Known, either: Any, operation: str, delete: Any
) -> None:
    aws.fault(operation, "drop-answer")
    delete(either, known)
    if operation != "DeleteSyncConfiguration":  # which has no such error
        with pytest.raises(NotFoundError):
            delete(either, known)


# Creating what is there once, though the answer is lost, and nobody else's.


def test_a_job_on_its_way_out_is_not_taken_for_the_new_one(aws: Emulator, known: Known, either: Any) -> None:
    either.twinmaker.delete_sync_job("factory")
    aws.fault("CreateSyncJob", "drop")
    with pytest.raises(ConflictError):
        either.twinmaker.create_sync_job("factory", sync_role=ROLE)


def test_a_configuration_that_differs_is_not_taken_for_the_new_one(aws: Emulator, known: Known, either: Any) -> None:
    given = {"repository_link_id": known.link, "branch": "main", "config_file": "a.yaml", "role_arn": ROLE}
    either.codeconnections.create_sync_configuration("orders", trigger_resource_update_on="ANY_CHANGE", **given)
    aws.fault("CreateSyncConfiguration", "drop")
    with pytest.raises(AlreadyExistsError):
        either.codeconnections.create_sync_configuration("orders", trigger_resource_update_on="FILE_CHANGE", **given)


def test_a_creation_that_cannot_be_looked_up_is_still_lost(aws: Emulator, known: Known, either: Any) -> None:
    aws.fault("CreateSyncJob", "drop-answer")
    aws.fault("GetSyncJob", "AccessDeniedException")
    with pytest.raises(TransportError) as caught:
        either.twinmaker.create_sync_job("plant", sync_role=ROLE)
    assert caught.value.outcome_unknown
    assert "What came of it could not be looked up: " in caught.value.__notes__[0]


def test_a_creation_is_looked_up_each_time_that_it_is_lost(aws: Emulator, known: Known, either: Any) -> None:
    aws.fault("CreateSyncJob", "drop")
    aws.fault("CreateSyncJob", "drop-answer")
    assert either.twinmaker.create_sync_job("plant", sync_role=ROLE).status.aws_state == "CREATING"


@pytest.mark.parametrize("wrong", [[{"Key": "team", "Value": "a"}], "ab", 5, ["ab"]])
def test_tags_are_a_mapping(aws: Emulator, known: Known, either: Any, wrong: Any) -> None:
    begin = len(aws.calls)
    for use in tagging(either, known, wrong):
        with pytest.raises(InvalidRequestError, match="tags: expected a mapping of keys to values, got "):
            use()
    assert len(aws.calls) == begin
    for use in tagging(either, known, {"team": 5}):
        with pytest.raises(InvalidRequestError, match=r"tags.*: expected text and got 5"):
            use()


def test_tags_may_be_none_at_all(aws: Emulator, known: Known, either: Any) -> None:
    for use in tagging(either, known, {}):
        assert use()


def tagging(client: Any, known: Known, tags: Any) -> list[Callable[[], Any]]:
    link = {"connection_arn": known.connection, "owner_id": "acme", "repository_name": "new"}
    return [
        lambda: client.twinmaker.create_sync_job("plant", sync_role=ROLE, tags=tags),
        lambda: client.codeconnections.create_repository_link(**link, tags=tags),
        lambda: client.proton.create_repository("acme/new", "GITHUB", connection_arn=known.connection, tags=tags),
    ]


# The resources of a sync job.


def test_the_sum_of_what_a_sync_job_keeps_in_sync(aws: Emulator, either: Any) -> None:
    aws.add_workspace("factory")
    for number in range(3):
        aws.add_sync_resource("factory", f"asset-{number}", duration=10 + 60 * number)
    aws.add_sync_resource("factory", "model", resource_type="COMPONENT_TYPE", outcome="ERROR", reason="no such unit")
    aws.add_sync_resource("factory", "gone")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.clock.advance(60)
    aws.remove_sync_resource("factory", "gone")
    aws.page_size = 2
    summary = either.twinmaker.summarize_sync_resources("factory")
    assert isinstance(summary, SyncResourceSummary)
    assert summary.ref == FACTORY
    assert summary.counts == {
        SyncState.ACTIVE: 1,
        SyncState.RUNNING: 2,
        SyncState.FAILED: 1,
        SyncState.DELETING: 1,
    }
    assert (summary.in_sync, summary.total) == (1, 4)
    (failed,) = summary.failed
    assert (failed.external_id, failed.resource_type) == ("model", "COMPONENT_TYPE")
    assert str(failed.status.error) == "SYNC_PROCESSING_ERROR: no such unit"


def test_the_filters_of_resources_are_sent_one_by_one(aws: Emulator, either: Any) -> None:
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "asset-1", resource_id="r-1")
    aws.add_sync_resource("factory", "asset-2", resource_id="r-2", outcome="ERROR")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.clock.advance(60)

    def found(**filters: str) -> list[str]:
        return [each.external_id for each in either.twinmaker.list_sync_resources("factory", **filters)]

    assert found(state="ERROR") == ["asset-2"]
    assert found(resource_type="ENTITY", resource_id="r-1") == ["asset-1"]
    assert found(resource_type="ENTITY", external_id="asset-2") == ["asset-2"]
    assert aws.calls[-1].params["filters"] == [{"resourceType": "ENTITY"}, {"externalId": "asset-2"}]
    with pytest.raises(InvalidRequestError, match="state: expected one of DELETED, ERROR"):
        found(state="BROKEN")


# Words and names.


def test_a_word_that_awss_model_lacks_is_let_through_on_request(aws: Emulator, known: Known, make_either: Make) -> None:
    with pytest.raises(InvalidRequestError, match="sync_type: expected one of CFN_STACK_SYNC"):
        make_either().codeconnections.get_sync_configuration("payments-prod", "TERRAFORM_SYNC")
    before = len(aws.calls)
    with pytest.raises(InvalidRequestError) as caught:
        make_either(allow_unknown_values=True).codeconnections.get_sync_configuration("payments-prod", "TERRAFORM_SYNC")
    assert caught.value.status_code == 400, "it is AWS that refuses it"
    assert len(aws.calls) >= before


def test_what_the_old_name_lacks_is_refused_before_it_is_sent(aws: Emulator, known: Known, make_either: Make) -> None:
    client = make_either(codeconnections_service="codestar-connections")
    before = len(aws.calls)
    with pytest.raises(InvalidRequestError) as caught:
        client.codeconnections.update_sync_configuration("payments-prod", pull_request_comment="ENABLED")
    assert str(caught.value) == (
        "codestar-connections UpdateSyncConfiguration: pull_request_comment: expected None, "
        "as this service has no such parameter"
    )
    assert len(aws.calls) == before
    assert client.codeconnections.service_name == "codestar-connections"


def test_another_name_for_codeconnections_is_refused(make_either: Make) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        make_either(codeconnections_service="codecommit")
    assert str(caught.value) == (
        "codeconnections_service: expected 'codeconnections' or 'codestar-connections', got 'codecommit'"
    )


# Proton's end.


def test_protons_namespace_warns_once(make_either: Make) -> None:
    client = make_either()
    with pytest.warns(ProtonDeprecationWarning, match="AWS ended its support of Proton on 2026-10-07") as caught:
        _ = (client.proton, client.proton)
    assert len(caught) == 1


def test_the_warning_points_at_whoever_uses_proton(client: Any) -> None:
    with pytest.warns(ProtonDeprecationWarning) as caught:
        _ = client.proton
    assert caught[0].filename == __file__


def test_everybody_sees_the_warning_and_where_it_comes_from(tmp_path: Any) -> None:
    """Not the program's author alone: Python hides a DeprecationWarning outside of the main module."""
    (tmp_path / "service.py").write_text("import unisync\n\ndef use():\n    unisync.Unisync(region_name='x').proton\n")
    (tmp_path / "main.py").write_text("import service\n\nfor _ in range(3):\n    service.use()\n")
    shown = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    assert shown.count("ProtonDeprecationWarning: AWS ended its support of Proton on 2026-10-07") == 1
    assert "service.py:4: " in shown


def test_where_proton_does_not_answer_a_plain_sentence_says_why() -> None:
    with Unisync(
        region_name="eu-west-1", endpoint_url="http://127.0.0.1:9", session=_session(), clock=_Still()
    ) as client:
        with pytest.raises(TransportError) as caught:
            client.get(INSTANCE)
        reason = "(AWS ended its support of Proton on 2026-10-07: its endpoint may be gone for good)"
        assert str(caught.value).endswith(reason)
        with pytest.raises(TransportError) as caught:
            client.get(STACK)
        assert "Proton" not in str(caught.value)


class _Still:
    """A clock on which no time is spent."""

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...

    async def async_sleep(self, seconds: float) -> None: ...


def _session() -> Any:
    import boto3

    return boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="eu-west-1")


def test_a_twinmaker_job_of_another_source(aws: Emulator, either: Any) -> None:
    aws.add_workspace("factory")
    either.twinmaker.create_sync_job("factory", sync_source="OTHER", sync_role=ROLE)
    (job,) = either.twinmaker.list_sync_jobs("factory")
    assert (job.ref, job.status.state) == (TwinMakerSync("factory", "OTHER"), SyncState.PENDING)
    assert str(job.ref) == "twinmaker:factory/OTHER"
