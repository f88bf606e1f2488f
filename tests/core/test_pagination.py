"""Lists: all pages, lazily, as many as wanted, and from where another listing left off."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.operations import OPERATIONS, Known, client_argument_of, is_list, operations_of, prepare
from tests.support.samples import drive
from unisync import (
    AccessDeniedError,
    AsyncUnisync,
    InvalidRequestError,
    ResponseError,
    TruncatedListWarning,
    Unisync,
)
from unisync._core.flow import Call
from unisync._core.pagination import PAGE_SIZE, Page, Pager, Pages
from unisync._models.envelopes import Workspace, Workspaces
from unisync._models.resources import SyncJobs
from unisync.emulator import Emulator

Make = Callable[..., Any]

RESUMABLE = [
    (service, name)
    for service, operations in OPERATIONS.items()
    for name, operation in operations.items()
    if operation.is_list and name != "ListRepositorySyncDefinitions"
]
COUNT = 5


class Method(Protocol):
    """A method of a client that lists, as a function of the client."""

    def __call__(self, client: Any, **options: Any) -> Any: ...


def fill(aws: Emulator, service: str, name: str) -> Method:
    """Give an operation five things to list, and nothing else."""
    if name == "ListSyncJobs":
        aws.add_workspace("factory")
        with Unisync(**aws.client_options()) as client:
            for number in range(COUNT):
                client.twinmaker.create_sync_job("factory", sync_source=f"S{number}", sync_role=ROLE)
        return lambda client, **options: client.twinmaker.list_sync_jobs("factory", **options)
    if name == "ListSyncResources":
        aws.add_workspace("factory")
        for number in range(COUNT):
            aws.add_sync_resource("factory", f"asset-{number}")
        with Unisync(**aws.client_options()) as client:
            client.twinmaker.create_sync_job("factory", sync_role=ROLE)
        aws.clock.advance(60)
        return lambda client, **options: client.twinmaker.list_sync_resources("factory", **options)
    if name == "ListRepositories":
        for number in range(COUNT):
            aws.add_repository(f"acme/web-{number}")
        return lambda client, **options: client.proton.list_repositories(**options)
    if name == "ListRepositoryLinks":
        for number in range(COUNT):
            aws.add_repository_link(f"acme/infra-{number}")
        return lambda client, **options: client.codeconnections.list_repository_links(**options)
    assert name == "ListSyncConfigurations"
    for number in range(COUNT):
        aws.add_stack(f"stack-{number}", repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    return lambda client, **options: client.codeconnections.list_sync_configurations(link, **options)


ROLE = "arn:aws:iam::123456789012:role/sync"


@pytest.mark.parametrize(("service", "name"), RESUMABLE)
def test_each_list_has_pages_a_limit_and_a_token_to_go_on_with(
    aws: Emulator, make_either: Make, service: str, name: str
) -> None:
    method = fill(aws, service, name)
    client = make_either(**client_argument_of(service))

    def asked() -> int:
        return sum(call.operation == name for call in aws.calls)

    everything = list(method(client))
    assert len(everything) == COUNT
    assert asked() == 1

    pages = list(method(client, page_size=2).pages())
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [item for page in pages for item in page] == everything
    assert pages[-1].next_token is None
    assert not any(page.is_truncated for page in pages)
    assert asked() == 4

    assert list(method(client, page_size=2, limit=3)) == everything[:3]
    assert asked() == 6
    (limited,) = method(client, limit=3).pages()
    assert list(method(client, next_token=limited.next_token)) == everything[3:]
    assert list(method(client, page_size=1, next_token=pages[0].next_token)) == everything[2:]
    assert list(method(client, limit=0)) == []
    assert list(method(client, limit=999)) == everything


@pytest.mark.parametrize(("service", "name"), RESUMABLE)
def test_each_list_checks_what_it_is_asked_for(aws: Emulator, make_either: Make, service: str, name: str) -> None:
    method = fill(aws, service, name)
    client = make_either(**client_argument_of(service))
    before = len(aws.calls)
    for wrong in ({"page_size": 0}, {"page_size": -1}, {"limit": -1}, {"page_size": "5"}, {"limit": True}):
        with pytest.raises(InvalidRequestError, match=f"^{service} {name}: {next(iter(wrong))}: expected . or more"):
            method(client, **wrong)
    no_tokens: list[Any] = ["", b"", 0, False, [], {}]
    for token in no_tokens:
        with pytest.raises(InvalidRequestError, match="next_token: expected the token of a page, or None"):
            method(client, next_token=token)
    with pytest.raises(InvalidRequestError, match=r"page_size: expected .* and got 201"):
        list(method(client, page_size=201))
    assert len(aws.calls) == before
    with pytest.raises(InvalidRequestError):
        list(method(client, next_token="bm9uc2Vuc2U="))


def test_a_list_is_fetched_as_far_as_it_is_needed(aws: Emulator, client: Unisync) -> None:
    method = fill(aws, "proton", "ListRepositories")
    listing: Pager[Any] = method(client, page_size=2)
    assert aws.calls == []
    first = next(iter(listing))
    assert (first.full_name, len(aws.calls)) == ("acme/web-0", 1)
    assert len(list(listing)) == COUNT, "each iteration starts anew"


def test_a_page_that_fails_leaves_the_token_of_the_one_before_it(aws: Emulator, make_either: Make) -> None:
    method = fill(aws, "proton", "ListRepositories")
    client = make_either()
    pages = iter(method(client, page_size=2).pages())
    seen = next(pages)
    aws.fault("ListRepositories", "AccessDeniedException")
    with pytest.raises(AccessDeniedError):
        next(pages)
    assert len(list(method(client, next_token=seen.next_token))) == 3


def test_a_list_survives_a_fault_that_passes(aws: Emulator, make_either: Make) -> None:
    method = fill(aws, "proton", "ListRepositories")
    aws.fault("ListRepositories", "ThrottlingException", times=2)
    assert len(list(method(make_either(), page_size=2))) == COUNT


# A list that AWS cuts short, and gives no way to go on with.


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_truncated_list_says_so(aws: Emulator, make_either: Make, service: str) -> None:
    known = prepare(aws)
    aws.add_stack("orders", repository="acme/infra")
    client = make_either(**client_argument_of(service))
    definitions = client.codeconnections.list_repository_sync_definitions(known.link)
    assert [definition.target for definition in definitions] == ["payments-prod", "orders"]
    aws.page_size = 1
    with pytest.warns(TruncatedListWarning, match="lists no more than 1"):
        assert [definition.target for definition in definitions] == ["payments-prod"]
    (page,) = definitions.pages()
    assert page.is_truncated
    assert page.next_token, "what AWS said is there to be seen"
    (enough,) = client.codeconnections.list_repository_sync_definitions(known.link, limit=1)
    assert enough.target == "payments-prod"


# By hand.


def listed(items: int, token: str | None = None) -> Workspaces:
    return Workspaces(items=tuple(Workspace(workspace_id=f"w{each}") for each in range(items)), next_token=token)


def workspaces(**options: Any) -> Pages[Workspace]:
    return Pages(Call("iottwinmaker", "ListWorkspaces", {}, Workspaces), "nextToken", "maxResults", **options)


def test_a_token_that_leads_nowhere_is_no_answer() -> None:
    with pytest.raises(ResponseError, match="the page's token is the one that it was asked for with"):
        drive(workspaces().collect(), [listed(1, "again"), listed(1, "again")])


def test_an_empty_page_and_an_empty_token() -> None:
    assert len(drive(workspaces().collect(), [listed(0, "a"), listed(2, "b"), listed(1, "")])) == 3


def test_more_than_was_asked_for_is_cut_and_not_resumed_behind() -> None:
    pages = [listed(3, "a")]

    def run(flow: Any) -> Any:
        return drive(flow, pages)

    (page,) = Pager(workspaces(limit=2), run).pages()
    assert (len(page), page.next_token) == (2, None)


def test_an_item_that_no_reference_can_name_is_an_unreadable_answer(aws: Emulator, client: Unisync) -> None:
    pages = client._services.twinmaker.list_sync_jobs("factory")
    answer = SyncJobs.model_validate({"syncJobSummaries": [{"syncSource": "a/b"}]})
    with pytest.raises(ResponseError, match="sync_source: expected a name without spaces"):
        drive(pages.collect(), [answer])


def test_a_listing_says_what_it_lists(client: Unisync) -> None:
    assert repr(client.twinmaker.list_sync_jobs("factory")) == "<Pager iottwinmaker ListSyncJobs>"
    assert repr(AsyncUnisync().twinmaker.list_sync_jobs("x")) == "<AsyncPager iottwinmaker ListSyncJobs>"


def test_what_aws_adds_to_a_page_is_kept_with_it() -> None:
    answer = Workspaces.model_validate({"workspaceSummaries": [], "total": 5})
    (page,) = Pager(workspaces(), lambda flow: drive(flow, [answer])).pages()
    assert page == Page((), None, extra={"total": 5})


@given(
    total=st.integers(0, 30),
    page_size=st.none() | st.integers(1, 12),
    limit=st.none() | st.integers(0, 35),
    served=st.integers(1, 12),
    start=st.integers(0, 10),
)
def test_any_listing_gives_what_there_is_up_to_its_limit(
    total: int, page_size: int | None, limit: int | None, served: int, start: int
) -> None:
    """Against a service that gives as many as it likes, and no more than it is asked for."""
    everything = [Workspace(workspace_id=f"w{number}") for number in range(total)]
    asked: list[int] = []

    def run(flow: Any) -> Any:
        call = next(flow)
        at, size = int(call.params.get("nextToken", 0)), call.params.get("maxResults", served)
        asked.append(size)
        until = at + min(size, served)
        answer = Workspaces(items=tuple(everything[at:until]), next_token=str(until) if until < total else None)
        try:
            flow.send(answer)
        except StopIteration as stop:
            return stop.value

    token = str(start) if 0 < start < total else None
    begins = int(token or 0)
    expected = everything[begins:][:limit]
    options = {"page_size": page_size, "limit": limit, "next_token": token}
    assert list(Pager(workspaces(**options), run)) == expected
    assert all(size <= (page_size or max(served, PAGE_SIZE)) for size in asked)
    assert len(asked) <= math.ceil(total / min(served, page_size or served)) + 1

    tokens = [page.next_token for page in Pager(workspaces(**options), run).pages()]
    if tokens and tokens[-1] is not None:
        rest = list(Pager(workspaces(next_token=tokens[-1]), run))
        assert expected + rest == everything[begins:]


def test_every_list_of_the_family_can_be_limited() -> None:
    for service, operations in OPERATIONS.items():
        for name, operation in operations.items():
            assert is_list(operation.use(operations_of(service), Known())) == operation.is_list, name
