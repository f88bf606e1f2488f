"""The three services, and which of them a reference belongs to. Each is loaded when it is first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from unisync._core.target import Subject
from unisync._models.jobs import SyncJob
from unisync._models.refs import ServiceInstanceSync, StackSync, SyncRef, TemplateSync, TwinMakerSync
from unisync.errors import InvalidRequestError

if TYPE_CHECKING:
    from unisync._services.codeconnections import CodeConnectionsSyncs
    from unisync._services.proton import ProtonSyncs
    from unisync._services.twinmaker import TwinMakerSyncs

J = TypeVar("J", bound=SyncJob)


class Services:
    """The services as one client uses them.

    Args:
        codeconnections: Under which of its two names CodeConnections is asked.
    """

    def __init__(self, codeconnections: str) -> None:
        if codeconnections not in ("codeconnections", "codestar-connections"):
            raise InvalidRequestError.before_sending(
                "codeconnections_service: expected 'codeconnections' or 'codestar-connections', "
                f"got {codeconnections!r}"
            )
        self.codeconnections_name = codeconnections

    @cached_property
    def twinmaker(self) -> TwinMakerSyncs:
        """IoT TwinMaker."""
        from unisync._services.twinmaker import TwinMakerSyncs

        return TwinMakerSyncs()

    @cached_property
    def proton(self) -> ProtonSyncs:
        """Proton."""
        from unisync._services.proton import ProtonSyncs

        return ProtonSyncs()

    @cached_property
    def codeconnections(self) -> CodeConnectionsSyncs:
        """CodeConnections."""
        from unisync._services.codeconnections import CODECONNECTIONS, CodeConnectionsSyncs

        return CodeConnectionsSyncs(CODECONNECTIONS._replace(name=self.codeconnections_name))

    def subject_of(self, ref: SyncRef[J]) -> Subject[J]:
        """What a reference refers to, as something to look at and wait for."""
        match cast("object", ref):
            case TwinMakerSync() as job:
                subject: Subject[Any] = self.twinmaker.subject(job)
            case ServiceInstanceSync() as instance:
                subject = self.proton.service_instance_subject(instance)
            case TemplateSync() as template:
                subject = self.proton.template_subject(template)
            case StackSync() as stack:
                subject = self.codeconnections.subject(stack)
            case other:
                raise InvalidRequestError.before_sending(
                    f"ref: expected a reference such as StackSync(...), got {other!r}"
                )
        return subject
