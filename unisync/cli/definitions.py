"""Sync jobs and sync configurations by their kind: what create and delete share."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from unisync._models.refs import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync
from unisync._models.text import in_utc

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
    ServiceInstanceSync: Kind("sync configuration of a Proton service", ("repository", "provider", "branch", "file")),
    TemplateSync: Kind("sync configuration of a Proton template", ("repository", "provider", "branch"), ("directory",)),
}
"""By the class of the reference."""


def proton(client: Unisync) -> ProtonClient:
    """The operations of Proton, without the warning that AWS ended its support."""
    with warnings.catch_warnings():
        # The user names Proton on the command line, and sees what AWS responds.
        warnings.simplefilter("ignore", FutureWarning)
        return client.proton  # pyright: ignore[reportDeprecated]


def print_model(cli: Cli, model: BaseModel | None) -> None:
    """Print the fields of what AWS returned, if it returned something."""
    if model is None:
        return
    values = {name: getattr(model, name) for name in type(model).model_fields} | (model.model_extra or {})
    cells = [(name, _text(value)) for name, value in values.items() if value is not None]
    cli.output.table(("NAME", "VALUE"), cells, [model.model_dump(mode="json")])


def _text(value: object) -> str:
    return in_utc(value) if isinstance(value, datetime) else str(value)
