"""Proton's sync configs, of services and of templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.account import ProtonService, Template
from unisync.emulator._state.repository import SourceLocation
from unisync.emulator.errors import AwsError
from unisync.emulator.services.proton.common import (
    INVALID,
    NOT_FOUND,
    find_repository,
    find_service,
    find_template,
    write_repository,
)
from unisync.emulator.services.request import Handler, OperationRequest


@dataclass(frozen=True, slots=True)
class _SyncConfigs:
    """The operations on the sync configs of services, or on those of templates."""

    kind: str
    directory: str
    """The field for the path in the repository."""
    names: tuple[str, ...]
    """The fields that name the service or the template."""
    find: Callable[[OperationRequest, str], ProtonService | Template]
    """Finds the service or the template. The second argument is the error code if there is none."""

    def create(self, request: OperationRequest) -> Document:
        """Create the config. Creating an identical one again succeeds."""
        parent, source = self.find(request, INVALID), self._requested_source(request, INVALID)
        if parent.source not in (None, source):
            raise AwsError("ConflictException", f"{request.params[self.names[0]]} already has another sync config.")
        parent.source = source
        return self._reply(request, source)

    def get(self, request: OperationRequest) -> Document:
        """Get the config."""
        return self._reply(request, self._current_source(request))

    def update(self, request: OperationRequest) -> Document:
        """Replace the config."""
        self._current_source(request)
        source = self._requested_source(request, NOT_FOUND)
        self.find(request, NOT_FOUND).source = source
        return self._reply(request, source)

    def delete(self, request: OperationRequest) -> Document:
        """Delete the config. The resources keep their sync status."""
        source = self._current_source(request)
        self.find(request, NOT_FOUND).source = None
        return self._reply(request, source)

    def handlers(self) -> dict[str, Handler]:
        """The handlers by AWS's names of the operations."""
        return {
            f"Create{self.kind}SyncConfig": self.create,
            f"Get{self.kind}SyncConfig": self.get,
            f"Update{self.kind}SyncConfig": self.update,
            f"Delete{self.kind}SyncConfig": self.delete,
        }

    def _current_source(self, request: OperationRequest) -> SourceLocation:
        source = self.find(request, NOT_FOUND).source
        if source is None:
            raise AwsError(NOT_FOUND, f"{request.params[self.names[0]]} has no sync config.")
        return source

    def _requested_source(self, request: OperationRequest, error_code: str) -> SourceLocation:
        repository = find_repository(request, error_code)
        return SourceLocation(repository, request.params["branch"], request.params.get(self.directory, ""))

    def _reply(self, request: OperationRequest, source: SourceLocation) -> Document:
        config = {
            **write_repository(source.repository),
            "branch": source.branch,
            self.directory: source.directory or None,
            **{name: request.params[name] for name in self.names},
        }
        return {f"{self.kind.lower()}SyncConfig": config}


HANDLERS: dict[str, Handler] = {
    **_SyncConfigs("Service", "filePath", ("serviceName",), find_service).handlers(),
    **_SyncConfigs("Template", "subdirectory", ("templateName", "templateType"), find_template).handlers(),
}
