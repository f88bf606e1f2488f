"""The three services, and which of them a reference belongs to."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from typing_extensions import override

from unisync._core.commands import AccountRegion
from unisync._core.lazy import lazy_module
from unisync._core.target import SyncTarget
from unisync._models.jobs import SyncJob
from unisync._models.refs import FleetSync, ServiceInstanceSync, StackSync, SyncRef, TemplateSync, TwinMakerSync
from unisync._services.codeconnections import CODECONNECTIONS, CodeConnectionsTargets
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    from unisync._services import proton as proton_service
    from unisync._services import twinmaker as twinmaker_service
else:
    proton_service = lazy_module("unisync._services.proton")
    twinmaker_service = lazy_module("unisync._services.twinmaker")

J = TypeVar("J", bound=SyncJob)

_NAMES = ("codeconnections", "codestar-connections")


class Services:
    """The services as one client uses them.

    Args:
        codeconnections_service: boto3's name for CodeConnections: the current one, or "codestar-connections".
        location: The account and region that all calls go to, in a fleet.
    """

    def __init__(self, codeconnections_service: str, location: AccountRegion | None = None) -> None:
        if codeconnections_service not in _NAMES:
            expected = " or ".join(map(repr, _NAMES))
            raise InvalidArgumentError.expected("codeconnections_service", expected, codeconnections_service)
        self.codeconnections_service = codeconnections_service
        service = CODECONNECTIONS._replace(name=codeconnections_service)
        self._location = location
        self.codeconnections: CodeConnectionsTargets = CodeConnectionsTargets(service, location)

    @property
    def location(self) -> AccountRegion | None:
        """The account and region that all calls go to, in a fleet."""
        return self._location

    def here(self, ref: SyncRef[Any]) -> Services:  # noqa: ARG002
        """The services in the account and region of a reference."""
        return self

    @cached_property
    def twinmaker(self) -> twinmaker_service.TwinMakerTargets:
        """IoT TwinMaker."""
        return twinmaker_service.TwinMakerTargets(self._location)

    @cached_property
    def proton(self) -> proton_service.ProtonTargets:
        """Proton."""
        return proton_service.ProtonTargets(self._location)

    def target_of(self, ref: SyncRef[J]) -> SyncTarget[J]:
        """The sync that a reference identifies. The first of Proton warns that AWS ended its support.

        Raises:
            InvalidArgumentError: It is not a reference that this client accepts.
        """
        match cast("object", ref):
            case TwinMakerSync() as job:
                target: SyncTarget[Any] = self.twinmaker.target(job)
            case ServiceInstanceSync() as instance:
                proton_service.warn_of_reference()
                target = self.proton.service_instance_target(instance)
            case TemplateSync() as template:
                proton_service.warn_of_reference()
                target = self.proton.template_target(template)
            case StackSync() as stack:
                target = self.codeconnections.target(stack)
            case FleetSync():
                expected = "a reference such as StackSync(...)"
                raise InvalidArgumentError(f"ref: expected {expected}, got FleetSync {ref}: only a Fleet accepts one")
            case other:
                raise InvalidArgumentError.expected("ref", "a reference such as StackSync(...)", other)
        return target


class FleetServices(Services):
    """The services as a fleet uses them: each reference says in which account and region."""

    def __init__(self, codeconnections_service: str) -> None:
        super().__init__(codeconnections_service)
        self._located: dict[AccountRegion, Services] = {}

    def at(self, location: AccountRegion) -> Services:
        """The services in one account and region."""
        return self._located.setdefault(location, Services(self.codeconnections_service, location))

    @override
    def here(self, ref: SyncRef[Any]) -> Services:
        there = cast("FleetSync[Any]", ref)
        return self.at(AccountRegion(there.account, there.region))

    @override
    def target_of(self, ref: SyncRef[J]) -> SyncTarget[J]:
        """The sync that a reference identifies, in its account and region."""
        if not isinstance(cast("object", ref), FleetSync):
            expected = "a FleetSync, which says in which account and region"
            raise InvalidArgumentError.expected("ref", expected, ref)
        there = cast("FleetSync[J]", ref)
        return self.at(AccountRegion(there.account, there.region)).target_of(there.sync)
