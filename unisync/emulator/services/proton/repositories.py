"""Proton's registered repositories, and what it syncs from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from unisync.emulator._protocol.pagination import Listing
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.repository import Place, Repository
from unisync.emulator.errors import AwsError
from unisync.emulator.services.proton.common import INVALID, PROVIDERS, WORDS, find_repository, repository_key
from unisync.emulator.services.request import Asked, Behaviour


def create_repository(asked: Asked) -> Document:
    """CreateRepository. What is there already may be created again as it is."""
    params, world = asked.params, asked.world
    full_name, provider = repository_key(params["name"], params["provider"])
    owner, _, name = full_name.rpartition("/")
    wanted = (params["connectionArn"], params.get("encryptionKey"), params.get("tags", []))
    found = world.repositories.get((full_name, provider))
    if found is None:
        found = Repository(owner, name, provider, *wanted, created_at=asked.now)
        world.repositories[full_name, provider] = found
    elif (found.connection_arn, found.encryption_key, found.tags) != wanted:
        raise AwsError("ConflictException", f"Repository {full_name} already exists.")
    return {"repository": _details(asked, found)}


def get_repository(asked: Asked) -> Document:
    """GetRepository."""
    return {"repository": _details(asked, _named(asked))}


def delete_repository(asked: Asked) -> Document:
    """DeleteRepository."""
    repository = _named(asked)
    if any(place and place.repository is repository for place in asked.world.places_in_proton()):
        raise AwsError("ConflictException", f"Repository {repository.full_name} is followed by a sync config.")
    del asked.world.repositories[repository.full_name, repository.provider]
    return {"repository": _details(asked, repository)}


def list_repositories(asked: Asked) -> Listing:
    """ListRepositories."""
    repositories = asked.world.repositories.values()
    return Listing("repositories", {each.number: _summary(asked, each) for each in repositories})


def get_repository_sync_status(asked: Asked) -> Document:
    """GetRepositorySyncStatus. Before the first push to a branch the reply is empty."""
    attempt = find_repository(asked).attempt(asked.params["syncType"], asked.params["branch"], asked.now)
    return WORDS.repository_status(attempt, asked.world) if attempt else {}


def list_repository_sync_definitions(asked: Asked) -> Listing:
    """ListRepositorySyncDefinitions: one for each instance or version that is synced."""
    repository = find_repository(asked, INVALID)
    followers = _services(asked) if asked.params["syncType"] == "SERVICE_SYNC" else _templates(asked)
    definitions: dict[int, Document] = {}
    for parent, place, syncs in followers:
        if place is not None and place.repository is repository:
            definitions |= {sync.number: WORDS.definition(place, parent, sync.target) for sync in syncs}
    return Listing("syncDefinitions", definitions)


def _named(asked: Asked) -> Repository:
    return find_repository(asked, members=("name", "provider"))


def _services(asked: Asked) -> Iterator[tuple[str, Place | None, Iterable[GitSync]]]:
    for name, service in asked.world.services.items():
        yield asked.world.arn("proton", f"service/{name}"), service.place, service.instances.values()


def _templates(asked: Asked) -> Iterator[tuple[str, Place | None, Iterable[GitSync]]]:
    for (name, kind), template in asked.world.templates.items():
        arn = asked.world.arn("proton", f"{kind.lower()}-template/{name}")
        yield arn, template.place, template.versions.values()


def _details(asked: Asked, repository: Repository) -> Document:
    return {**_summary(asked, repository), "encryptionKey": repository.encryption_key}


def _summary(asked: Asked, repository: Repository) -> Document:
    provider = PROVIDERS[repository.provider]
    return {
        "arn": asked.world.arn("proton", f"repository/{provider.lower()}:{repository.full_name}"),
        "connectionArn": repository.connection_arn,
        "name": repository.full_name,
        "provider": provider,
    }


BEHAVIOURS: dict[str, Behaviour] = {
    "CreateRepository": create_repository,
    "GetRepository": get_repository,
    "DeleteRepository": delete_repository,
    "ListRepositories": list_repositories,
    "GetRepositorySyncStatus": get_repository_sync_status,
    "ListRepositorySyncDefinitions": list_repository_sync_definitions,
}
