"""The clients on the emulator: each state of each service, each error, and what AWS adds tomorrow."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.support.samples import FACTORY, MINE, OLD, STACK, session_of
from unisync import (
    AccessDeniedError,
    AsyncUnisync,
    ConflictError,
    CreatedSyncJob,
    InvalidRequestError,
    NotFoundError,
    ServiceError,
    ServiceInstanceSync,
    SyncState,
    TemplateSync,
    ThrottledError,
    TransportError,
    TwinMakerSync,
    Unisync,
)
from unisync._core.flow import Call
from unisync.emulator import Emulator

ROLE = "arn:aws:iam::123456789012:role/sync"
INSTANCE = ServiceInstanceSync("web", "prod")
TEMPLATE = TemplateSync("web", "SERVICE", "1")
PENDING, RUNNING, ACTIVE, FAILED = SyncState.PENDING, SyncState.RUNNING, SyncState.ACTIVE, SyncState.FAILED

GIT: list[tuple[Any, dict[str, Any]]] = [
    (STACK, {"stack": "payments-prod"}),
    (INSTANCE, {"service": "web", "instance": "prod"}),
    (TEMPLATE, {"template": "web"}),
]


@pytest.fixture(autouse=True)
def world(aws: Emulator) -> None:
    aws.add_workspace("factory")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_template("web", repository="acme/templates", subdirectory="web")


def test_a_sync_job_in_each_state_of_its_life(aws: Emulator, either: Any) -> None:
    with pytest.raises(NotFoundError):
        either.get(FACTORY)
    created = either.twinmaker.create_sync_job("factory", sync_role=ROLE, tags={"team": "a"})
    assert (created.ref, created.status.state, created.status.aws_state) == (FACTORY, PENDING, "CREATING")
    assert created.arn == "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory/sync-job/SITEWISE"
    assert created.created_at.utcoffset() is not None
    seen: list[tuple[SyncState, str]] = []
    job = None
    for seconds in (0, 10, 20):
        aws.clock.advance(seconds)
        job = either.get(FACTORY)
        assert job == either.twinmaker.get_sync_job("factory")
        seen.append((job.status.state, job.status.aws_state))
    assert seen == [(PENDING, "CREATING"), (RUNNING, "INITIALIZING"), (ACTIVE, "ACTIVE")]
    assert job is not None
    assert (job.workspace_id, job.sync_source, job.sync_role) == ("factory", "SITEWISE", ROLE)
    assert job.updated_at > job.created_at == created.created_at
    deleted = either.twinmaker.delete_sync_job("factory")
    assert (deleted.ref, deleted.status.state) == (FACTORY, SyncState.DELETING)
    assert either.get(FACTORY).status.state is SyncState.DELETING
    aws.clock.advance(60)
    with pytest.raises(NotFoundError, match="Sync job SITEWISE not found in workspace factory"):
        either.get(FACTORY)


def test_a_sync_job_that_failed_says_why(aws: Emulator, either: Any) -> None:
    aws.deny_role(ROLE, "the role cannot be assumed")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.clock.advance(10)
    status = either.get(FACTORY).status
    assert (status.state, status.aws_state) == (FAILED, "ERROR")
    assert (status.error.code, status.error.message) == ("SYNC_CREATING_ERROR", "the role cannot be assumed")


@pytest.mark.parametrize(("ref", "pushed"), GIT, ids=str)
def test_a_git_sync_in_each_state_of_its_life(aws: Emulator, either: Any, ref: Any, pushed: Any) -> None:
    never = either.get(ref)
    assert (never.ref, never.status.state, never.status.aws_state, never.latest_sync) == (ref, PENDING, "", None)
    aws.push(sha=OLD, **pushed)
    seen: list[tuple[SyncState, str]] = []
    for seconds in (0, 10, 30):
        aws.clock.advance(seconds)
        job = either.get(ref)
        seen.append((job.status.state, job.status.aws_state))
        assert job.desired_state.sha == job.latest_sync.target_revision.sha == OLD
    assert seen == [(PENDING, "INITIATED"), (RUNNING, "IN_PROGRESS"), (ACTIVE, "SUCCEEDED")]
    aws.push(sha=MINE, outcome="FAILED", reason="no such template", **pushed)
    aws.clock.advance(60)
    job = either.get(ref)
    assert (job.status.state, job.status.aws_state, job.status.error.message) == (FAILED, "FAILED", "no such template")
    assert job.latest_sync.initial_revision.sha == job.latest_successful_sync.target_revision.sha == OLD
    assert job.latest_sync.events[-1].event == "no such template"
    revision = job.latest_sync.target_revision
    assert (revision.sha, revision.owner, revision.branch, revision.provider) == (MINE, "acme", "main", "GitHub")


def test_the_git_syncs_under_boto3s_names(aws: Emulator, either: Any) -> None:
    with pytest.raises(NotFoundError):
        either.codeconnections.get_resource_sync_status("payments-prod")
    for _, pushed in GIT:
        aws.push(sha=MINE, **pushed)
    assert either.codeconnections.get_resource_sync_status("payments-prod") == either.get(STACK)
    assert either.proton.get_service_instance_sync_status("web", "prod") == either.get(INSTANCE)
    assert either.proton.get_template_sync_status("web", "SERVICE", "1") == either.get(TEMPLATE)


def test_the_definitions(either: Any) -> None:
    stack = either.codeconnections.get_sync_configuration("payments-prod")
    assert (stack.full_name, stack.branch, stack.config_file) == ("acme/infra", "main", "deployment.yaml")
    assert (stack.resource_name, stack.sync_type, stack.provider) == ("payments-prod", "CFN_STACK_SYNC", "GitHub")
    service = either.proton.get_service_sync_config("web")
    assert (service.service_name, service.full_name, service.aws_provider) == ("web", "acme/web", "GITHUB")
    template = either.proton.get_template_sync_config("web", "SERVICE")
    assert (template.template_name, template.subdirectory, template.provider) == ("web", "web", "GitHub")


def test_the_blockers(aws: Emulator, either: Any) -> None:
    assert either.codeconnections.get_sync_blocker_summary("payments-prod").latest_blockers == ()
    mine = aws.block(stack="payments-prod", reason="modified by hand", contexts={"who": "somebody"})
    (found,) = either.codeconnections.get_sync_blocker_summary("payments-prod").latest_blockers
    assert (found.id, found.is_active, found.created_reason) == (mine, True, "modified by hand")
    assert [(context.key, context.value) for context in found.contexts] == [("who", "somebody")]
    aws.unblock(stack="payments-prod", reason="put right")
    (found,) = either.codeconnections.get_sync_blocker_summary("payments-prod").latest_blockers
    assert (found.is_active, found.resolved_reason, found.resolved_at is None) == (False, "put right", False)
    aws.block(service="web", reason="whole service")
    assert len(either.proton.get_service_sync_blocker_summary("web").latest_blockers) == 1
    instance = either.proton.get_service_sync_blocker_summary("web", "prod")
    assert (instance.service_instance_name, instance.latest_blockers) == ("prod", ())


def test_an_unmodelled_error_is_kept_as_it_is(aws: Emulator, either: Any) -> None:
    aws.fault("GetSyncJob", "SomethingNewException", message="who knows")
    with pytest.raises(ServiceError) as caught:
        either.get(FACTORY)
    assert type(caught.value) is ServiceError
    assert (caught.value.code, caught.value.message, caught.value.status_code) == (
        "SomethingNewException",
        "who knows",
        400,
    )


@pytest.mark.parametrize(
    ("operation", "ref"),
    [
        ("GetSyncJob", FACTORY),
        *zip(
            ("GetResourceSyncStatus", "GetServiceInstanceSyncStatus", "GetTemplateSyncStatus"),
            (r for r, _ in GIT),
            strict=True,
        ),
    ],
)
def test_a_state_and_members_that_aws_adds_tomorrow(aws: Emulator, either: Any, operation: str, ref: Any) -> None:
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    for _, pushed in GIT:
        aws.push(sha=MINE, **pushed)
    aws.fault(operation, "unknown-state")
    status = either.get(ref).status
    assert (status.state, status.aws_state) == (SyncState.UNKNOWN, "REIMAGINED")
    aws.fault(operation, "unknown-member")
    job = either.get(ref)
    assert job.model_extra == {"addedByAws": "something new"}
    if ref != FACTORY:
        assert job.latest_sync.model_extra == {"addedByAws": "something new"}
        assert job.latest_sync.events[0].model_extra == {"addedByAws": "something new"}
        assert job.desired_state.model_extra == {"addedByAws": "something new"}


# What is refused before anything is sent.


REFUSED: list[tuple[Callable[[Any], object], str]] = [
    (
        lambda c: c.get(TwinMakerSync("x" * 129)),
        "GetSyncJob: workspace_id: expected 1 to 128 characters and got 129",
    ),
    (lambda c: c.get(TwinMakerSync("a.b")), r"workspace_id: expected text of the form \[a-zA-Z_0-9\]"),
    (lambda c: c.get(TwinMakerSync("factory", "SITE-WISE")), "sync_source: expected text of the form"),
    (lambda c: c.get(TemplateSync("web", "THING", "1")), "template_type: expected one of ENVIRONMENT, SERVICE"),
    (lambda c: c.get(TemplateSync("web", "SERVICE", "1.2")), "template_version: expected text of the form"),
    (
        lambda c: c.twinmaker.create_sync_job("factory", sync_role="nobody"),
        "sync_role: expected 20 to 2048 characters and got 'nobody'",
    ),
    (
        lambda c: c.twinmaker.create_sync_job("factory", sync_role=ROLE, tags={str(n): "v" for n in range(51)}),
        "tags: expected at most 50 entries",
    ),
    (
        lambda c: c.twinmaker.create_sync_job("factory", sync_role=ROLE, tags={"a": "v" * 257}),
        r"tags\['a'\]: expected 1 to 256 characters and got 257",
    ),
    (
        lambda c: c.twinmaker.create_sync_job("factory", sync_role=ROLE, tags={"!": "v"}),
        "tags key: expected text of the form",
    ),
]


@pytest.mark.parametrize(("call", "said"), REFUSED)
def test_a_bad_parameter_is_named_and_nothing_is_sent(aws: Emulator, either: Any, call: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        call(either)
    assert aws.calls == []


def test_what_botocore_refuses_is_an_invalid_request_too(aws: Emulator, client: Unisync) -> None:
    tags = MappingProxyType({"team": "a"})
    params = {"workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": ROLE, "tags": tags}
    with pytest.raises(InvalidRequestError, match="tags") as caught:
        session_of(client).send(Call("iottwinmaker", "CreateSyncJob", params, CreatedSyncJob))
    assert "ParamValidationError" in type(caught.value.__cause__).__name__
    assert aws.calls == []


# Calls that are made again, and how often.


def test_a_passing_fault_is_tried_again_in_the_clients_own_time(aws: Emulator, either: Any) -> None:
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=2)
    assert either.get(STACK).status.state is PENDING
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=3)
    with pytest.raises(ThrottledError):
        either.get(STACK)
    assert aws.clock.now() > 2, "the pauses were emulated"


def test_a_quota_is_not_tried_again_though_botocore_takes_it_for_throttling(aws: Emulator, client: Unisync) -> None:
    aws.fault("GetSyncConfiguration", "LimitExceededException")
    with pytest.raises(ServiceError):
        client.codeconnections.get_sync_configuration("payments-prod")
    assert len(aws.calls) == 1


@pytest.mark.parametrize(
    ("retries", "attempts"), [({"total_max_attempts": 1}, 1), ({"max_attempts": 1, "mode": "legacy"}, 2), (None, 3)]
)
def test_the_callers_retries_hold(aws: Emulator, retries: Any, attempts: int) -> None:
    options = aws.client_options()
    options["config"] = Config(retries=retries, proxies={})
    aws.fault("GetSyncJob", "InternalServerException", times=None)
    with Unisync(**options) as client, pytest.raises(ServiceError):
        client.get(FACTORY)
    assert len(aws.calls) == attempts


def test_the_environments_retries_hold(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    aws.fault("GetSyncJob", "InternalServerException", times=None)
    with Unisync(**aws.client_options()) as client, pytest.raises(ServiceError):
        client.get(FACTORY)
    assert len(aws.calls) == 5


def test_a_creation_whose_answer_was_lost_creates_one_job(aws: Emulator, either: Any) -> None:
    aws.fault("CreateSyncJob", "drop-answer")
    created = either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    assert created.status.aws_state == "CREATING"
    assert [call.operation for call in aws.calls] == ["CreateSyncJob", "GetSyncJob"]
    aws.fault("CreateSyncJob", "drop")
    with pytest.raises(ConflictError):
        either.twinmaker.create_sync_job("factory", sync_role=ROLE + "2")


# Who and where.


def test_accounts_and_regions_are_worlds_apart(aws: Emulator) -> None:
    aws.account(account="210987654321", region="us-east-1").add_workspace("factory")
    with Unisync(**aws.client_options(account="210987654321", region="us-east-1")) as there:
        arn = there.twinmaker.create_sync_job("factory", sync_role=ROLE).arn
        assert arn == "arn:aws:iottwinmaker:us-east-1:210987654321:workspace/factory/sync-job/SITEWISE"
    with Unisync(**aws.client_options()) as here, pytest.raises(NotFoundError):
        here.get(FACTORY)


def test_a_region_of_the_clients_own_goes_before_the_sessions(aws: Emulator) -> None:
    aws.account(region="us-west-2").add_stack("elsewhere", repository="acme/infra")
    with Unisync(**aws.client_options(), region_name="us-west-2") as client:
        assert client.codeconnections.get_sync_configuration("elsewhere").resource_name == "elsewhere"


def test_a_wrong_secret_is_denied(aws: Emulator) -> None:
    key = aws.environment()["AWS_ACCESS_KEY_ID"]
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key="wrong", region_name="eu-west-1")
    with Unisync(session, endpoint_url=aws.url) as client, pytest.raises(AccessDeniedError, match="signature"):
        client.get(FACTORY)


def test_the_environment_is_boto3s(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.environment().items():
        if name != "AWS_DISABLE_HOST_PREFIX_INJECTION":
            monkeypatch.setenv(name, value)
    with Unisync(clock=aws.clock) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
        assert client.get(FACTORY).workspace_id == "factory", "AWS's host prefix is left out, as it is not AWS's host"


def test_a_profile_is_boto3s(aws: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    environment = aws.environment()
    (tmp_path / "config").write_text(
        f"[profile twin]\nregion = eu-west-1\nendpoint_url = {aws.url}\nmax_attempts = 2\n"
        f"aws_access_key_id = {environment['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {environment['AWS_SECRET_ACCESS_KEY']}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    aws.fault("GetSyncJob", "InternalServerException", times=None)
    with Unisync(profile_name="twin", clock=aws.clock) as client, pytest.raises(ServiceError):
        client.get(FACTORY)
    assert len(aws.calls) == 2
    with pytest.raises(InvalidRequestError, match="profile_name: expected None"):
        Unisync(aws.client_options()["session"], profile_name="twin")


def test_the_callers_config_is_merged(aws: Emulator) -> None:
    options = aws.client_options()
    options["config"] = Config(user_agent_extra="ours/1", read_timeout=7, proxies={}, inject_host_prefix=True)
    with Unisync(**options) as client:
        config = session_of(client).client("iottwinmaker").meta.config
        settings: Any = config
        assert (settings.user_agent_extra, settings.read_timeout) == ("ours/1", 7)
        assert settings.inject_host_prefix is True, "and not overruled"


def test_no_region_and_no_credentials_are_said_plainly(aws: Emulator) -> None:
    with Unisync() as client, pytest.raises(InvalidRequestError, match="region"):
        client.get(FACTORY)
    with (
        Unisync(region_name="eu-west-1", endpoint_url=aws.url) as client,
        pytest.raises(TransportError, match="credentials") as caught,
    ):
        client.wait_until_active(FACTORY)
    assert not caught.value.retryable


def test_nobody_listening_is_a_transport_error(aws: Emulator, either: Any) -> None:
    aws.stop()
    with pytest.raises(TransportError) as caught:
        either.get(FACTORY)
    assert caught.value.retryable
    assert not caught.value.outcome_unknown
    assert caught.value.__cause__ is not None
    aws.start()


def test_a_client_says_where_it_points_and_keeps_its_secrets(aws: Emulator) -> None:
    options = aws.client_options()
    secret = aws.environment()["AWS_SECRET_ACCESS_KEY"]
    for client in (Unisync(**options), AsyncUnisync(**options)):
        assert repr(client) == f"<{type(client).__name__} eu-west-1, {aws.url}>"
        assert secret not in repr(client) + repr(client._session) + str(vars(client))
    assert repr(Unisync()) == "<Unisync default region, AWS>"
    assert repr(Unisync(region_name="us-east-1")) == "<Unisync us-east-1, AWS>"


def test_a_client_can_be_used_again_after_it_was_closed(aws: Emulator, either: Any) -> None:
    for _ in range(2):
        assert either.get(STACK).status.state is PENDING
        either.close()


def test_threads_share_a_client_and_make_each_botocore_client_once(aws: Emulator, client: Unisync) -> None:
    made: list[str] = []
    make = session_of(client)._make

    def counted(service: str) -> Any:
        made.append(service)
        return make(service)

    session_of(client)._make = counted  # type: ignore[method-assign]
    barrier = threading.Barrier(8)
    states: list[SyncState] = []

    def look() -> None:
        barrier.wait()
        states.append(client.get(STACK).status.state)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == [PENDING] * 8
    assert made == ["codeconnections"]


def test_many_looks_at_once_on_one_loop(aws: Emulator) -> None:
    async def main() -> list[SyncState]:
        async with AsyncUnisync(**aws.client_options()) as client:
            jobs = await asyncio.gather(*(client.get(STACK) for _ in range(40)))
        return [job.status.state for job in jobs]

    before = threading.active_count()
    assert asyncio.run(main()) == [PENDING] * 40
    assert threading.active_count() == before


def test_settings_that_are_wrong_are_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Unisync(profile_name="nobody", region_name="eu-west-1") as client,
        pytest.raises(TransportError, match="nobody"),
    ):
        client.get(FACTORY)
    with Unisync(region_name="eu-west-1", endpoint_url="not a URL") as client, pytest.raises(InvalidRequestError):
        client.get(FACTORY)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "many")
    with Unisync(region_name="eu-west-1") as client, pytest.raises(InvalidRequestError, match="many"):
        client.get(FACTORY)


def test_the_user_agent_is_botocores_own(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    agents: list[str] = []
    options = aws.client_options()
    raw: Any = options["session"].client(
        "iottwinmaker",
        endpoint_url=aws.url,
        config=Config(inject_host_prefix=False, proxies={}, retries={"mode": "standard", "total_max_attempts": 1}),
    )

    def note(request: Any, **_: object) -> None:
        agents.append(request.headers["User-Agent"].decode())

    raw.meta.events.register("before-send", note)
    with Unisync(**options) as client:
        session_of(client).client("iottwinmaker").meta.events.register("before-send", note)
        for _ in range(2):
            with pytest.raises(NotFoundError):
                client.get(FACTORY)
    with pytest.raises(ClientError):
        raw.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    raw.close()
    assert agents[0] == agents[1] == agents[2]


def test_what_a_service_of_credentials_says_is_no_answer_of_ours(aws: Emulator, client: Unisync) -> None:
    """An SSO role that is gone is not a sync job that is gone."""

    def no_role(**_: object) -> None:
        error: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": "No access"}}
        raise ClientError(error, "GetRoleCredentials")

    session_of(client).client("iottwinmaker").meta.events.register("before-sign", no_role)
    for verb in (client.get, client.wait_until_active, client.wait_until_deleted):
        with pytest.raises(TransportError, match="No access") as caught:
            verb(FACTORY)
        assert not caught.value.retryable
    assert aws.calls == []


def test_a_handler_of_the_callers_that_fails_is_no_unreadable_answer(aws: Emulator, client: Unisync) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("a bug of the caller's")

    session_of(client).client("iottwinmaker").meta.events.register("before-send", broken)
    with pytest.raises(TransportError, match="a bug of the caller's") as caught:
        client.get(FACTORY)
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("process", ["/no/such/program", "echo nonsense"])
def test_credentials_that_cannot_be_had_are_a_transport_error(
    aws: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, process: str
) -> None:
    (tmp_path / "config").write_text(f"[profile twin]\nregion = eu-west-1\ncredential_process = {process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with (
        Unisync(profile_name="twin", endpoint_url=aws.url) as client,
        pytest.raises(TransportError) as caught,
    ):
        client.wait_until_active(FACTORY)
    assert not caught.value.retryable


def test_a_certificate_that_is_missing_is_not_waited_for(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/bundle")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with (
        Unisync(region_name="eu-west-1", endpoint_url=aws.url.replace("http", "https")) as client,
        pytest.raises(TransportError) as caught,
    ):
        client.wait_until_active(FACTORY, timeout=3)
    assert not caught.value.retryable


def test_credentials_that_fail_after_the_answer_change_nothing_of_it(aws: Emulator) -> None:
    """Whose calls they are is noted after the first: whatever comes of that, the call has been made."""

    class Fickle(Credentials):
        asked = 0

        def get_frozen_credentials(self) -> ReadOnlyCredentials:
            self.asked += 1
            if self.asked > 1:
                raise EndpointConnectionError(endpoint_url="https://sts.eu-west-1.amazonaws.com")
            return super().get_frozen_credentials()

    aws.add_workspace("factory")
    keys = aws.environment()
    options: dict[str, Any] = {**aws.client_options()}
    options["session"]._session._credentials = Fickle(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    with Unisync(**options) as client:
        client.twinmaker.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync")
    assert [call.operation for call in aws.calls].count("CreateSyncJob") == 1
