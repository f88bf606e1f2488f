"""The clients on the emulator: the states of each service, errors, retries, settings and credentials."""

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
    CredentialsError,
    InvalidArgumentError,
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
from unisync._core.commands import Call
from unisync._services.twinmaker import CreateSyncJobResponse
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

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
def syncs(aws: Emulator) -> None:
    """A workspace, a stack, a service instance and a template, none of them synced."""
    aws.add_workspace("factory")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_template("web", repository="acme/templates", subdirectory="web")


def test_the_states_of_a_twinmaker_job(aws: Emulator, either: Any) -> None:
    with pytest.raises(NotFoundError):
        either.get(FACTORY)
    created = either.twinmaker.create_sync_job("factory", sync_role=ROLE, tags={"team": "a"})
    assert (created.ref, created.status.state, created.status.aws_state) == (FACTORY, PENDING, "CREATING")
    assert created.arn == "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory/sync-job/SITEWISE-default"
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


def test_a_failed_twinmaker_job_has_the_reason(aws: Emulator, client: Unisync) -> None:
    aws.deny_role(ROLE, "the role cannot be assumed")
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.clock.advance(10)
    status = client.get(FACTORY).status
    assert (status.state, status.aws_state) == (FAILED, "ERROR")
    assert status.error is not None
    assert (status.error.code, status.error.message) == ("SYNC_CREATING_ERROR", "the role cannot be assumed")


@pytest.mark.parametrize(("ref", "target"), GIT, ids=["stack", "service-instance", "template"])
def test_the_states_of_a_git_sync(aws: Emulator, client: Any, ref: Any, target: Any) -> None:
    never = client.get(ref)
    assert (never.ref, never.status.state, never.status.aws_state, never.latest_sync) == (ref, PENDING, "", None)
    aws.push(sha=OLD, **target)
    seen: list[tuple[SyncState, str]] = []
    for seconds in (0, 10, 30):
        aws.clock.advance(seconds)
        job = client.get(ref)
        seen.append((job.status.state, job.status.aws_state))
        assert job.desired_state.sha == job.latest_sync.target_revision.sha == OLD
    assert seen == [(PENDING, "INITIATED"), (RUNNING, "IN_PROGRESS"), (ACTIVE, "SUCCEEDED")]
    aws.push(sha=MINE, outcome="FAILED", reason="no such template", **target)
    aws.clock.advance(60)
    job = client.get(ref)
    assert (job.status.state, job.status.aws_state, job.status.error.message) == (FAILED, "FAILED", "no such template")
    assert job.latest_sync.initial_revision.sha == job.latest_successful_sync.target_revision.sha == OLD
    assert job.latest_sync.events[-1].event == "no such template"
    revision = job.latest_sync.target_revision
    assert (revision.sha, revision.owner, revision.branch, revision.provider) == (MINE, "acme", "main", "GitHub")


def test_get_returns_what_the_operations_of_the_services_return(aws: Emulator, client: Any) -> None:
    with pytest.raises(NotFoundError):
        client.codeconnections.get_resource_sync_status("payments-prod")
    for _, target in GIT:
        aws.push(sha=MINE, **target)
    assert client.codeconnections.get_resource_sync_status("payments-prod") == client.get(STACK)
    assert client.proton.get_service_instance_sync_status("web", "prod") == client.get(INSTANCE)
    assert client.proton.get_template_sync_status("web", "SERVICE", "1") == client.get(TEMPLATE)


def test_configurations(client: Any) -> None:
    stack = client.codeconnections.get_sync_configuration("payments-prod")
    assert (stack.full_name, stack.branch, stack.config_file) == ("acme/infra", "main", "deployment.yaml")
    assert (stack.resource_name, stack.sync_type, stack.provider) == ("payments-prod", "CFN_STACK_SYNC", "GitHub")
    service = client.proton.get_service_sync_config("web")
    assert (service.service_name, service.full_name, service.aws_provider) == ("web", "acme/web", "GITHUB")
    template = client.proton.get_template_sync_config("web", "SERVICE")
    assert (template.template_name, template.subdirectory, template.provider) == ("web", "web", "GitHub")


def test_blocker_summaries(aws: Emulator, client: Any) -> None:
    assert client.codeconnections.get_sync_blocker_summary("payments-prod").latest_blockers == ()
    mine = aws.block(stack="payments-prod", reason="modified by hand", contexts={"user": "ana"})
    (found,) = client.codeconnections.get_sync_blocker_summary("payments-prod").latest_blockers
    assert (found.id, found.is_active, found.created_reason) == (mine, True, "modified by hand")
    assert [(context.key, context.value) for context in found.contexts] == [("user", "ana")]
    aws.unblock(stack="payments-prod", reason="reverted")
    (found,) = client.codeconnections.get_sync_blocker_summary("payments-prod").latest_blockers
    assert (found.is_active, found.resolved_reason, found.resolved_at is None) == (False, "reverted", False)
    aws.block(service="web", reason="whole service")
    assert len(client.proton.get_service_sync_blocker_summary("web").latest_blockers) == 1
    instance = client.proton.get_service_sync_blocker_summary("web", "prod")
    assert (instance.service_instance_name, instance.latest_blockers) == ("prod", ())


def test_an_error_that_no_model_has_is_a_plain_service_error(aws: Emulator, either: Any) -> None:
    aws.fault("GetSyncJob", "SomethingNewException", message="a new reason")
    with pytest.raises(ServiceError) as caught:
        either.get(FACTORY)
    error = caught.value
    assert type(error) is ServiceError
    assert (error.code, error.message, error.status_code) == ("SomethingNewException", "a new reason", 400)
    assert (error.region, error.account) == ("eu-west-1", None)


@pytest.mark.parametrize(
    ("operation", "ref"),
    [
        ("GetSyncJob", FACTORY),
        ("GetResourceSyncStatus", STACK),
        ("GetServiceInstanceSyncStatus", INSTANCE),
        ("GetTemplateSyncStatus", TEMPLATE),
    ],
)
def test_new_states_and_fields_of_aws_are_kept(aws: Emulator, client: Any, operation: str, ref: Any) -> None:
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    for _, target in GIT:
        aws.push(sha=MINE, **target)
    aws.fault(operation, "unknown-state")
    status = client.get(ref).status
    assert (status.state, status.aws_state) == (SyncState.UNKNOWN, "REIMAGINED")
    aws.fault(operation, "unknown-member")
    job = client.get(ref)
    assert job.model_extra == {"addedByAws": "something new"}
    if ref != FACTORY:
        assert job.latest_sync.model_extra == {"addedByAws": "something new"}
        assert job.latest_sync.events[0].model_extra == {"addedByAws": "something new"}
        assert job.desired_state.model_extra == {"addedByAws": "something new"}


# Arguments that are rejected before anything is sent.


REJECTED: list[tuple[Callable[[Any], object], str]] = [
    (lambda c: c.get(TwinMakerSync("x" * 129)), "iottwinmaker GetSyncJob: workspace_id: expected 1 to 128 characters"),
    (lambda c: c.get(TwinMakerSync("a.b")), r"workspace_id: expected text of the form \[a-zA-Z_0-9\]"),
    (lambda c: c.get(TwinMakerSync("factory", "SITE-WISE")), "sync_source: expected text of the form"),
    (lambda c: c.get(TemplateSync("web", "THING", "1")), "template_type: expected one of ENVIRONMENT, SERVICE"),
    (lambda c: c.get(TemplateSync("web", "SERVICE", "1.2")), "template_version: expected text of the form"),
    (
        lambda c: c.twinmaker.create_sync_job("factory", sync_role="nobody"),
        "sync_role: expected 20 to 2048 characters.* got 'nobody'",
    ),
    (
        lambda c: c.twinmaker.create_sync_job("factory", sync_role=ROLE, tags={str(n): "v" for n in range(51)}),
        "tags: expected at most 50 entries",
    ),
    (
        lambda c: c.twinmaker.create_sync_job("factory", sync_role=ROLE, tags={"a": "v" * 257}),
        r"tags\['a'\]: expected 1 to 256 characters.* got 257",
    ),
    (
        lambda c: c.twinmaker.create_sync_job("factory", sync_role=ROLE, tags={"!": "v"}),
        "tags key: expected text of the form",
    ),
]


def test_an_invalid_argument_is_named_and_nothing_is_sent(aws: Emulator, either: Any) -> None:
    for call, message in REJECTED:
        with pytest.raises(InvalidArgumentError, match=message):
            call(either)
    assert aws.calls == []


def test_any_mapping_is_sent(aws: Emulator, client: Unisync) -> None:
    """botocore's own validation, which accepts dictionaries alone, is not used."""
    aws.add_workspace("factory")
    tags = MappingProxyType({"team": "a"})
    params = {"workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": ROLE, "tags": tags}
    session_of(client).send(Call("iottwinmaker", "CreateSyncJob", params, CreateSyncJobResponse))
    assert aws.calls[0].params["tags"] == {"team": "a"}


# Retries.


def test_a_transient_error_is_retried_on_the_clients_clock(aws: Emulator, either: Any) -> None:
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=2)
    assert either.get(STACK).status.state is PENDING
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=3)
    with pytest.raises(ThrottledError):
        either.get(STACK)
    assert aws.clock.now() > 2


def test_an_exceeded_quota_is_not_retried_although_botocore_would(aws: Emulator, client: Unisync) -> None:
    aws.fault("GetSyncConfiguration", "LimitExceededException")
    with pytest.raises(ServiceError):
        client.codeconnections.get_sync_configuration("payments-prod")
    assert len(aws.calls) == 1


@pytest.mark.parametrize(
    ("retries", "attempts"), [({"total_max_attempts": 1}, 1), ({"max_attempts": 1, "mode": "legacy"}, 2), (None, 3)]
)
def test_the_retries_of_the_users_config(aws: Emulator, retries: Any, attempts: int) -> None:
    options = aws.client_options()
    options["config"] = Config(retries=retries, proxies={})
    aws.fault("GetSyncJob", "InternalServerException", times=None)
    with Unisync(**options) as client, pytest.raises(ServiceError):
        client.get(FACTORY)
    assert len(aws.calls) == attempts


def test_the_retries_of_the_environment(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    aws.fault("GetSyncJob", "InternalServerException", times=None)
    with Unisync(**aws.client_options()) as client, pytest.raises(ServiceError):
        client.get(FACTORY)
    assert len(aws.calls) == 5


def test_a_creation_whose_response_was_lost_creates_one_job(aws: Emulator, either: Any) -> None:
    aws.fault("CreateSyncJob", "drop-answer")
    created = either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    assert created.status.aws_state == "CREATING"
    assert [call.operation for call in aws.calls] == ["CreateSyncJob", "GetSyncJob"]
    aws.fault("CreateSyncJob", "drop")
    with pytest.raises(ConflictError):
        either.twinmaker.create_sync_job("factory", sync_role=ROLE + "2")


# Sessions, regions and settings.


def test_accounts_and_regions_are_separate(aws: Emulator) -> None:
    aws.account(account="210987654321", region="us-east-1").add_workspace("factory")
    with Unisync(**aws.client_options(account="210987654321", region="us-east-1")) as there:
        arn = there.twinmaker.create_sync_job("factory", sync_role=ROLE).arn
        assert arn == "arn:aws:iottwinmaker:us-east-1:210987654321:workspace/factory/sync-job/SITEWISE-default"
    with Unisync(**aws.client_options()) as here, pytest.raises(NotFoundError):
        here.get(FACTORY)


def test_region_name_overrides_the_sessions_region(aws: Emulator) -> None:
    aws.account(region="us-west-2").add_stack("elsewhere", repository="acme/infra")
    with Unisync(**aws.client_options(), region_name="us-west-2") as client:
        assert client.codeconnections.get_sync_configuration("elsewhere").resource_name == "elsewhere"


def test_a_wrong_secret_key_is_denied(aws: Emulator) -> None:
    key = aws.environment()["AWS_ACCESS_KEY_ID"]
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key="wrong", region_name="eu-west-1")
    with Unisync(session, endpoint_url=aws.url) as client, pytest.raises(AccessDeniedError, match="signature"):
        client.get(FACTORY)


def test_settings_from_the_environment(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.environment().items():
        if name != "AWS_DISABLE_HOST_PREFIX_INJECTION":
            monkeypatch.setenv(name, value)
    with Unisync(clock=aws.clock) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
        assert client.get(FACTORY).workspace_id == "factory", "without AWS's host prefix, as the host is not AWS's"


def test_settings_from_a_profile(aws: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
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
    with pytest.raises(InvalidArgumentError, match="profile_name: expected None"):
        Unisync(aws.client_options()["session"], profile_name="twin")


def test_the_users_config_is_merged(aws: Emulator) -> None:
    options = aws.client_options()
    options["config"] = Config(user_agent_extra="ours/1", read_timeout=7, proxies={}, inject_host_prefix=True)
    with Unisync(**options) as client:
        config = session_of(client).client("iottwinmaker").meta.config
        settings: Any = config
        assert (settings.user_agent_extra, settings.read_timeout) == ("ours/1", 7)
        assert settings.inject_host_prefix is True


def test_invalid_settings_are_invalid_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    with Unisync() as client, pytest.raises(InvalidArgumentError, match="region"):
        client.get(FACTORY)
    with Unisync(region_name="eu-west-1", endpoint_url="not a URL") as client, pytest.raises(InvalidArgumentError):
        client.get(FACTORY)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "many")
    with Unisync(region_name="eu-west-1") as client, pytest.raises(InvalidArgumentError, match="many"):
        client.get(FACTORY)


def test_a_refused_connection_is_a_transport_error(aws: Emulator, either: Any) -> None:
    aws.stop()
    with pytest.raises(TransportError) as caught:
        either.get(FACTORY)
    assert caught.value.retryable
    assert not caught.value.outcome_unknown
    assert caught.value.__cause__ is not None
    aws.start()


def test_a_missing_ca_bundle_is_not_retried(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/bundle")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with (
        Unisync(region_name="eu-west-1", endpoint_url=aws.url.replace("http", "https")) as client,
        pytest.raises(TransportError) as caught,
    ):
        client.wait_until_active(FACTORY, timeout=3)
    assert not caught.value.retryable


def test_the_repr_of_a_client_has_its_endpoint_and_no_secrets(aws: Emulator) -> None:
    options = aws.client_options()
    secret = aws.environment()["AWS_SECRET_ACCESS_KEY"]
    for client in (Unisync(**options), AsyncUnisync(**options)):
        assert repr(client) == f"<{type(client).__name__} eu-west-1, {aws.url}>"
        assert secret not in repr(client) + repr(session_of(client)) + str(vars(client))
    assert repr(Unisync()) == "<Unisync default region, AWS>"
    assert repr(Unisync(region_name="us-east-1")) == "<Unisync us-east-1, AWS>"


def test_the_user_agent_is_botocores_own(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    agents: list[str] = []
    options = aws.client_options()
    raw: Any = options["session"].client(
        "iottwinmaker",
        endpoint_url=aws.url,
        config=Config(inject_host_prefix=False, proxies={}, retries={"total_max_attempts": 1}),
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


# Credentials.


def test_no_credentials(aws: Emulator) -> None:
    """The fixtures clear the environment and disable the metadata service."""
    with Unisync(region_name="eu-west-1", endpoint_url=aws.url) as client:
        for method in (client.get, client.wait_until_active):
            with pytest.raises(CredentialsError, match="Unable to locate credentials") as caught:
                method(FACTORY)
            assert (caught.value.service, caught.value.operation) == ("iottwinmaker", "GetSyncJob")
            assert not caught.value.retryable
    assert aws.calls == []


def test_a_missing_profile() -> None:
    with (
        Unisync(profile_name="nobody", region_name="eu-west-1") as client,
        pytest.raises(CredentialsError, match="nobody") as caught,
    ):
        client.wait_until_active(FACTORY)
    assert not caught.value.retryable


@pytest.mark.parametrize("process", ["/no/such/program", "echo nonsense"])
def test_a_broken_credential_process(
    aws: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, process: str
) -> None:
    (tmp_path / "config").write_text(f"[profile twin]\nregion = eu-west-1\ncredential_process = {process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with (
        Unisync(profile_name="twin", endpoint_url=aws.url) as client,
        pytest.raises(CredentialsError) as caught,
    ):
        client.wait_until_active(FACTORY)
    assert not caught.value.retryable


def test_an_error_of_the_service_that_credentials_come_from_is_not_the_calls(aws: Emulator, client: Unisync) -> None:
    """A missing SSO role does not mean that the sync job is missing."""

    def no_role(**_: object) -> None:
        error: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": "No access"}}
        raise ClientError(error, "GetRoleCredentials")

    session_of(client).client("iottwinmaker").meta.events.register("before-sign", no_role)
    for method in (client.get, client.wait_until_active, client.wait_until_deleted):
        with pytest.raises(CredentialsError, match="No access") as caught:
            method(FACTORY)
        assert not caught.value.retryable
    assert aws.calls == []


def test_credentials_that_fail_after_the_response_do_not_matter(aws: Emulator) -> None:
    """The client reads them once more, for the key of the rate limits."""

    class Fickle(Credentials):
        reads = 0

        def get_frozen_credentials(self) -> ReadOnlyCredentials:
            self.reads += 1
            if self.reads > 1:
                raise EndpointConnectionError(endpoint_url="https://sts.eu-west-1.amazonaws.com")
            return super().get_frozen_credentials()

    keys = aws.environment()
    options: dict[str, Any] = {**aws.client_options()}
    options["session"]._session._credentials = Fickle(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    with Unisync(**options) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    assert [call.operation for call in aws.calls].count("CreateSyncJob") == 1


def test_an_exception_in_the_users_event_handler_is_a_transport_error(aws: Emulator, client: Unisync) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("a bug in the handler")

    session_of(client).client("iottwinmaker").meta.events.register("before-send", broken)
    with pytest.raises(TransportError, match="a bug in the handler") as caught:
        client.get(FACTORY)
    assert not caught.value.outcome_unknown


# Lifecycle and concurrency.


def test_a_closed_client_can_be_used_again(either: Any) -> None:
    for _ in range(2):
        assert either.get(STACK).status.state is PENDING
        either.close()


def test_threads_share_a_client_and_create_each_botocore_client_once(aws: Emulator, client: Unisync) -> None:
    created: list[str] = []
    create = session_of(client)._create

    def counted(service: str, region: str | None) -> Any:
        created.append(service)
        return create(service, region)

    session_of(client)._create = counted  # type: ignore[method-assign]
    barrier = threading.Barrier(8)
    states: list[SyncState] = []

    def read() -> None:
        barrier.wait()
        states.append(client.get(STACK).status.state)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == [PENDING] * 8
    assert created == ["codeconnections"]


def test_many_concurrent_reads_on_one_loop(aws: Emulator) -> None:
    async def main() -> list[SyncState]:
        async with AsyncUnisync(**aws.client_options()) as client:
            jobs = await asyncio.gather(*(client.get(STACK) for _ in range(40)))
        return [job.status.state for job in jobs]

    before = threading.active_count()
    assert asyncio.run(main()) == [PENDING] * 40
    assert threading.active_count() == before
