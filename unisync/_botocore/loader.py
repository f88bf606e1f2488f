"""A botocore session that starts fast: it reads each data file once a process, and only those that are needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from botocore.loaders import Loader, create_loader
from botocore.session import Session

Loaders = list[Session]
"""botocore sessions whose data files another may share."""

OUR_SERVICES = frozenset({"iottwinmaker", "proton", "codeconnections", "codestar-connections"})
"""The services whose endpoints their rule sets fully determine."""


def fast_session(profile_name: str | None) -> Session:
    """A session like the one that boto3 would make: the same settings, files, variables and credentials."""
    session = Session(profile=profile_name)
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    return session


def share_loader(session: Session, others: Loaders) -> None:
    """Have a session share the loader of another with the same search paths, so that a model is in memory once."""
    loader = session.get_component("data_loader")
    for other in others:
        shared = other.get_component("data_loader")
        if type(loader) is type(shared) is Loader and loader.search_paths == shared.search_paths:
            session.register_component("data_loader", shared)
            return
    others.append(session)


class _Loader(Loader):
    """Reads only what a client of a service with an endpoint rule set needs."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
        # Each directory counts as a service; botocore searches all four hundred before it reads one.
        return sorted({name for path in self.search_paths if os.path.isdir(path) for name in os.listdir(path)})

    def load_data_with_path(self, name: str) -> tuple[dict[str, Any], str]:
        if name != "endpoints" or self._has_endpoints_of_its_own():
            return super().load_data_with_path(name)
        # Of a megabyte of endpoints, our services need only the partitions: their rule sets have the rest.
        data, path = super().load_data_with_path("partitions")
        return {"partitions": [self._endpoints_of(partition) for partition in data["partitions"]]}, path

    def _has_endpoints_of_its_own(self) -> bool:
        return any(
            os.path.isfile(os.path.join(path, "endpoints.json"))
            for path in self.search_paths
            if path != self.BUILTIN_DATA_PATH
        )

    def _endpoints_of(self, partition: Mapping[str, Any]) -> dict[str, Any]:
        """A partition as `endpoints.json` has it; its services are read when one of them is needed."""

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
    """The endpoints of services. Ours need none; a service that credentials come from may."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read

    def __getitem__(self, name: str) -> Any:
        if name in OUR_SERVICES:
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
    return _Loader(found.search_paths, include_default_search_paths=False)
