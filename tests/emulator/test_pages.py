"""Every list a page at a time: what pages hold, where they go on, and which tokens are refused."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.clients import CONNECTION, ROLE, Clients
from unisync.emulator import Emulator
from unisync.emulator._protocol.operations import Operation, Protocol, service_model
from unisync.emulator._protocol.pagination import Listing, page

SYNC = {"SyncType": "CFN_STACK_SYNC"}
FACTORY = {"workspaceId": "factory"}
JOB = {**FACTORY, "syncSource": "SITEWISE"}


@dataclass(frozen=True)
class Case:
    """A list operation: how an item of it is made, taken away, and called in its replies."""

    service: str
    operation: str
    member: str
    name: str
    add: Callable[[Emulator, Clients, str], object]
    remove: Callable[[Emulator, Clients, str], object] | None = None
    params: Mapping[str, object] = field(default_factory=dict[str, object])


def add_job(aws: Emulator, boto: Clients, name: str) -> None:
    boto.twinmaker.create_sync_job(workspaceId="factory", syncSource=name, syncRole=ROLE)


def remove_job(aws: Emulator, boto: Clients, name: str) -> None:
    boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource=name)
    aws.clock.advance(10)


def add_resource(aws: Emulator, boto: Clients, name: str) -> None:
    if aws.clock.now() == 0:
        add_job(aws, boto, "SITEWISE")
        aws.clock.advance(30)
    aws.add_sync_resource("factory", name)


def remove_link(aws: Emulator, boto: Clients, name: str) -> None:
    boto.connections.delete_repository_link(RepositoryLinkId=aws.add_repository_link(f"acme/{name}"))


def remove_stack(aws: Emulator, boto: Clients, name: str) -> None:
    boto.connections.delete_sync_configuration(ResourceName=name, SyncType="CFN_STACK_SYNC")


def remove_repository(aws: Emulator, boto: Clients, name: str) -> None:
    boto.proton.delete_repository(name=f"acme/{name}", provider="GITHUB")


def add_version(kind: Any) -> Callable[[Emulator, Clients, str], None]:
    def add(aws: Emulator, boto: Clients, name: str) -> None:
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


def case_id(case: Case) -> str:
    return f"{case.service}-{case.operation}"


def names(count: int, start: int = 1) -> list[str]:
    return [f"item{number}" for number in range(start, start + count)]


class Lister:
    """Asks for pages of a case's list."""

    def __init__(self, case: Case, aws: Emulator, boto: Clients) -> None:
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

    def ask(self, token: str | None = None, size: int | None = None) -> tuple[list[str], str | None]:
        given = {self.token: token, self.size: size}
        params = {**self.params, **{name: value for name, value in given.items() if value is not None}}
        reply = self.boto.call(self.case.service, self.case.operation, params)
        return [self.named(item) for item in reply[self.case.member]], reply.get(self.token)

    def named(self, item: Mapping[str, str]) -> str:
        name = item[self.case.name].rpartition("/")[2]
        return f"item{name}" if self.case.name == "majorVersion" else name

    def pages(self, size: int | None = None) -> Iterator[list[str]]:
        token: str | None = None
        while True:
            found, token = self.ask(token, size)
            yield found
            if token is None:
                return


@pytest.fixture
def lister(request: pytest.FixtureRequest, aws: Emulator, boto: Clients) -> Lister:
    return Lister(request.param, aws, boto)


each_lister = pytest.mark.parametrize("lister", CASES, ids=case_id, indirect=True)
each_removable = pytest.mark.parametrize("lister", REMOVABLE, ids=case_id, indirect=True)


@each_lister
def test_three_pages_hold_everything_once_in_the_order_of_creation(lister: Lister) -> None:
    lister.add(5)
    lister.aws.page_size = 2
    assert list(lister.pages()) == [["item1", "item2"], ["item3", "item4"], ["item5"]]
    assert list(lister.pages(1)) == [[name] for name in names(5)]
    assert list(lister.pages(100)) == [["item1", "item2"], ["item3", "item4"], ["item5"]]


@each_lister
def test_a_request_says_how_long_a_page_is(lister: Lister) -> None:
    lister.add(5)
    assert list(lister.pages()) == [names(5)]
    assert list(lister.pages(5)) == [names(5)]
    assert list(lister.pages(3)) == [names(3), names(2, 4)]


@each_lister
def test_without_a_word_a_page_has_fifty(lister: Lister) -> None:
    lister.add(52)
    assert [len(found) for found in lister.pages()] == [50, 2]
    assert [len(found) for found in lister.pages(60)] == [52]


# A template comes with its first version.
@pytest.mark.parametrize(
    "lister", [case for case in CASES if "web" not in case.params.values()], ids=case_id, indirect=True
)
def test_nothing_is_an_empty_page(lister: Lister) -> None:
    if lister.case.operation == "ListSyncResources":
        add_job(lister.aws, lister.boto, "SITEWISE")
    assert lister.ask() == ([], None)


@each_removable
def test_a_token_goes_on_after_the_last_item_seen(lister: Lister) -> None:
    lister.add(6)
    first, token = lister.ask(size=2)
    assert first == names(2)
    lister.remove("item1")
    lister.remove("item2")
    lister.remove("item4")
    second, token = lister.ask(token, size=2)
    assert second == ["item3", "item5"]
    lister.add(1, start=7)
    # What was there is made anew, and is the newest now.
    lister.remove("item3")
    lister.add(1, start=3)
    assert lister.ask(token, size=9) == (["item6", "item7", "item3"], None)
    assert lister.ask(token, size=9) == (["item6", "item7", "item3"], None), "a token may be used twice"


@each_removable
def test_a_page_after_which_everything_went_is_empty(lister: Lister) -> None:
    lister.add(3)
    _, token = lister.ask(size=2)
    lister.remove("item3")
    assert lister.ask(token) == ([], None)


@each_lister
def test_a_token_fits_the_model(lister: Lister) -> None:
    lister.add(2)
    _, token = lister.ask(size=1)
    assert token is not None
    shape = service_model(lister.case.service).operation_model(lister.case.operation).output_shape
    assert shape is not None
    rules = shape.members[lister.token].metadata
    assert rules.get("min", 0) <= len(token) <= rules.get("max", 1000)
    assert re.fullmatch(rules.get("pattern", ".*"), token)


def refusal_of(lister: Lister) -> type[Exception]:
    code = "InvalidInputException" if lister.case.service.startswith("code") else "ValidationException"
    return lister.boto.of(lister.case.service).exceptions.from_code(code)


@each_lister
@pytest.mark.parametrize("garbled", ["t", "MQ==", "AAAA", "1", "=", "MS4=", "LTEuMDAwMDAwMDAwMDAwMDAwMA=="])
def test_a_garbled_token_is_refused(lister: Lister, garbled: str) -> None:
    lister.add(3)
    with pytest.raises(refusal_of(lister), match="Invalid pagination token"):
        lister.ask(garbled)


@each_lister
def test_a_token_of_another_place_is_refused(lister: Lister) -> None:
    lister.add(3)
    _, token = lister.ask(size=1)
    assert token is not None
    number, _, seal = base64.b64decode(token).decode().partition(".")
    forged = base64.b64encode(f"{int(number) + 1}.{seal}".encode()).decode()
    with pytest.raises(refusal_of(lister), match="Invalid pagination token"):
        lister.ask(forged)


def test_a_token_is_of_one_operation_with_one_question_in_one_world(aws: Emulator, boto: Clients) -> None:
    for name in ("a1", "a2"):
        aws.add_template(name)
        aws.add_service(name)
        aws.add_service_instance("web", name)
        aws.account(region="us-west-2").add_service(name)
    token = boto.call("proton", "ListServices", {"maxResults": 1})["nextToken"]
    assert boto.call("proton", "ListServices", {"maxResults": 100, "nextToken": token})
    of_web = boto.call("proton", "ListServiceInstances", {"serviceName": "web", "maxResults": 1})["nextToken"]
    refused = boto.proton.exceptions.ValidationException
    for operation, wrong in [
        ("ListServiceTemplates", token),
        ("ListServiceInstances", token),
        ("ListServiceInstances", of_web),
        ("ListServices", of_web),
    ]:
        with pytest.raises(refused, match="Invalid pagination token"):
            boto.call("proton", operation, {"nextToken": wrong})
    with Clients(aws.url, region="us-west-2") as west, pytest.raises(west.proton.exceptions.ValidationException):
        west.call("proton", "ListServices", {"nextToken": token})


def test_the_two_names_of_codeconnections_do_not_share_tokens(aws: Emulator, boto: Clients) -> None:
    for name in ("acme/one", "acme/two"):
        aws.add_repository_link(name)
    token = boto.connections.list_repository_links(MaxResults=1).get("NextToken", "")
    with pytest.raises(boto.codestar.exceptions.InvalidInputException, match="Invalid pagination token"):
        boto.codestar.list_repository_links(NextToken=token)


@pytest.mark.parametrize("size", [0, -1])
def test_a_page_has_room_for_something(aws: Emulator, size: int) -> None:
    with pytest.raises(ValueError, match=r"^page_size: expected one or more, or None"):
        aws.page_size = size
    assert aws.page_size is None
    aws.page_size = 1
    assert aws.page_size == 1


@pytest.mark.parametrize("lister", [case for case in CASES if case.service != "proton"], ids=case_id, indirect=True)
def test_no_number_is_as_good_as_zero(lister: Lister) -> None:
    lister.add(52)
    assert [len(found) for found in lister.pages(0)] == [50, 2]


def test_an_empty_token_is_none(aws: Emulator, boto: Clients) -> None:
    aws.add_workspace("factory")
    reply = boto.call("iottwinmaker", "ListWorkspaces", {"nextToken": ""})
    assert [each["workspaceId"] for each in reply["workspaceSummaries"]] == ["factory"]


def test_links_in_pages_in_cbor(aws: Emulator, cbor: Clients) -> None:
    lister = Lister(next(case for case in CASES if case.operation == "ListRepositoryLinks"), aws, cbor)
    lister.add(5)
    aws.page_size = 2
    assert list(lister.pages()) == [["item1", "item2"], ["item3", "item4"], ["item5"]]
    with pytest.raises(refusal_of(lister), match="Invalid pagination token"):
        lister.ask("garbled")


def test_codeconnections_cuts_definitions_short_and_has_no_way_to_go_on(aws: Emulator, boto: Clients) -> None:
    for name in ("one", "two", "three"):
        aws.add_stack(name, repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    whole = boto.connections.list_repository_sync_definitions(RepositoryLinkId=link, SyncType="CFN_STACK_SYNC")
    assert [each["Target"] for each in whole["RepositorySyncDefinitions"]] == ["one", "two", "three"]
    assert "NextToken" not in whole
    aws.page_size = 2
    cut = boto.connections.list_repository_sync_definitions(RepositoryLinkId=link, SyncType="CFN_STACK_SYNC")
    assert [each["Target"] for each in cut["RepositorySyncDefinitions"]] == ["one", "two"]
    assert cut.get("NextToken")


def test_proton_answers_all_definitions_at_once(aws: Emulator, boto: Clients) -> None:
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


def test_a_list_that_cannot_be_asked_for_less_has_a_hundred(aws: Emulator, boto: Clients) -> None:
    for number in range(101):
        aws.add_stack(f"stack{number}", repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    reply = boto.connections.list_repository_sync_definitions(RepositoryLinkId=link, SyncType="CFN_STACK_SYNC")
    assert len(reply["RepositorySyncDefinitions"]) == 100
    assert reply.get("NextToken")


def test_the_same_question_in_another_order_is_the_same_question() -> None:
    model = service_model("codeconnections").operation_model("ListSyncConfigurations")
    operation = Operation("codeconnections", "ListSyncConfigurations", Protocol.JSON, model, {})
    listing = Listing("SyncConfigurations", {1: {}, 2: {}})
    first = page(operation, {"RepositoryLinkId": CONNECTION, **SYNC, "MaxResults": 1}, listing, "", None)
    again = {"NextToken": first["NextToken"], **SYNC, "RepositoryLinkId": CONNECTION}
    assert page(operation, again, listing, "", None) == {"SyncConfigurations": [{}]}


numbers = st.sets(st.integers(0, 40))


@settings(max_examples=200, deadline=None, database=None)
@given(
    present=numbers,
    steps=st.lists(st.tuples(st.integers(0, 5), numbers, st.integers(0, 3)), min_size=10, max_size=10),
    most=st.none() | st.integers(1, 4),
)
def test_whatever_comes_and_goes_what_stays_is_seen_once(
    present: set[int], steps: list[tuple[int, set[int], int]], most: int | None
) -> None:
    model = service_model("proton").operation_model("ListServices")
    operation = Operation("proton", "ListServices", Protocol.JSON, model, {})
    stays, seen, newest = set(present), list[int](), 40
    params: dict[str, object] = {}
    # Nothing comes or goes in the end, so that the last page is reached.
    for size, gone, come in [*steps, *[(1, set[int](), 0)] * 80]:
        listing = Listing("services", {number: {"number": number} for number in present})
        sized = {**params, "maxResults": size} if size else params
        reply: Mapping[str, Any] = page(operation, sized, listing, "", most)
        found = [each["number"] for each in reply["services"]]
        assert len(found) <= min(size or 50, most or 50)
        seen += found
        if "nextToken" not in reply:
            break
        params = {"nextToken": reply["nextToken"]}
        present = (present - gone) | set(range(newest + 1, newest + come + 1))
        stays -= gone
        newest += come
    else:
        pytest.fail("no last page")
    assert seen == sorted(set(seen))
    assert stays <= set(seen)
