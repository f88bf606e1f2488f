"""The three services, and which of them a reference belongs to. Each is loaded when it is first used."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from unisync.errors import InvalidRequestError
from unisync.models import SyncJob
from unisync.refs import ServiceInstanceSync, StackSync, SyncRef, TemplateSync, TwinMakerSync
from unisync.subject import Subject

J = TypeVar("J", bound=SyncJob)


def subject_of(ref: SyncRef[J]) -> Subject[J]:
    """What a reference refers to, as something to look at and wait for."""
    match cast("object", ref):
        case TwinMakerSync() as job:
            from unisync.services import twinmaker

            subject: Subject[Any] = twinmaker.subject(job)
        case ServiceInstanceSync() as instance:
            from unisync.services import proton

            subject = proton.service_instance_subject(instance)
        case TemplateSync() as template:
            from unisync.services import proton

            subject = proton.template_subject(template)
        case StackSync() as stack:
            from unisync.services import codeconnections

            subject = codeconnections.subject(stack)
        case other:
            raise InvalidRequestError.before_sending(f"ref: expected a reference such as StackSync(...), got {other!r}")
    return subject
