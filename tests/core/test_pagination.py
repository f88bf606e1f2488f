"""Lists: pages that are fetched as they are needed, up to a limit, and from a token on."""

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
    InvalidArgumentError,
    InvalidRequestError,
    ResponseError,
    TruncatedListWarning,
    Unisync,
)
from unisync._core.flow import Call
from unisync._core.pagination import DEFAULT_PAGE_SIZE, Page, Pager, PageRequest
from unisync._models.envelopes import Workspace, WorkspacesPage
from unisync._models.resources import SyncJobsPage
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
    """Calls a list method of a client."""

    def __call__(self, client: Any, **options: Any) -> Any: ...


def fill(aws: Emulator, service: str, name: str) -> Method:
    """Create five items for an operation to list, and nothing else."""
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
    if name == "ListConnections":
        for number in range(COUNT):
            aws.add_connection(name=f"github-{number}")
        return lambda client, **options: client.codeconnections.list_connections(**options)
    assert name == "ListSyncConfigurations"
    for number in range(COUNT):
        aws.add_stack(f"stack-{number}", repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    return lambda client, **options: client.codeconnections.list_sync_configurations(link, **options)


ROLE = "arn:aws:iam::123456789012:role/sync"


@pytest.mark.parametrize(("service", "name"), RESUMABLE)
def test_each_list_has_pages_a_limit_and_a_token(aws: Emulator, make_either: Make, service: str, name: str) -> None:
    method = fill(aws, service, name)
    client = make_either(**client_argument_of(service))

    def calls() -> int:
        return sum(call.operation == name for call in aws.calls)

    everything = list(method(client))
    assert len(everything) == COUNT
    assert calls() == 1

    pages = list(method(client, page_size=2).pages())
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [item for page in pages for item in page] == everything
    assert pages[-1].next_token is None
    assert not any(page.is_truncated for page in pages)
    assert calls() == 4

    assert list(method(client, page_size=2, limit=3)) == everything[:3]
    assert calls() == 6
    (limited,) = method(client, limit=3).pages()
    assert list(method(client, next_token=limited.next_token)) == everything[3:]
    assert list(method(client, page_size=1, next_token=pages[0].next_token)) == everything[2:]
    assert list(method(client, limit=0)) == []
    assert list(method(client, limit=999)) == everything


@pytest.mark.parametrize(("service", "name"), RESUMABLE)
def test_each_list_rejects_bad_arguments(aws: Emulator, service: str, name: str) -> None:
    method = fill(aws, service, name)
    options: dict[str, Any] = {**aws.client_options(), **client_argument_of(service)}
    with Unisync(**options) as client:
        before = len(aws.calls)
        for wrong in ({"page_size": 0}, {"page_size": -1}, {"limit": -1}, {"page_size": "5"}, {"limit": True}):
            with pytest.raises(InvalidArgumentError, match=f"^{next(iter(wrong))}: expected . or more, got "):
                method(client, **wrong)
        no_tokens: list[Any] = ["", b"", 0, False, [], {}]
        for token in no_tokens:
            with pytest.raises(InvalidArgumentError, match=r"^next_token: expected the token of a page, or None"):
                method(client, next_token=token)
        with pytest.raises(InvalidArgumentError, match=rf"^{service} {name}: page_size: expected .*, got 201"):
            list(method(client, page_size=201))
        assert len(aws.calls) == before
        with pytest.raises(InvalidRequestError):
            list(method(client, next_token="bm9uc2Vuc2U="))


def test_pages_are_fetched_as_they_are_needed(aws: Emulator, client: Unisync) -> None:
    method = fill(aws, "proton", "ListRepositories")
    pager: Pager[Any] = method(client, page_size=2)
    assert aws.calls == []
    first = next(iter(pager))
    assert (first.full_name, len(aws.calls)) == ("acme/web-0", 1)
    assert len(list(pager)) == COUNT, "each iteration starts anew"


def test_a_list_can_be_resumed_after_a_page_that_failed(aws: Emulator, make_either: Make) -> None:
    method = fill(aws, "proton", "ListRepositories")
    client = make_either()
    pages = iter(method(client, page_size=2).pages())
    first = next(pages)
    aws.fault("ListRepositories", "AccessDeniedException")
    with pytest.raises(AccessDeniedError):
        next(pages)
    assert len(list(method(client, next_token=first.next_token))) == 3


def test_a_throttled_page_is_retried(aws: Emulator, make_either: Make) -> None:
    method = fill(aws, "proton", "ListRepositories")
    aws.fault("ListRepositories", "ThrottlingException", times=2)
    assert len(list(method(make_either(), page_size=2))) == COUNT


# A list that AWS truncates without accepting a token.


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_truncated_list_warns(aws: Emulator, make_either: Make, service: str) -> None:
    known = prepare(aws)
    aws.add_stack("orders", repository="acme/infra")
    client = make_either(**client_argument_of(service))
    definitions = client.codeconnections.list_repository_sync_definitions(known.link)
    assert [definition.target for definition in definitions] == ["payments-prod", "orders"]
    aws.page_size = 1
    with pytest.warns(TruncatedListWarning, match="lists only 1 items and accepts no token"):
        assert [definition.target for definition in definitions] == ["payments-prod"]
    (page,) = definitions.pages()
    assert page.is_truncated
    assert page.next_token, "AWS returned one all the same"
    (enough,) = client.codeconnections.list_repository_sync_definitions(known.link, limit=1)
    assert enough.target == "payments-prod"


# Driven by hand.


def response(items: int, token: str | None = None) -> Any:
    return WorkspacesPage(items=tuple(Workspace(workspace_id=f"w{each}") for each in range(items)), next_token=token)


def workspaces(**options: Any) -> PageRequest[Workspace]:
    return PageRequest(Call("iottwinmaker", "ListWorkspaces", {}, WorkspacesPage), "nextToken", "maxResults", **options)


def test_a_token_that_repeats_is_an_unreadable_response() -> None:
    with pytest.raises(ResponseError, match="the page's token is the one it was requested with"):
        drive(workspaces().collect(), [response(1, "again"), response(1, "again")])


def test_an_empty_page_is_not_the_last_but_an_empty_token_is() -> None:
    assert len(drive(workspaces().collect(), [response(0, "a"), response(2, "b"), response(1, "")])) == 3


def test_a_page_above_the_limit_is_cut_and_has_no_token() -> None:
    pages = [response(3, "a")]

    def run(flow: Any) -> Any:
        return drive(flow, pages)

    (page,) = Pager(workspaces(limit=2), run).pages()
    assert (len(page), page.next_token) == (2, None)


def test_an_item_with_a_bad_name_is_an_unreadable_response(client: Unisync) -> None:
    pages = client._settings.services.twinmaker.list_sync_jobs("factory")
    envelope = SyncJobsPage.model_validate({"syncJobSummaries": [{"syncSource": "a/b"}]})
    with pytest.raises(ResponseError, match="sync_source: expected a name without spaces"):
        drive(pages.collect(), [envelope])


def test_a_pager_shows_its_operation(client: Unisync) -> None:
    assert repr(client.twinmaker.list_sync_jobs("factory")) == "<Pager iottwinmaker ListSyncJobs>"
    assert repr(AsyncUnisync().twinmaker.list_sync_jobs("x")) == "<AsyncPager iottwinmaker ListSyncJobs>"


def test_new_fields_of_a_page_are_kept() -> None:
    envelope = WorkspacesPage.model_validate({"workspaceSummaries": [], "total": 5})
    (page,) = Pager(workspaces(), lambda flow: drive(flow, [envelope])).pages()
    assert page == Page((), None, extra={"total": 5})


@given(
    total=st.integers(0, 30),
    page_size=st.none() | st.integers(1, 12),
    limit=st.none() | st.integers(0, 35),
    served=st.integers(1, 12),
    start=st.integers(0, 10),
)
def test_any_list_returns_all_items_up_to_its_limit(
    total: int, page_size: int | None, limit: int | None, served: int, start: int
) -> None:
    """From a service whose pages are as long as it likes, but not longer than requested."""
    everything = [Workspace(workspace_id=f"w{number}") for number in range(total)]
    sizes: list[int] = []

    def run(flow: Any) -> Any:
        call = next(flow)
        at, size = int(call.params.get("nextToken", 0)), call.params.get("maxResults", served)
        sizes.append(size)
        until = at + min(size, served)
        envelope = WorkspacesPage(items=tuple(everything[at:until]), next_token=str(until) if until < total else None)
        try:
            flow.send(envelope)
        except StopIteration as stop:
            return stop.value

    token = str(start) if 0 < start < total else None
    first = int(token or 0)
    expected = everything[first:][:limit]
    options = {"page_size": page_size, "limit": limit, "next_token": token}
    assert list(Pager(workspaces(**options), run)) == expected
    assert all(size <= (page_size or max(served, DEFAULT_PAGE_SIZE)) for size in sizes)
    assert len(sizes) <= math.ceil(total / min(served, page_size or served)) + 1

    tokens = [page.next_token for page in Pager(workspaces(**options), run).pages()]
    if tokens and tokens[-1] is not None:
        rest = list(Pager(workspaces(next_token=tokens[-1]), run))
        assert expected + rest == everything[first:]


def test_every_list_operation_is_known_as_one() -> None:
    for service, operations in OPERATIONS.items():
        for name, operation in operations.items():
            assert is_list(operation.use(operations_of(service), Known())) == operation.is_list, name
