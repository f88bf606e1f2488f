"""Sync jobs and sync configurations by their kind: what create and delete share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from unisync._models.refs import ServiceInstanceSync, StackSync, SyncRef, TemplateSync, TwinMakerSync
from unisync._models.text import in_utc
from unisync.errors import NotFoundError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from unisync._client.client import Unisync
    from unisync._services.proton import ProtonClient
    from unisync.cli.options import Cli


class Kind(NamedTuple):
    """What defines the syncs of one kind."""

    name: str
    required: tuple[str, ...]
    """The options that `create` needs."""
    optional: tuple[str, ...] = ()


KINDS: Mapping[type[Any], Kind] = {
    TwinMakerSync: Kind("TwinMaker sync job", ("role",), ("tag",)),
    StackSync: Kind(
        "sync configuration of a stack",
        ("repository", "branch", "file", "role"),
        ("publish_deployment_status", "trigger", "pull_request_comment"),
    ),
    ServiceInstanceSync: Kind(
        "sync configuration of a Proton service",
        ("repository", "provider", "branch", "file"),
    ),
    TemplateSync: Kind(
        "sync configuration of a Proton template",
        ("repository", "provider", "branch"),
        ("directory",),
    ),
}
"""By the class of the reference."""


def proton(client: Unisync) -> ProtonClient:
    """The operations of Proton; `run` leaves out the warning that AWS ended its support."""
    return client.proton  # pyright: ignore[reportDeprecated]


def definition_of(client: Unisync, ref: SyncRef[Any]) -> BaseModel | None:
    """The sync job, or the sync configuration; None if there is none."""
    try:
        match ref:
            case TwinMakerSync(workspace_id, sync_source):
                return client.twinmaker.get_sync_job(workspace_id, sync_source)
            case StackSync(resource_name, sync_type):
                return client.codeconnections.get_sync_configuration(resource_name, sync_type)
            case ServiceInstanceSync(service_name):
                return proton(client).get_service_sync_config(service_name)
            case TemplateSync(template_name, template_type):
                return proton(client).get_template_sync_config(template_name, template_type)
            case _:
                raise AssertionError(ref)
    except NotFoundError:
        return None


def print_model(cli: Cli, model: BaseModel | None) -> None:
    """Print the fields of what AWS returned, if it returned something."""
    if model is None:
        return
    values = {name: getattr(model, name) for name in type(model).model_fields} | (model.model_extra or {})
    cells = [(name, _text(value)) for name, value in values.items() if value is not None]
    cli.output.table(("NAME", "VALUE"), cells, [model.model_dump(mode="json")])


def _text(value: object) -> str:
    return in_utc(value) if isinstance(value, datetime) else str(value)
