"""One use of every sync operation, with all its parameters, for the tests that go through all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeGuard

from botocore.session import Session

from tests.support.samples import OLD
from unisync import (
    Connection,
    CreatedSyncJob,
    DeletedSyncJob,
    DeleteResult,
    GitSyncJob,
    Repository,
    RepositoryLink,
    RepositorySummary,
    RepositorySyncAttempt,
    RepositorySyncDefinition,
    ServiceSyncBlockerSummary,
    ServiceSyncConfig,
    SyncBlockerSummary,
    SyncConfiguration,
    SyncJobSummary,
    SyncResource,
    TagResult,
    TemplateSyncConfig,
    TwinMakerSyncJob,
    Unisync,
    UpdatedServiceSyncBlocker,
    UpdatedSyncBlocker,
)
from unisync._core.pagination import PageRequest
from unisync._services.registry import Services
from unisync.emulator import Emulator
from unisync.emulator.services import HANDLERS

ROLE = "arn:aws:iam::123456789012:role/sync"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d"
GIT = {"repository_name": "acme/web", "repository_provider": "GITHUB", "branch": "main"}
SETTINGS = {
    "publish_deployment_status": "ENABLED",
    "trigger_resource_update_on": "FILE_CHANGE",
}


@dataclass
class Known:
    """The ARN and ids of resources that `prepare` creates."""

    connection: str = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b"
    link: str = "0a1b2c3d-0000-0000-0000-000000000000"
    free_link: str = "0a1b2c3d-0000-0000-0000-000000000001"
    stack_blocker: str = "0a1b"
    service_blocker: str = "2c3d"
    job_arn: str = "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory/sync-job/SITEWISE-default"
    repository_arn: str = "arn:aws:proton:eu-west-1:123456789012:repository/github:acme/web"

    @property
    def link_arn(self) -> str:
        return f"arn:aws:codeconnections:eu-west-1:123456789012:repository-link/{self.link}"


def prepare(aws: Emulator, client: Unisync | None = None) -> Known:
    """Create the resources that the operations are used on, with a client if there is one already."""
    aws.add_workspace("factory")
    aws.add_workspace("plant")
    aws.add_sync_resource("factory", "asset-1", resource_id="entity-1")
    with nullcontext(client) if client is not None else Unisync(**aws.client_options()) as prepared:
        job = prepared.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_service("api")
    aws.add_template("web", repository="acme/web")
    aws.add_template("api")
    aws.push(stack="payments-prod", sha=OLD)
    aws.push(service="web", instance="prod", sha=OLD)
    aws.push(template="web", sha=OLD)
    aws.clock.advance(60)
    known = Known(
        connection=aws.add_connection(),
        link=aws.add_repository_link("acme/infra"),
        free_link=aws.add_repository_link("acme/spare"),
        stack_blocker=aws.block(stack="payments-prod", reason="modified by hand"),
        service_blocker=aws.block(service="web", reason="modified by hand"),
        job_arn=job.arn,
    )
    aws.add_repository("acme/spare")
    return known


@dataclass(frozen=True)
class Operation:
    """A use of an operation, on a client of either kind or on the services, and the type of its result."""

    use: Callable[[Any, Known], Any]
    result: type[Any]
    is_list: bool = False


def _tags(attribute: str, arn: Callable[[Known], str]) -> dict[str, Operation]:
    def operations(client: Any) -> Any:
        return getattr(client, attribute)

    return {
        "ListTagsForResource": Operation(
            lambda client, known: operations(client).list_tags_for_resource(arn(known)), dict
        ),
        "TagResource": Operation(
            lambda client, known: operations(client).tag_resource(arn(known), {"team": "a"}), TagResult
        ),
        "UntagResource": Operation(
            lambda client, known: operations(client).untag_resource(arn(known), ["team"]), TagResult
        ),
    }


def _codeconnections(newer: dict[str, str]) -> dict[str, Operation]:
    settings = {**SETTINGS, **newer}

    def configuration(known: Known) -> dict[str, str]:
        return {
            "repository_link_id": known.link,
            "branch": "main",
            "config_file": "deployment.yaml",
            "role_arn": ROLE,
            **settings,
        }

    return {
        "CreateRepositoryLink": Operation(
            lambda client, known: client.codeconnections.create_repository_link(
                connection_arn=known.connection,
                owner_id="acme",
                repository_name="new",
                encryption_key_arn=KEY,
                tags={"team": "a"},
            ),
            RepositoryLink,
        ),
        "GetRepositoryLink": Operation(
            lambda client, known: client.codeconnections.get_repository_link(known.link), RepositoryLink
        ),
        "UpdateRepositoryLink": Operation(
            lambda client, known: client.codeconnections.update_repository_link(
                known.link, connection_arn=known.connection, encryption_key_arn=KEY
            ),
            RepositoryLink,
        ),
        "DeleteRepositoryLink": Operation(
            lambda client, known: client.codeconnections.delete_repository_link(known.free_link), DeleteResult
        ),
        "ListRepositoryLinks": Operation(
            lambda client, known: client.codeconnections.list_repository_links(), RepositoryLink, is_list=True
        ),
        "GetConnection": Operation(
            lambda client, known: client.codeconnections.get_connection(known.connection), Connection
        ),
        "ListConnections": Operation(
            lambda client, known: client.codeconnections.list_connections(provider_type="GitHub"),
            Connection,
            is_list=True,
        ),
        "CreateSyncConfiguration": Operation(
            lambda client, known: client.codeconnections.create_sync_configuration("orders", **configuration(known)),
            SyncConfiguration,
        ),
        "GetSyncConfiguration": Operation(
            lambda client, known: client.codeconnections.get_sync_configuration("payments-prod"), SyncConfiguration
        ),
        "UpdateSyncConfiguration": Operation(
            lambda client, known: client.codeconnections.update_sync_configuration(
                "payments-prod", **configuration(known)
            ),
            SyncConfiguration,
        ),
        "DeleteSyncConfiguration": Operation(
            lambda client, known: client.codeconnections.delete_sync_configuration("payments-prod"), DeleteResult
        ),
        "ListSyncConfigurations": Operation(
            lambda client, known: client.codeconnections.list_sync_configurations(known.link),
            SyncConfiguration,
            is_list=True,
        ),
        "GetResourceSyncStatus": Operation(
            lambda client, known: client.codeconnections.get_resource_sync_status("payments-prod"), GitSyncJob
        ),
        "GetRepositorySyncStatus": Operation(
            lambda client, known: client.codeconnections.get_repository_sync_status(known.link, "main"),
            RepositorySyncAttempt,
        ),
        "ListRepositorySyncDefinitions": Operation(
            lambda client, known: client.codeconnections.list_repository_sync_definitions(known.link),
            RepositorySyncDefinition,
            is_list=True,
        ),
        "GetSyncBlockerSummary": Operation(
            lambda client, known: client.codeconnections.get_sync_blocker_summary("payments-prod"), SyncBlockerSummary
        ),
        "UpdateSyncBlocker": Operation(
            lambda client, known: client.codeconnections.update_sync_blocker(
                known.stack_blocker, resource_name="payments-prod", resolved_reason="put right"
            ),
            UpdatedSyncBlocker,
        ),
        **_tags("codeconnections", lambda known: known.link_arn),
    }


OPERATIONS: dict[str, dict[str, Operation]] = {
    "iottwinmaker": {
        "CreateSyncJob": Operation(
            lambda client, known: client.twinmaker.create_sync_job("plant", sync_role=ROLE, tags={"team": "a"}),
            CreatedSyncJob,
        ),
        "GetSyncJob": Operation(lambda client, known: client.twinmaker.get_sync_job("factory"), TwinMakerSyncJob),
        "DeleteSyncJob": Operation(lambda client, known: client.twinmaker.delete_sync_job("factory"), DeletedSyncJob),
        "ListSyncJobs": Operation(
            lambda client, known: client.twinmaker.list_sync_jobs("factory"), SyncJobSummary, is_list=True
        ),
        "ListSyncResources": Operation(
            lambda client, known: client.twinmaker.list_sync_resources(
                "factory", state="IN_SYNC", resource_type="ENTITY", resource_id="entity-1", external_id="asset-1"
            ),
            SyncResource,
            is_list=True,
        ),
        **_tags("twinmaker", lambda known: known.job_arn),
    },
    "proton": {
        "CreateRepository": Operation(
            lambda client, known: client.proton.create_repository(
                "acme/new", "GITHUB", connection_arn=known.connection, encryption_key=KEY, tags={"team": "a"}
            ),
            Repository,
        ),
        "GetRepository": Operation(
            lambda client, known: client.proton.get_repository("acme/web", "GITHUB"), Repository
        ),
        "DeleteRepository": Operation(
            lambda client, known: client.proton.delete_repository("acme/spare", "GITHUB"), Repository
        ),
        "ListRepositories": Operation(
            lambda client, known: client.proton.list_repositories(), RepositorySummary, is_list=True
        ),
        "CreateServiceSyncConfig": Operation(
            lambda client, known: client.proton.create_service_sync_config("api", file_path="ops.yaml", **GIT),
            ServiceSyncConfig,
        ),
        "GetServiceSyncConfig": Operation(
            lambda client, known: client.proton.get_service_sync_config("web"), ServiceSyncConfig
        ),
        "UpdateServiceSyncConfig": Operation(
            lambda client, known: client.proton.update_service_sync_config("web", file_path="ops.yaml", **GIT),
            ServiceSyncConfig,
        ),
        "DeleteServiceSyncConfig": Operation(
            lambda client, known: client.proton.delete_service_sync_config("web"), ServiceSyncConfig
        ),
        "CreateTemplateSyncConfig": Operation(
            lambda client, known: client.proton.create_template_sync_config(
                "api", "SERVICE", subdirectory="templates", **GIT
            ),
            TemplateSyncConfig,
        ),
        "GetTemplateSyncConfig": Operation(
            lambda client, known: client.proton.get_template_sync_config("web", "SERVICE"), TemplateSyncConfig
        ),
        "UpdateTemplateSyncConfig": Operation(
            lambda client, known: client.proton.update_template_sync_config(
                "web", "SERVICE", subdirectory="templates", **GIT
            ),
            TemplateSyncConfig,
        ),
        "DeleteTemplateSyncConfig": Operation(
            lambda client, known: client.proton.delete_template_sync_config("web", "SERVICE"), TemplateSyncConfig
        ),
        "GetRepositorySyncStatus": Operation(
            lambda client, known: client.proton.get_repository_sync_status(
                "acme/web", "GITHUB", "main", "SERVICE_SYNC"
            ),
            RepositorySyncAttempt,
        ),
        "GetServiceInstanceSyncStatus": Operation(
            lambda client, known: client.proton.get_service_instance_sync_status("web", "prod"), GitSyncJob
        ),
        "GetTemplateSyncStatus": Operation(
            lambda client, known: client.proton.get_template_sync_status("web", "SERVICE", "1"), GitSyncJob
        ),
        "ListRepositorySyncDefinitions": Operation(
            lambda client, known: client.proton.list_repository_sync_definitions("acme/web", "GITHUB", "TEMPLATE_SYNC"),
            RepositorySyncDefinition,
            is_list=True,
        ),
        "GetServiceSyncBlockerSummary": Operation(
            lambda client, known: client.proton.get_service_sync_blocker_summary("web", "prod"),
            ServiceSyncBlockerSummary,
        ),
        "UpdateServiceSyncBlocker": Operation(
            lambda client, known: client.proton.update_service_sync_blocker(
                known.service_blocker, resolved_reason="put right"
            ),
            UpdatedServiceSyncBlocker,
        ),
        **_tags("proton", lambda known: known.repository_arn),
    },
    "codeconnections": _codeconnections({"pull_request_comment": "ENABLED"}),
    "codestar-connections": _codeconnections({}),
}

ALL_NAMES = [(service, name) for service, operations in OPERATIONS.items() for name in operations]
NAMES = [(service, name) for service, name in ALL_NAMES if name in HANDLERS[service]]
"""Those that the emulator has."""


def operations_of(service: str) -> Services:
    """The services, whose methods return flows and page requests."""
    return Services(service if service.startswith("code") else "codeconnections")


def client_argument_of(service: str) -> dict[str, str]:
    """The argument for a client that uses CodeConnections under this name."""
    return {"codeconnections_service": service} if service.startswith("code") else {}


def models_of_botocore() -> Iterator[tuple[str, Any]]:
    """botocore's model of each service, found as boto3 finds it: AWS_DATA_PATH counts."""
    loader = Session().get_component("data_loader")
    for service in OPERATIONS:
        yield service, loader.load_service_model(service, "service-2")


def is_list(result: object) -> TypeGuard[PageRequest[Any]]:
    """Whether an operation of the services returned a list."""
    return isinstance(result, PageRequest)
