"""wait --repository: the syncs that follow a repository, or one branch of it.

Stacks come from the sync configurations of the repository's links. A Proton service instance may follow a branch other
than its service's, which only its attempts show; a template's configuration is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from unisync._models.refs import FleetSync, ServiceInstanceSync, StackSync
from unisync.cli.definitions import definition_of
from unisync.cli.fetching import incomplete
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from unisync._client.client import Unisync
    from unisync._models.jobs import RepositoryBranch, SyncJob
    from unisync._models.refs import SyncRef
    from unisync.cli.options import Cli


def following(cli: Cli, repository: str, branch: str | None) -> list[SyncRef[SyncJob]]:
    """The syncs that follow a repository, in every account and region of the connection.

    If Proton cannot be searched, for example because access is denied, its error is printed and stacks still count.

    Args:
        cli: The connection and the output.
        repository: The repository, as "owner/name".
        branch: The branch; None is any.

    Raises:
        UnisyncError: CodeConnections cannot be searched.
    """
    found: list[SyncRef[SyncJob]] = []
    with cli.output.busy(f"Searching for syncs of {repository}..."):
        for client, location in cli.connection.clients():
            of_proton, errors = _of_proton(client, repository, branch)
            refs: list[SyncRef[Any]] = [*_stacks(client, repository, branch), *of_proton]
            if errors:
                cli.output.echo(incomplete("proton" if location is None else (*location, "proton"), errors[0]))
            found += refs if location is None else [FleetSync(*location, ref) for ref in refs]
    return found


def _stacks(client: Unisync, repository: str, branch: str | None) -> Iterator[StackSync]:
    for link in client.codeconnections.list_repository_links():
        if link.full_name.casefold() == repository.casefold():
            for config in client.codeconnections.list_sync_configurations(link.repository_link_id):
                if branch in (None, config.branch):
                    yield StackSync(config.resource_name)


def _of_proton(client: Unisync, repository: str, branch: str | None) -> tuple[list[SyncRef[Any]], list[UnisyncError]]:
    """The syncs of Proton, and the errors that left the search incomplete."""
    refs: list[SyncRef[Any]] = []
    definitions: dict[object, RepositoryBranch | None] = {}
    try:
        found = client.discover(services=["proton"])
        errors = list(found.errors.values())
        for outcome in client.get_many(found.refs):
            ref, job = outcome.ref, outcome.job
            if outcome.error is not None:
                errors.append(outcome.error)
            if job is None:
                continue
            followed: RepositoryBranch | None = job.desired_revision or job.live_revision
            if followed is None:  # never synced
                key = ref.service_name if isinstance(ref, ServiceInstanceSync) else ref
                if key not in definitions:
                    definitions[key] = cast("RepositoryBranch | None", definition_of(client, ref))
                followed = definitions[key]
            is_ours = followed is not None and followed.full_name.casefold() == repository.casefold()
            if followed is not None and is_ours and branch in (None, followed.branch):
                refs.append(ref)
    except UnisyncError as error:
        return refs, [error]
    return refs, errors
