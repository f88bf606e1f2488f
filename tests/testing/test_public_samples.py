"""Tapes of public samples of AWS's replies (`tapes/README.md`): what unisync makes of them, and the emulator's replies.

Each test replays the tape of one situation. The last one compares all tapes with unisync's models and the emulator.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.cbor import NO_CBOR
from unisync import (
    AccessDeniedError,
    ConnectionStatus,
    InvalidArgumentError,
    NotFoundError,
    Progress,
    ServerError,
    ServiceInstanceSync,
    StackSync,
    SyncBlockedError,
    SyncFailedError,
    SyncState,
    TwinMakerSync,
    Unisync,
    WaitTimeoutError,
)
from unisync.emulator import Emulator
from unisync.testing import replay
from unisync.testing.tape.compare import compare
from unisync.testing.tape.file import load

TAPES = Path(__file__).with_name("tapes")
ORDERS, BILLING, WEB = StackSync("orders"), StackSync("billing"), ServiceInstanceSync("web", "live")
LINK = "3d9a6c1e-52f7-4b08-a1c4-7e60d28f5b93"
SHA = "e35a8d17f0c4962bb81d7046fa92c5e3d608b14f"
REPOSITORY = ("globex/landscape", "GITHUB")

NEW_FIELDS = "AWS's model does not have it"
OLD_FIELDS = "AWS's model requires it, and the emulator answers by the model"
NOT_PUBLIC = "the sample does not show it"
OWN_WORDS = "CloudFormation's texts of users' resources: the emulator has a few of them"
AS_PRINTED = "the CLI prints dates as text, and AWS sends numbers"
NOT_AWS = "an emulator of another project answers otherwise than AWS"
COMMIT = "the emulator's commits have no subjects"

DIFFERENCES: dict[str, list[tuple[str, str, str]]] = {
    "api-not-emulated": [("status", "", NOT_AWS), ("error", "__type", NOT_AWS)],
    "proton-branch-synced-as-the-cli-prints-it": [
        ("type", "latestSync.events[0].time", AS_PRINTED),
        ("type", "latestSync.startedAt", AS_PRINTED),
    ],
    "proton-repositories": [("missing field", "repositories[0].connectionArn", OLD_FIELDS)],
    "proton-repository-without-connection": [("missing field", "repository.connectionArn", OLD_FIELDS)],
    "proton-template-sync-config-under-another-name": [
        ("missing field", "templateSyncConfig", NEW_FIELDS),
        ("unknown field", "templateSyncConfigDetails", NEW_FIELDS),
    ],
    "proton-template-versions": [
        ("unexpected field", f"templateVersions[{index}].description", COMMIT) for index in range(3)
    ],
    "repository-link-with-tags": [("unknown field", "RepositoryLinkInfo.Tags", NEW_FIELDS)],
    "stack-deleted-by-hand": [("missing field", "SyncBlockerSummary.LatestBlockers[0].Contexts", NOT_PUBLIC)],
    "stack-never-created": [("type of event", "LatestSync.Events[0].Type", NOT_PUBLIC)],
    "stack-rolled-back": [
        ("form of the text", "StackEvents[3].ResourceStatusReason", OWN_WORDS),
        ("form of the text", "StackEvents[5].ResourceStatusReason", OWN_WORDS),
    ],
    "twinmaker-resource-in-error": [("missing field", "syncResources[0].status.error.message", NOT_PUBLIC)],
}
"""What a tape has that the models or the emulator have otherwise: what, where, and why it stays so."""


def tape(name: str) -> Unisync:
    return replay(TAPES / f"{name}.jsonl")


def proton_of(client: Unisync) -> Any:
    return client.proton  # pyright: ignore[reportDeprecated]


# CodeConnections.


def test_a_branch_that_was_never_synced_has_no_status() -> None:
    text = f"Could not find a sync status for repository link:{LINK}"
    with tape("branch-never-synced") as client, pytest.raises(NotFoundError, match=text):
        client.codeconnections.get_repository_sync_status(LINK, "try-out")


def test_a_stack_without_blockers() -> None:
    with tape("no-blockers") as client:
        assert client.blockers(ORDERS) == ()


def test_settings_that_aws_leaves_out_are_none() -> None:
    with tape("sync-configuration") as client:
        found = client.codeconnections.get_sync_configuration("orders")
    assert (found.full_name, found.branch, found.config_file) == ("globex/landscape", "main", "orders/deployment.yaml")
    assert found.publish_deployment_status is None
    assert found.trigger_resource_update_on is None
    assert found.pull_request_comment is None


def test_a_list_of_sync_configurations() -> None:
    with tape("sync-configurations") as client:
        (found,) = client.codeconnections.list_sync_configurations(LINK)
    assert found.resource_name == "orders"


def test_an_update_of_the_branch_alone_answers_with_the_whole_configuration() -> None:
    with tape("sync-configuration-updated") as client:
        found = client.codeconnections.update_sync_configuration("orders", branch="try-out")
    assert (found.branch, found.config_file) == ("try-out", "orders/deployment.yaml")


def test_the_settings_of_a_sync_configuration() -> None:
    with tape("sync-configuration-with-settings") as client:
        found = client.codeconnections.create_sync_configuration(
            "orders",
            repository_link_id=LINK,
            branch="main",
            config_file="orders/deployment.yaml",
            role_arn="arn:aws:iam::444455556666:role/git-sync",
            publish_deployment_status="ENABLED",
            trigger_resource_update_on="ANY_CHANGE",
            pull_request_comment="ENABLED",
        )
    assert found.publish_deployment_status == found.pull_request_comment == "ENABLED"
    assert found.trigger_resource_update_on == "ANY_CHANGE"


def test_a_link_may_have_no_sync_definitions() -> None:
    with tape("no-sync-definitions") as client:
        assert list(client.codeconnections.list_repository_sync_definitions(LINK)) == []


def test_two_links_to_one_repository() -> None:
    with tape("repository-links") as client:
        first, second = client.codeconnections.list_repository_links()
    assert (first.owner, second.full_name) == ("444455556666", "globex/landscape")
    assert first.connection_arn != second.connection_arn


def test_links_of_both_names_of_the_service() -> None:
    with tape("repository-links-of-both-names") as client:
        arns = [link.connection_arn for link in client.codeconnections.list_repository_links()]
    assert [arn.split(":")[2] for arn in arns] == ["codestar-connections", "codeconnections"]


def test_a_field_that_no_model_has_is_kept() -> None:
    with tape("repository-link-with-tags") as client:
        found = client.codeconnections.get_repository_link(LINK)
    assert found.model_extra == {"Tags": []}


def test_connections_under_the_older_name_of_the_service() -> None:
    with tape("connections") as client:
        found = list(client.codeconnections.list_connections(provider_type="GitHub"))
    assert [each.status for each in found] == [ConnectionStatus.AVAILABLE, ConnectionStatus.PENDING]


# Stacks.


def test_a_stack_that_was_deleted_by_hand_is_blocked_though_its_attempt_succeeded() -> None:
    with tape("stack-deleted-by-hand") as client:
        job = client.get(ORDERS, include_blockers=True)
        with pytest.raises(SyncBlockedError, match="something besides StackSync") as blocked:
            client.wait_until_active(ORDERS)
        explained = client.explain(ORDERS)
    assert job.status.state is SyncState.ACTIVE
    assert job.blockers is not None
    assert [blocker.is_active for blocker in job.blockers] == [True]
    assert "update-sync-blocker --id d20b7e46-8f13-4c95-a6e0-39c5f1b28d74" in str(blocked.value)
    assert explained.cause is not None
    assert explained.cause.name == "blockers"
    assert (explained.cause.action or "").startswith("create the stack, since Git sync by API updates stacks")
    assert "then resolve it: aws codeconnections update-sync-blocker" in (explained.cause.action or "")


def test_a_configuration_of_a_stack_that_was_never_created() -> None:
    with tape("stack-never-created") as client:
        with pytest.raises(SyncFailedError, match=r"Stack \[billing\] does not exist"):
            client.wait_until_active(BILLING)
        explained = client.explain(BILLING)
        assert client.blockers(BILLING) == ()
    assert explained.cause is not None
    assert explained.cause.message == "The stack billing does not exist."
    assert (explained.cause.action or "").startswith("create the stack")


def test_a_retry_of_a_failed_commit_is_awaited_by_its_start() -> None:
    states: list[str] = []

    def note(progress: Progress[Any]) -> None:
        states.append(str(progress.job.status.state))

    retried = datetime(2026, 8, 26, 8, 20, tzinfo=UTC)
    with tape("commit-retried") as client:
        job = client.wait_until_active(ORDERS, revision=SHA[:7], started_after=retried, on_progress=note)
    assert job.require_live().sha == SHA
    assert states[:3] == ["FAILED", "PENDING", "RUNNING"]


def test_the_failure_before_a_retry_ends_a_wait_that_does_not_ask_for_the_retry() -> None:
    with tape("commit-retried") as client, pytest.raises(SyncFailedError):
        client.wait_until_active(ORDERS, revision=SHA)


def test_the_cause_of_a_roll_back_is_the_resource_that_failed_first() -> None:
    with tape("stack-rolled-back") as client, pytest.raises(SyncFailedError) as failed:
        client.wait_until_active(ORDERS)
    cause = failed.value.cause
    assert cause is not None
    assert (cause.logical_id, cause.type, cause.aws_status) == ("Uploads", "AWS::S3::Bucket", "CREATE_FAILED")
    assert "globex-uploads already exists" in (cause.reason or "")


# Proton.


@pytest.mark.parametrize("name", ["proton-branch-synced", "proton-branch-synced-as-the-cli-prints-it"])
def test_dates_are_read_as_numbers_and_as_text(name: str) -> None:
    with tape(name) as client:
        found = proton_of(client).get_repository_sync_status(*REPOSITORY, "main", "TEMPLATE_SYNC")
    assert found.status.state is SyncState.ACTIVE
    assert found.started_at == datetime(2026, 3, 2, 0, 26, 29, 728000, tzinfo=UTC)
    assert [event.type for event in found.events] == ["CLONE_STARTED", "CONFIG_UPDATED", "STARTING_SYNC"]
    assert found.events[-1].external_id == SHA


def test_a_blocked_service_instance() -> None:
    with tape("proton-instance-blocked") as client:
        (blocker,) = client.blockers(WEB)
    assert blocker.is_active
    assert "something besides ServiceSync" in blocker.created_reason
    assert [(context.key, context.value) for context in blocker.contexts] == [
        ("AUTOMATED", "Thu Apr 16 08:13:41 UTC 2026")
    ]


def test_an_instance_that_never_comes_is_a_commit_that_was_not_picked_up() -> None:
    with tape("proton-instance-never-synced") as client:
        with pytest.raises(WaitTimeoutError, match=f"Commit {SHA[:12]} was not picked up") as timed_out:
            client.wait_until_active(WEB, revision=SHA, timeout=300)
        explained = client.explain(WEB)
    assert "continues" not in str(timed_out.value)
    assert {check.name: check.status for check in explained.checks} == {
        "identity": "unknown",
        "definition": "ok",
        "branch": "ok",
        "commit": "problem",
        "blockers": "ok",
        "attempt": "unknown",
    }


def test_the_file_of_a_service_sync() -> None:
    with tape("proton-service-sync-config") as client:
        found = proton_of(client).get_service_sync_config("web")
    assert (found.full_name, found.file_path) == ("globex/landscape", "./configuration/proton-ops.yaml")


def test_a_repository_without_its_connection_can_be_read() -> None:
    with tape("proton-repository-without-connection") as client:
        found = proton_of(client).get_repository(*REPOSITORY)
    assert (found.full_name, found.connection_arn) == ("globex/landscape", None)


def test_repositories_without_their_connections_can_be_listed() -> None:
    with tape("proton-repositories") as client:
        found = list(proton_of(client).list_repositories())
    assert [each.full_name for each in found] == ["globex/landscape", "globex/estates"]


def test_a_result_under_an_unknown_name_is_none_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with tape("proton-template-sync-config-under-another-name") as client:
        assert proton_of(client).get_template_sync_config("lake", "SERVICE") is None
    assert "templateSyncConfigDetails" in caplog.text


# IoT TwinMaker.


def test_a_synced_model_in_error_is_found_by_the_explanation() -> None:
    with tape("twinmaker-resource-in-error") as client:
        job = client.get(TwinMakerSync("brewery"))
        (resource,) = client.twinmaker.list_sync_resources("brewery", page_size=200)
        explained = client.explain(TwinMakerSync("brewery"))
    assert (job.status.state, job.arn.rpartition("/")[2]) == (SyncState.ACTIVE, "SITEWISE-default")
    assert str(resource.resource_id).startswith("iotsitewise.assetmodel:")
    assert explained.cause is not None
    assert explained.cause.name == "resource"
    assert "SYNC_PROCESSING_ERROR" in explained.cause.message


# Errors.


def test_a_denial_by_a_service_control_policy_keeps_its_whole_text() -> None:
    with tape("denied-by-a-service-control-policy") as client, pytest.raises(AccessDeniedError) as denied:
        client.get(ORDERS)
    text = str(denied.value)
    assert re.search(r"service_control_policy/p-8ht3wz5n \(request 8f2c6d10-[\da-f-]+\)$", text)
    assert len(text) > 470


def test_a_throttled_read_is_repeated() -> None:
    with tape("throttled-once") as client:
        assert client.blockers(ORDERS) == ()


def test_an_endpoint_that_lacks_the_api_ends_a_wait_at_once() -> None:
    polls: list[object] = []
    with tape("api-not-emulated") as client, pytest.raises(ServerError, match="not yet implemented") as failed:
        client.wait_until_active(ORDERS, on_progress=polls.append)
    assert (failed.value.status_code, failed.value.retryable, polls) == (501, False, [])


def test_a_name_that_aws_rejects_as_too_long_is_rejected_before_it_is_sent() -> None:
    (entry,) = load(TAPES / "name-too-long.jsonl")
    with tape("name-too-long") as client, pytest.raises(InvalidArgumentError, match="1 to 100 characters, got 101"):
        client.codeconnections.get_sync_configuration(str(entry.params["ResourceName"]))
    options = Emulator().client_options(in_process=True)
    other: Any = options["session"].client("codeconnections", endpoint_url=options["endpoint_url"])
    with pytest.raises(other.exceptions.ClientError) as rejected:
        other.get_sync_configuration(**entry.params)
    assert isinstance(entry.body, dict)
    assert rejected.value.response["Error"] == {"Code": "ValidationException", "Message": entry.body["message"]}


def test_an_expired_token_is_named_by_the_explanation() -> None:
    with tape("expired-token") as client:
        explained = client.explain(ORDERS)
    identity = explained.check("identity")
    assert identity is not None
    assert "ExpiredToken: The security token included in the request is expired" in identity.message


# All of them.


def test_each_tape_is_described() -> None:
    described = re.findall(r"^\| `([\w-]+)` \|", (TAPES / "README.md").read_text(), re.MULTILINE)
    assert sorted(described) == sorted(path.stem for path in TAPES.glob("*.jsonl"))


@pytest.mark.slow
@pytest.mark.skipif(NO_CBOR, reason="the models of this botocore do not say with which status AWS sends an error")
def test_the_emulator_and_the_models_differ_from_the_samples_only_where_this_says_why() -> None:
    found = {path.stem: compare(load(path)) for path in TAPES.glob("*.jsonl")}
    assert [name for name, comparison in found.items() if comparison.not_compared] == []
    assert {
        name: [(each.what, each.path) for each in comparison.differences]
        for name, comparison in found.items()
        if comparison.differences
    } == {name: [(what, path) for what, path, _ in known] for name, known in DIFFERENCES.items()}
