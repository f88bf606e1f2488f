"""Proton's registered repositories, and their sync status and definitions."""

from __future__ import annotations

from collections.abc import Iterator

from unisync.emulator._protocol.pagination import ListResult
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.repository import Repository, SourceLocation
from unisync.emulator.errors import AwsError
from unisync.emulator.services.proton.common import (
    INVALID,
    PROVIDERS,
    SERIALIZER,
    find_repository,
    repository_arn,
    repository_key,
)
from unisync.emulator.services.request import Handler, OperationRequest
from unisync.emulator.services.tags import to_dict


def create_repository(request: OperationRequest) -> Document:
    """CreateRepository. Creating an identical one again succeeds."""
    params, account = request.params, request.account
    full_name, provider = repository_key(params["name"], params["provider"])
    owner, _, name = full_name.rpartition("/")
    connection, key = params["connectionArn"], params.get("encryptionKey")
    tags = to_dict(params.get("tags", []), "key", "value")
    found = account.repositories.get((full_name, provider))
    if found is None:
        found = Repository(owner, name, provider, connection, key, created_at=request.now, tags=tags)
        account.repositories[full_name, provider] = found
    elif (found.connection_arn, found.encryption_key, found.tags) != (connection, key, tags):
        raise AwsError("ConflictException", f"Repository {full_name} already exists.")
    return {"repository": _details(request, found)}


def get_repository(request: OperationRequest) -> Document:
    """GetRepository."""
    return {"repository": _details(request, _find(request))}


def delete_repository(request: OperationRequest) -> Document:
    """DeleteRepository."""
    repository = _find(request)
    if any(source.repository is repository for source in request.account.proton_sources()):
        raise AwsError("ConflictException", f"Repository {repository.full_name} is followed by a sync config.")
    del request.account.repositories[repository.full_name, repository.provider]
    return {"repository": _details(request, repository)}


def list_repositories(request: OperationRequest) -> ListResult:
    """ListRepositories."""
    repositories = request.account.repositories.values()
    return ListResult("repositories", {each.number: _summary(request, each) for each in repositories})


def get_repository_sync_status(request: OperationRequest) -> Document:
    """GetRepositorySyncStatus. Before the first push to a branch the reply is empty."""
    attempt = find_repository(request).attempt(request.params["syncType"], request.params["branch"], request.now)
    return SERIALIZER.repository_status(attempt, request.account) if attempt else {}


def list_repository_sync_definitions(request: OperationRequest) -> ListResult:
    """ListRepositorySyncDefinitions: one per service instance, or per template version."""
    repository = find_repository(request, INVALID)
    is_service = request.params["syncType"] == "SERVICE_SYNC"
    definitions = _service_definitions(request) if is_service else _template_definitions(request)
    return ListResult(
        "syncDefinitions",
        {
            sync.number: SERIALIZER.definition(source, parent, sync.target)
            for parent, source, sync in definitions
            if source is not None and source.repository is repository
        },
    )


def _find(request: OperationRequest) -> Repository:
    return find_repository(request, params=("name", "provider"))


def _service_definitions(request: OperationRequest) -> Iterator[tuple[str, SourceLocation | None, GitSync]]:
    """The parent of each service instance, what the instance follows, and the instance."""
    for name, service in request.account.services.items():
        for instance in service.instances.values():
            yield request.account.arn("proton", f"service/{name}"), instance.source(service.source), instance


def _template_definitions(request: OperationRequest) -> Iterator[tuple[str, SourceLocation | None, GitSync]]:
    """The same for each template version."""
    for (name, kind), template in request.account.templates.items():
        for version in template.versions.values():
            yield request.account.arn("proton", f"{kind.lower()}-template/{name}"), template.source, version


def _details(request: OperationRequest, repository: Repository) -> Document:
    return {**_summary(request, repository), "encryptionKey": repository.encryption_key}


def _summary(request: OperationRequest, repository: Repository) -> Document:
    return {
        "arn": repository_arn(request, repository),
        "connectionArn": repository.connection_arn,
        "name": repository.full_name,
        "provider": PROVIDERS[repository.provider],
    }


HANDLERS: dict[str, Handler] = {
    "CreateRepository": create_repository,
    "GetRepository": get_repository,
    "DeleteRepository": delete_repository,
    "ListRepositories": list_repositories,
    "GetRepositorySyncStatus": get_repository_sync_status,
    "ListRepositorySyncDefinitions": list_repository_sync_definitions,
}
