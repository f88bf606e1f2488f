"""A botocore session that starts fast: its data files are read once a process, and only those that are needed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, cast

from botocore.loaders import JSONFileLoader, Loader, create_loader
from botocore.session import Session
from pydantic_core import from_json

OURS = frozenset({"iottwinmaker", "proton", "codeconnections", "codestar-connections"})
"""The services whose endpoints are wholly said by their rule sets."""


def fast_session(profile_name: str | None) -> Session:
    """A session like the one that boto3 would make: the same settings, files, variables and credentials."""
    needed = _handlers()
    session = Session(profile=profile_name, include_builtin_handlers=needed is None)
    events = session.get_component("event_emitter")
    for register, event, handler in needed or ():
        getattr(events, register)(event, handler)
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    return session


def share_loader(session: Session, others: list[Session]) -> None:
    """Have a session read its data files where others have read them, so that a model is held in memory once."""
    loader = session.get_component("data_loader")
    for other in others:
        shared = other.get_component("data_loader")
        if type(loader) is type(shared) is Loader and loader.search_paths == shared.search_paths:
            session.register_component("data_loader", shared)
            return
    others.append(session)


_LISTENERS = OURS | {"sts", "sso", "sso-oidc", "signin"}
"""The services, as events name them, of which a session makes clients: ours, and those that give credentials."""


def _handlers() -> list[tuple[str, str, Any]] | None:
    """Those of botocore's handlers that can ever be called; most are for other services, and to register one is dear.

    Returns:
        The method that registers it, the event, the handler; None if this botocore lists them otherwise.
    """
    known: Any = import_module("botocore.handlers")
    found: list[tuple[str, str, Any]] = []
    try:
        order = {known.REGISTER_FIRST: "register_first", known.REGISTER_LAST: "register_last"}
        for event, handler, *when in known.BUILTIN_HANDLERS:
            kind, *service = event.split(".")
            if kind != "docs" and (not service or service[0] in _LISTENERS or "*" in service[0]):
                found.append((order[when[0]] if when else "register", event, handler))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return found


class _Files(JSONFileLoader):
    """JSON read by pydantic's parser into plain dictionaries, at a third of the time that OrderedDict takes."""

    def load_file(self, file_path: str) -> dict[str, Any] | None:
        for suffix, opened in ((".json", open), (".json.gz", gzip.open)):
            if os.path.isfile(file_path + suffix):
                with opened(file_path + suffix, "rb") as file:
                    return cast("dict[str, Any]", from_json(file.read()))
        return None


class _Loader(Loader):
    """Reads no more than a client of a service with an endpoint rule set needs."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
        # Each directory counts as a service, where botocore looks into all four hundred before it reads one.
        return sorted({name for path in self.search_paths if os.path.isdir(path) for name in os.listdir(path)})

    def load_data_with_path(self, name: str) -> tuple[dict[str, Any], str]:
        if name != "endpoints" or self._has_endpoints_of_its_own():
            return super().load_data_with_path(name)
        # Of a megabyte of endpoints, our services need only the partitions: their rule sets say the rest.
        data, path = super().load_data_with_path("partitions")
        return {"partitions": [self._endpoints_of(partition) for partition in data["partitions"]]}, path

    def _has_endpoints_of_its_own(self) -> bool:
        return any(
            os.path.isfile(os.path.join(path, "endpoints.json"))
            for path in self.search_paths
            if path != self.BUILTIN_DATA_PATH
        )

    def _endpoints_of(self, partition: Mapping[str, Any]) -> dict[str, Any]:
        """A partition as `endpoints.json` has it, its services to be read when one of them is asked for."""

        def services() -> Mapping[str, Any]:
            full, _ = super(_Loader, self).load_data_with_path("endpoints")
            found = [each["services"] for each in full["partitions"] if each["partition"] == partition["id"]]
            return cast("Mapping[str, Any]", found[0] if found else {})

        return {
            "defaults": _defaults_of(partition),
            "dnsSuffix": partition["outputs"]["dnsSuffix"],
            "partition": partition["id"],
            "regionRegex": partition["regionRegex"],
            "regions": {name: of for name, of in partition["regions"].items() if not name.endswith("-global")},
            "services": _Services(services),
        }


class _Services(Mapping[str, Any]):
    """The endpoints of services. Ours need none; credentials may come from one that does."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read

    def __getitem__(self, name: str) -> Any:
        if name in OURS:
            raise KeyError(name)
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def _defaults_of(partition: Mapping[str, Any]) -> dict[str, Any]:
    outputs = partition["outputs"]
    suffix, dual = outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]
    plain, fips = "{service}.{region}.{dnsSuffix}", "{service}-fips.{region}.{dnsSuffix}"
    variants = [
        {"dnsSuffix": suffix, "hostname": fips, "tags": ["fips"]},
        {"dnsSuffix": dual, "hostname": fips, "tags": ["dualstack", "fips"]},
        {"dnsSuffix": dual, "hostname": plain, "tags": ["dualstack"]},
    ]
    return {"hostname": plain, "protocols": ["https"], "signatureVersions": ["v4"], "variants": variants}


@cache
def _loader(data_path: str | None) -> Loader:
    found = create_loader(data_path)
    return _Loader(found.search_paths, _Files(), include_default_search_paths=False)
