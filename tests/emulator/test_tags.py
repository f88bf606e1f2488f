"""Tags of resources in all services: given at creation, added, removed and listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from tests.emulator.resources import CONNECTION, LINK, LINK_ARN, REPOSITORY_ARN, ROLE, WORKSPACE_ARN
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

PROTON = "arn:aws:proton:eu-west-1:123456789012"
OLD_LINK_ARN = LINK_ARN.replace("codeconnections", "codestar-connections")
RESOURCES = [
    ("iottwinmaker", WORKSPACE_ARN),
    ("iottwinmaker", f"{WORKSPACE_ARN}/sync-job/SITEWISE-default"),
    ("proton", REPOSITORY_ARN),
    ("proton", f"{PROTON}:service/web"),
    ("proton", f"{PROTON}:service/web/service-instance/prod"),
    ("proton", f"{PROTON}:service-template/web"),
    ("proton", f"{PROTON}:service-template/web:1"),
    ("proton", f"{PROTON}:environment-template/net"),
    ("codeconnections", CONNECTION),
    ("codeconnections", LINK_ARN),
    ("codestar-connections", CONNECTION),
    ("codestar-connections", OLD_LINK_ARN),
]
LIMITS = {"iottwinmaker": (50, "TooManyTagsException"), "proton": (50, "ValidationException")}


@dataclass(frozen=True)
class Tags:
    """The tag operations of one service, with tags as a dict."""

    boto: BotoClients
    service: str

    def _call(self, operation: str, arn: str, **params: object) -> dict[str, Any]:
        names = {"iottwinmaker": "resourceARN", "proton": "resourceArn"}
        reply = self.boto.call(self.service, operation, {names.get(self.service, "ResourceArn"): arn, **params})
        del reply["ResponseMetadata"]
        return reply

    def _cased(self, name: str) -> str:
        return name[0].upper() + name[1:] if self.service.startswith("code") else name

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        sent = dict(tags) if self.service == "iottwinmaker" else self.as_list(tags)
        assert self._call("TagResource", arn, **{self._cased("tags"): sent}) == {}

    def remove(self, arn: str, *keys: str) -> None:
        assert self._call("UntagResource", arn, **{self._cased("tagKeys"): list(keys)}) == {}

    def list(self, arn: str) -> dict[str, str]:
        tags = self._call("ListTagsForResource", arn)[self._cased("tags")]
        if self.service == "iottwinmaker":
            return dict(tags)
        return {each[self._cased("key")]: each[self._cased("value")] for each in tags}

    def as_list(self, tags: Mapping[str, str]) -> object:
        return [{self._cased("key"): key, self._cased("value"): value} for key, value in tags.items()]

    def raises(self, code: str, match: str | None = None) -> Any:
        return pytest.raises(self.boto.client(self.service).exceptions.from_code(code), match=match)


def create_job(boto: BotoClients, source: str = "SITEWISE", **params: object) -> str:
    """Create a sync job; return its ARN."""
    job = {"workspaceId": "factory", "syncSource": source, "syncRole": ROLE, **params}
    arn: str = boto.call("iottwinmaker", "CreateSyncJob", job)["arn"]
    return arn


@pytest.fixture(autouse=True)
def resources(populated: Emulator, boto: BotoClients) -> None:
    create_job(boto)


@pytest.mark.parametrize(("service", "arn"), RESOURCES)
def test_a_resource_has_tags(boto: BotoClients, service: str, arn: str) -> None:
    tags = Tags(boto, service)
    assert tags.list(arn) == {}
    tags.add(arn, {"team": "payments", "stage": "prod"})
    tags.add(arn, {"stage": "test", "cost": "low"})
    assert tags.list(arn) == {"team": "payments", "stage": "test", "cost": "low"}
    tags.remove(arn, "team", "unknown")
    assert tags.list(arn) == {"stage": "test", "cost": "low"}
    others = [other for each, other in RESOURCES if each == service and other != arn]
    assert all(tags.list(other) == {} for other in others), "no other resource has these tags"


@pytest.mark.parametrize(
    ("service", "arn"),
    [
        ("iottwinmaker", f"{WORKSPACE_ARN}2"),
        ("iottwinmaker", f"{WORKSPACE_ARN}/sync-job/OTHER-default"),
        ("proton", f"{PROTON}:service/unknown"),
        ("codeconnections", f"{CONNECTION}2"),
        ("codestar-connections", f"{OLD_LINK_ARN}2"),
    ],
)
def test_an_unknown_resource_has_no_tags(boto: BotoClients, service: str, arn: str) -> None:
    tags = Tags(boto, service)
    calls: list[Callable[[], object]] = [
        lambda: tags.add(arn, {"a": "b"}),
        lambda: tags.remove(arn, "a"),
        lambda: tags.list(arn),
    ]
    for call in calls:
        with tags.raises("ResourceNotFoundException", arn):
            call()


@pytest.mark.parametrize(
    ("service", "arn"), [RESOURCES[0], RESOURCES[2], RESOURCES[8], RESOURCES[11]], ids=lambda value: value[:20]
)
def test_a_resource_has_a_limited_number_of_tags(boto: BotoClients, service: str, arn: str) -> None:
    tags, (limit, code) = Tags(boto, service), LIMITS.get(service, (200, "LimitExceededException"))
    most = {f"tag{number:03}": "x" for number in range(limit)}
    tags.add(arn, most)
    tags.add(arn, {"tag000": "replaced"})
    with tags.raises(code, f"{limit} tags"):
        tags.add(arn, {"one": "more"})
    if service == "iottwinmaker":
        assert tags.list(arn) == {**most, "tag000": "replaced"}


def test_tags_given_at_creation_are_listed(populated: Emulator, boto: BotoClients) -> None:
    twinmaker, proton, connections = (Tags(boto, name) for name in ("iottwinmaker", "proton", "codeconnections"))
    given = {"team": "payments", "stage": "prod"}
    assert twinmaker.list(create_job(boto, "OTHER", tags=given)) == given

    repository = {"name": "acme/new", "provider": "GITHUB", "connectionArn": CONNECTION}
    created = boto.call("proton", "CreateRepository", {**repository, "tags": proton.as_list(given)})
    assert proton.list(created["repository"]["arn"]) == given

    params = {"ConnectionArn": CONNECTION, "OwnerId": "acme", "RepositoryName": "new"}
    link = boto.call("codeconnections", "CreateRepositoryLink", {**params, "Tags": connections.as_list(given)})
    assert connections.list(link["RepositoryLinkInfo"]["RepositoryLinkArn"]) == given

    params = {"ConnectionName": "new", "ProviderType": "GitHub"}
    connection = boto.call("codeconnections", "CreateConnection", {**params, "Tags": connections.as_list(given)})
    assert connection["Tags"] == connections.as_list(given)
    assert connections.list(connection["ConnectionArn"]) == given


def test_a_repository_with_other_tags_is_another_one(boto: BotoClients) -> None:
    repository = {"name": "acme/new", "provider": "GITHUB", "connectionArn": CONNECTION}
    for _ in range(2):
        boto.call("proton", "CreateRepository", {**repository, "tags": [{"key": "a", "value": "b"}]})
    with pytest.raises(boto.proton.exceptions.ConflictException):
        boto.call("proton", "CreateRepository", {**repository, "tags": [{"key": "a", "value": "c"}]})


def test_both_names_of_codeconnections_have_the_same_tags(boto: BotoClients) -> None:
    Tags(boto, "codeconnections").add(LINK_ARN, {"team": "payments"})
    assert Tags(boto, "codestar-connections").list(OLD_LINK_ARN) == {"team": "payments"}
    assert Tags(boto, "codestar-connections").list(LINK_ARN) == {"team": "payments"}


def test_the_tags_of_a_deleted_resource_are_gone(populated: Emulator, boto: BotoClients) -> None:
    twinmaker, arn = Tags(boto, "iottwinmaker"), RESOURCES[1][1]
    twinmaker.add(arn, {"team": "payments"})
    boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert twinmaker.list(arn) == {"team": "payments"}
    populated.clock.advance(10)
    with twinmaker.raises("ResourceNotFoundException"):
        twinmaker.list(arn)
    assert create_job(boto) == arn
    assert twinmaker.list(arn) == {}


@pytest.mark.parametrize(("service", "arn"), [RESOURCES[0], RESOURCES[2]], ids=["iottwinmaker", "proton"])
def test_tags_have_pages(boto: BotoClients, service: str, arn: str) -> None:
    tags = Tags(boto, service)
    tags.add(arn, {f"tag{number}": "x" for number in range(5)})
    name = {"iottwinmaker": "resourceARN", "proton": "resourceArn"}[service]
    sizes: list[int] = []
    token: dict[str, str] = {}
    while True:
        reply = boto.call(service, "ListTagsForResource", {name: arn, "maxResults": 2, **token})
        sizes.append(len(reply["tags"]))
        if "nextToken" not in reply:
            break
        token = {"nextToken": reply["nextToken"]}
    assert sizes == [2, 2, 1]


def test_tags_in_cbor(populated: Emulator, boto: BotoClients, cbor: BotoClients) -> None:
    Tags(cbor, "codeconnections").add(LINK_ARN, {"team": "payments"})
    assert Tags(cbor, "codeconnections").list(LINK_ARN) == Tags(boto, "codeconnections").list(LINK_ARN)
    assert boto.connections.get_repository_link(RepositoryLinkId=LINK)["RepositoryLinkInfo"]["OwnerId"] == "acme"
