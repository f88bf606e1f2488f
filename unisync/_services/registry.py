"""The three services, and which of them a reference belongs to."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from unisync._core.commands import AccountRegion
from unisync._core.target import SyncTarget
from unisync._models.jobs import SyncJob
from unisync._models.refs import FleetSync, ServiceInstanceSync, StackSync, SyncRef, TemplateSync, TwinMakerSync
from unisync._services.codeconnections import CODECONNECTIONS, CodeConnectionsTargets
from unisync._services.proton import ProtonTargets, warn_of_reference
from unisync._services.twinmaker import TwinMakerTargets
from unisync.errors import InvalidArgumentError

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
        self.twinmaker: TwinMakerTargets = TwinMakerTargets(location)
        self.proton: ProtonTargets = ProtonTargets(location)
        self.codeconnections: CodeConnectionsTargets = CodeConnectionsTargets(service, location)

    def target_of(self, ref: SyncRef[J]) -> SyncTarget[J]:
        """The sync that a reference identifies. The first of Proton warns that AWS ended its support.

        Raises:
            InvalidArgumentError: It is not a reference that this client accepts.
        """
        match cast("object", ref):
            case TwinMakerSync() as job:
                target: SyncTarget[Any] = self.twinmaker.target(job)
            case ServiceInstanceSync() as instance:
                warn_of_reference()
                target = self.proton.service_instance_target(instance)
            case TemplateSync() as template:
                warn_of_reference()
                target = self.proton.template_target(template)
            case StackSync() as stack:
                target = self.codeconnections.target(stack)
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

    def target_of(self, ref: SyncRef[J]) -> SyncTarget[J]:
        """The sync that a reference identifies, in its account and region."""
        if not isinstance(cast("object", ref), FleetSync):
            expected = "a FleetSync, which says in which account and region"
            raise InvalidArgumentError.expected("ref", expected, ref)
        there = cast("FleetSync[J]", ref)
        return self.at(AccountRegion(there.account, there.region)).target_of(there.sync)
