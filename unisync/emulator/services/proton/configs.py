"""Proton's sync configs: what a service, or a template, follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.repository import Place
from unisync.emulator._state.world import ProtonService, Template
from unisync.emulator.errors import AwsError
from unisync.emulator.services.proton.common import (
    INVALID,
    NOT_FOUND,
    find_repository,
    find_service,
    find_template,
    write_repository,
)
from unisync.emulator.services.request import Asked, Behaviour


@dataclass(frozen=True, slots=True)
class _SyncConfigs:
    """The four operations on the sync configs of services, or of templates."""

    kind: str
    directory: str
    """What these configs call the place in the repository."""
    names: tuple[str, ...]
    """The members that say whose config it is."""
    find: Callable[[Asked, str], ProtonService | Template]
    """Whose config it is; an error of the code given if there is no such thing."""

    def create(self, asked: Asked) -> Document:
        """Create it. What is there already may be created again as it is."""
        owner, place = self.find(asked, INVALID), self._place(asked, INVALID)
        if owner.place not in (None, place):
            raise AwsError("ConflictException", f"{asked.params[self.names[0]]} already has another sync config.")
        owner.place = place
        return self._written(asked, place)

    def get(self, asked: Asked) -> Document:
        """Look at it."""
        return self._written(asked, self._current(asked))

    def update(self, asked: Asked) -> Document:
        """Put another in its place, whole."""
        self._current(asked)
        place = self._place(asked, NOT_FOUND)
        self.find(asked, NOT_FOUND).place = place
        return self._written(asked, place)

    def delete(self, asked: Asked) -> Document:
        """Take it away. What was synced stays as it is."""
        place = self._current(asked)
        self.find(asked, NOT_FOUND).place = None
        return self._written(asked, place)

    def behaviours(self) -> dict[str, Behaviour]:
        """The four by AWS's names."""
        return {
            f"Create{self.kind}SyncConfig": self.create,
            f"Get{self.kind}SyncConfig": self.get,
            f"Update{self.kind}SyncConfig": self.update,
            f"Delete{self.kind}SyncConfig": self.delete,
        }

    def _current(self, asked: Asked) -> Place:
        place = self.find(asked, NOT_FOUND).place
        if place is None:
            raise AwsError(NOT_FOUND, f"{asked.params[self.names[0]]} has no sync config.")
        return place

    def _place(self, asked: Asked, otherwise: str) -> Place:
        repository = find_repository(asked, otherwise)
        return Place(repository, asked.params["branch"], asked.params.get(self.directory, ""))

    def _written(self, asked: Asked, place: Place) -> Document:
        config = {
            **write_repository(place.repository),
            "branch": place.branch,
            self.directory: place.directory or None,
            **{name: asked.params[name] for name in self.names},
        }
        return {f"{self.kind.lower()}SyncConfig": config}


BEHAVIOURS: dict[str, Behaviour] = {
    **_SyncConfigs("Service", "filePath", ("serviceName",), find_service).behaviours(),
    **_SyncConfigs("Template", "subdirectory", ("templateName", "templateType"), find_template).behaviours(),
}
