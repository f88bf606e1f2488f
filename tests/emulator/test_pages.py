"""Pagination of every list: the content of the pages, where the next one starts, and which tokens are rejected."""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.clients import BotoClients
from tests.emulator.resources import CONNECTION, ROLE
from unisync.emulator import Emulator
from unisync.emulator._protocol.operations import Operation, Protocol, service_model
from unisync.emulator._protocol.pagination import ListResult, paginate

pytestmark = pytest.mark.slow

SYNC = {"SyncType": "CFN_STACK_SYNC"}
FACTORY = {"workspaceId": "factory"}
JOB = {**FACTORY, "syncSource": "SITEWISE"}


@dataclass(frozen=True)
class Case:
    """A list operation, how to add and remove its items, and the fields for the list and for an item's name."""

    service: str
    operation: str
    field: str
    name: str
    add: Callable[[Emulator, BotoClients, str], object]
    remove: Callable[[Emulator, BotoClients, str], object] | None = None
    params: Mapping[str, object] = dataclasses.field(default_factory=dict[str, object])


def add_job(aws: Emulator, boto: BotoClients, name: str) -> None:
    boto.twinmaker.create_sync_job(workspaceId="factory", syncSource=name, syncRole=ROLE)


def remove_job(aws: Emulator, boto: BotoClients, name: str) -> None:
    boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource=name)
    aws.clock.advance(10)


def add_resource(aws: Emulator, boto: BotoClients, name: str) -> None:
    if aws.clock.now() == 0:
        add_job(aws, boto, "SITEWISE")
        aws.clock.advance(30)
    aws.add_sync_resource("factory", name)


def remove_link(aws: Emulator, boto: BotoClients, name: str) -> None:
    boto.connections.delete_repository_link(RepositoryLinkId=aws.add_repository_link(f"acme/{name}"))


def remove_stack(aws: Emulator, boto: BotoClients, name: str) -> None:
    boto.connections.delete_sync_configuration(ResourceName=name, SyncType="CFN_STACK_SYNC")


def remove_repository(aws: Emulator, boto: BotoClients, name: str) -> None:
    boto.proton.delete_repository(name=f"acme/{name}", provider="GITHUB")


def add_version(kind: Any) -> Callable[[Emulator, BotoClients, str], None]:
    def add(aws: Emulator, boto: BotoClients, name: str) -> None:
        aws.add_template("web", template_type=kind, version=name.removeprefix("item"))

    return add


CASES = [
    Case(
        "iottwinmaker",
        "ListSyncJobs",
        "syncJobSummaries",
        "syncSource",
        add_job,
        remove_job,
        {"workspaceId": "factory"},
    ),
    Case("iottwinmaker", "ListSyncResources", "syncResources", "externalId", add_resource, None, JOB),
    Case(
        "iottwinmaker",
        "ListWorkspaces",
        "workspaceSummaries",
        "workspaceId",
        lambda aws, _, name: aws.add_workspace(name),
    ),
    Case(
        "proton",
        "ListRepositories",
        "repositories",
        "name",
        lambda aws, _, name: aws.add_repository(f"acme/{name}"),
        remove_repository,
    ),
    Case(
        "proton",
        "ListServices",
        "services",
        "name",
        lambda aws, _, name: aws.add_service(name),
        lambda aws, _, name: aws.remove_service(name),
    ),
    Case(
        "proton",
        "ListServiceInstances",
        "serviceInstances",
        "name",
        lambda aws, _, name: aws.add_service_instance("web", name),
    ),
    Case("proton", "ListServiceTemplates", "templates", "name", lambda aws, _, name: aws.add_template(name)),
    Case(
        "proton",
        "ListEnvironmentTemplates",
        "templates",
        "name",
        lambda aws, _, name: aws.add_template(name, template_type="ENVIRONMENT"),
    ),
    Case(
        "proton",
        "ListServiceTemplateVersions",
        "templateVersions",
        "majorVersion",
        add_version("SERVICE"),
        None,
        {"templateName": "web"},
    ),
    Case(
        "proton",
        "ListEnvironmentTemplateVersions",
        "templateVersions",
        "majorVersion",
        add_version("ENVIRONMENT"),
        None,
        {"templateName": "web"},
    ),
    *[
        Case(
            service,
            "ListRepositoryLinks",
            "RepositoryLinks",
            "RepositoryName",
            lambda aws, _, name: aws.add_repository_link(f"acme/{name}"),
            remove_link,
        )
        for service in ("codeconnections", "codestar-connections")
    ],
    *[
        Case(
            service,
            "ListSyncConfigurations",
            "SyncConfigurations",
            "ResourceName",
            lambda aws, _, name: aws.add_stack(name, repository="acme/infra"),
            remove_stack,
            SYNC,
        )
        for service in ("codeconnections", "codestar-connections")
    ],
]
REMOVABLE = [case for case in CASES if case.remove is not None]
ONE_PER_SERVICE = [
    next(case for case in CASES if case.service == service)
    for service in ("iottwinmaker", "proton", "codeconnections", "codestar-connections")
]


def case_id(case: Case) -> str:
    return f"{case.service}-{case.operation}"


def names(count: int, start: int = 1) -> list[str]:
    return [f"item{number}" for number in range(start, start + count)]


class Lister:
    """Reads the pages of a list."""

    def __init__(self, case: Case, aws: Emulator, boto: BotoClients) -> None:
        self.case, self.aws, self.boto = case, aws, boto
        if case.service == "iottwinmaker" and case.operation != "ListWorkspaces":
            aws.add_workspace("factory")
        self.params = dict(case.params)
        if case.operation == "ListSyncConfigurations":
            self.params["RepositoryLinkId"] = aws.add_repository_link("acme/infra")
        upper = case.service.startswith("code")
        self.token, self.size = ("NextToken", "MaxResults") if upper else ("nextToken", "maxResults")

    def add(self, count: int, start: int = 1) -> None:
        for name in names(count, start):
            self.case.add(self.aws, self.boto, name)

    def remove(self, name: str) -> None:
        assert self.case.remove is not None
        self.case.remove(self.aws, self.boto, name)

    def read(self, token: str | None = None, size: int | None = None) -> tuple[list[str], str | None]:
        """Read one page; return the names of its items and the next token."""
        page = {self.token: token, self.size: size}
        params = {**self.params, **{name: value for name, value in page.items() if value is not None}}
        reply = self.boto.call(self.case.service, self.case.operation, params)
        return [self.name_of(item) for item in reply[self.case.field]], reply.get(self.token)

    def name_of(self, item: Mapping[str, str]) -> str:
        name = item[self.case.name].rpartition("/")[2]
        return f"item{name}" if self.case.name == "majorVersion" else name

    def pages(self, size: int | None = None) -> Iterator[list[str]]:
        token: str | None = None
        while True:
            found, token = self.read(token, size)
            yield found
            if token is None:
                return


@pytest.fixture
def lister(request: pytest.FixtureRequest, aws: Emulator, boto: BotoClients) -> Lister:
    return Lister(request.param, aws, boto)


each_lister = pytest.mark.parametrize("lister", CASES, ids=case_id, indirect=True)
each_removable = pytest.mark.parametrize("lister", REMOVABLE, ids=case_id, indirect=True)
one_per_service = pytest.mark.parametrize("lister", ONE_PER_SERVICE, ids=case_id, indirect=True)


@each_lister
def test_the_pages_contain_everything_once_in_order_of_creation(lister: Lister) -> None:
    lister.add(5)
    assert list(lister.pages()) == list(lister.pages(5)) == [names(5)]
    assert list(lister.pages(3)) == [names(3), names(2, 4)]
    lister.aws.page_size = 2
    assert list(lister.pages()) == [["item1", "item2"], ["item3", "item4"], ["item5"]]
    assert list(lister.pages(1)) == [[name] for name in names(5)]
    assert list(lister.pages(100)) == [["item1", "item2"], ["item3", "item4"], ["item5"]]


@one_per_service
def test_a_page_has_fifty_items_by_default(lister: Lister) -> None:
    lister.add(52)
    assert [len(found) for found in lister.pages()] == [50, 2]
    assert [len(found) for found in lister.pages(60)] == [52]
    if lister.case.service != "proton":  # where the model requires at least 1
        assert [len(found) for found in lister.pages(0)] == [50, 2]


# A template is added with its first version.
@pytest.mark.parametrize(
    "lister", [case for case in CASES if "web" not in case.params.values()], ids=case_id, indirect=True
)
def test_an_empty_list_is_one_empty_page(lister: Lister) -> None:
    if lister.case.operation == "ListSyncResources":
        add_job(lister.aws, lister.boto, "SITEWISE")
    assert lister.read() == ([], None)


@each_removable
def test_the_next_page_starts_after_the_last_item_of_the_previous(lister: Lister) -> None:
    lister.add(6)
    first, token = lister.read(size=2)
    assert first == names(2)
    lister.remove("item1")
    lister.remove("item2")
    lister.remove("item4")
    second, token = lister.read(token, size=2)
    assert second == ["item3", "item5"]
    lister.add(1, start=7)
    # An item that is created again is the newest.
    lister.remove("item3")
    lister.add(1, start=3)
    assert lister.read(token, size=9) == (["item6", "item7", "item3"], None)
    assert lister.read(token, size=9) == (["item6", "item7", "item3"], None), "a token can be used twice"
    for name in ("item6", "item7", "item3"):
        lister.remove(name)
    assert lister.read(token) == ([], None)


def rejected(lister: Lister) -> Any:
    code = "InvalidInputException" if lister.case.service.startswith("code") else "ValidationException"
    error = lister.boto.client(lister.case.service).exceptions.from_code(code)
    return pytest.raises(error, match="Invalid pagination token")


@each_lister
def test_a_token_matches_its_model_and_cannot_be_forged(lister: Lister) -> None:
    lister.add(3)
    _, token = lister.read(size=1)
    assert token is not None
    shape = service_model(lister.case.service).operation_model(lister.case.operation).output_shape
    assert shape is not None
    constraints = shape.members[lister.token].metadata
    assert constraints.get("min", 0) <= len(token) <= constraints.get("max", 1000)
    assert re.fullmatch(constraints.get("pattern", ".*"), token)
    number, _, checksum = base64.b64decode(token).decode().partition(".")
    with rejected(lister):
        lister.read(base64.b64encode(f"{int(number) + 1}.{checksum}".encode()).decode())


@one_per_service
def test_a_malformed_token_is_rejected(lister: Lister) -> None:
    lister.add(3)
    for malformed in ("t", "MQ==", "AAAA", "1", "=", "MS4=", "LTEuMDAwMDAwMDAwMDAwMDAwMA=="):
        with rejected(lister):
            lister.read(malformed)


def test_a_token_works_only_for_its_operation_parameters_and_region(aws: Emulator, boto: BotoClients) -> None:
    for name in ("a1", "a2"):
        aws.add_template(name)
        aws.add_service(name)
        aws.add_service_instance("web", name)
        aws.account(region="us-west-2").add_service(name)
    token = boto.call("proton", "ListServices", {"maxResults": 1})["nextToken"]
    assert boto.call("proton", "ListServices", {"maxResults": 100, "nextToken": token})
    of_web = boto.call("proton", "ListServiceInstances", {"serviceName": "web", "maxResults": 1})["nextToken"]
    error = boto.proton.exceptions.ValidationException
    for operation, wrong in [
        ("ListServiceTemplates", token),
        ("ListServiceInstances", token),
        ("ListServiceInstances", of_web),
        ("ListServices", of_web),
    ]:
        with pytest.raises(error, match="Invalid pagination token"):
            boto.call("proton", operation, {"nextToken": wrong})
    with BotoClients(aws.url, region="us-west-2") as west, pytest.raises(west.proton.exceptions.ValidationException):
        west.call("proton", "ListServices", {"nextToken": token})


def test_the_two_names_of_codeconnections_do_not_share_tokens(aws: Emulator, boto: BotoClients) -> None:
    for name in ("acme/one", "acme/two"):
        aws.add_repository_link(name)
    token = boto.connections.list_repository_links(MaxResults=1).get("NextToken", "")
    with pytest.raises(boto.codestar.exceptions.InvalidInputException, match="Invalid pagination token"):
        boto.codestar.list_repository_links(NextToken=token)


@pytest.mark.parametrize("size", [0, -1])
def test_the_page_size_is_at_least_one(aws: Emulator, size: int) -> None:
    with pytest.raises(ValueError, match=r"^page_size: expected one or more, or None"):
        aws.page_size = size
    assert aws.page_size is None
    aws.page_size = 1
    assert aws.page_size == 1


def test_an_empty_token_counts_as_none(aws: Emulator, boto: BotoClients) -> None:
    aws.add_workspace("factory")
    reply = boto.call("iottwinmaker", "ListWorkspaces", {"nextToken": ""})
    assert [each["workspaceId"] for each in reply["workspaceSummaries"]] == ["factory"]


def test_pages_in_cbor(aws: Emulator, cbor: BotoClients) -> None:
    lister = Lister(next(case for case in CASES if case.operation == "ListRepositoryLinks"), aws, cbor)
    lister.add(5)
    aws.page_size = 2
    assert list(lister.pages()) == [["item1", "item2"], ["item3", "item4"], ["item5"]]
    with rejected(lister):
        lister.read("malformed")


def test_codeconnections_truncates_the_list_of_definitions(aws: Emulator, boto: BotoClients) -> None:
    for name in ("one", "two", "three"):
        aws.add_stack(name, repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    whole = boto.connections.list_repository_sync_definitions(RepositoryLinkId=link, SyncType="CFN_STACK_SYNC")
    assert [each["Target"] for each in whole["RepositorySyncDefinitions"]] == ["one", "two", "three"]
    assert "NextToken" not in whole
    aws.page_size = 2
    first = boto.connections.list_repository_sync_definitions(RepositoryLinkId=link, SyncType="CFN_STACK_SYNC")
    assert [each["Target"] for each in first["RepositorySyncDefinitions"]] == ["one", "two"]
    assert first.get("NextToken")


def test_proton_never_paginates_definitions(aws: Emulator, boto: BotoClients) -> None:
    for number in range(1, 111):
        aws.add_template("web", repository="acme/templates", version=str(number))
    aws.page_size = 2
    reply = boto.proton.list_repository_sync_definitions(
        repositoryName="acme/templates", repositoryProvider="GITHUB", syncType="TEMPLATE_SYNC", nextToken=""
    )
    assert len(reply["syncDefinitions"]) == 110
    assert "nextToken" not in reply
    with pytest.raises(boto.proton.exceptions.ValidationException, match="at 'nextToken' failed"):
        boto.proton.list_repository_sync_definitions(
            repositoryName="acme/templates", repositoryProvider="GITHUB", syncType="TEMPLATE_SYNC", nextToken="t"
        )


def test_a_page_has_a_hundred_items_if_the_request_cannot_choose(aws: Emulator, boto: BotoClients) -> None:
    for number in range(101):
        aws.add_stack(f"stack{number}", repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    reply = boto.connections.list_repository_sync_definitions(RepositoryLinkId=link, SyncType="CFN_STACK_SYNC")
    assert len(reply["RepositorySyncDefinitions"]) == 100
    assert reply.get("NextToken")


def test_the_order_of_the_parameters_does_not_matter_for_a_token() -> None:
    model = service_model("codeconnections").operation_model("ListSyncConfigurations")
    operation = Operation("codeconnections", "ListSyncConfigurations", Protocol.JSON, model, {})
    result = ListResult("SyncConfigurations", {1: {}, 2: {}})
    first = paginate(operation, {"RepositoryLinkId": CONNECTION, **SYNC, "MaxResults": 1}, result, "", None)
    again = {"NextToken": first["NextToken"], **SYNC, "RepositoryLinkId": CONNECTION}
    assert paginate(operation, again, result, "", None) == {"SyncConfigurations": [{}]}


numbers = st.sets(st.integers(0, 40))


@settings(max_examples=max(1, settings().max_examples // 2), deadline=None, database=None)
@given(
    present=numbers,
    steps=st.lists(st.tuples(st.integers(0, 5), numbers, st.integers(0, 3)), min_size=10, max_size=10),
    max_items=st.none() | st.integers(1, 4),
)
def test_items_that_are_never_removed_are_listed_once(
    present: set[int], steps: list[tuple[int, set[int], int]], max_items: int | None
) -> None:
    model = service_model("proton").operation_model("ListServices")
    operation = Operation("proton", "ListServices", Protocol.JSON, model, {})
    kept, seen, newest = set(present), list[int](), 40
    params: dict[str, object] = {}
    # In the end nothing is added or removed, so that the last page is reached.
    for size, removed, added in [*steps, *[(1, set[int](), 0)] * 80]:
        result = ListResult("services", {number: {"number": number} for number in present})
        sized = {**params, "maxResults": size} if size else params
        reply: Mapping[str, Any] = paginate(operation, sized, result, "", max_items)
        found = [each["number"] for each in reply["services"]]
        assert len(found) <= min(size or 50, max_items or 50)
        seen += found
        if "nextToken" not in reply:
            break
        params = {"nextToken": reply["nextToken"]}
        present = (present - removed) | set(range(newest + 1, newest + added + 1))
        kept -= removed
        newest += added
    else:
        pytest.fail("no last page")
    assert seen == sorted(set(seen))
    assert kept <= set(seen)
