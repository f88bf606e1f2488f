"""Lists: all pages of them, fetched one by one as they are needed, from the start or from where another left off."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar, cast

from typing_extensions import override

from unisync._core.flow import Call, Flow, ask
from unisync.errors import InvalidRequestError, ResponseError

PAGE_SIZE = 100
"""The size of a page where there is a limit and no `page_size`: what every operation takes."""

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)


class PageReply(Protocol[T_co]):
    """An answer that is a page."""

    @property
    def items(self) -> tuple[T_co, ...]:
        """What is listed."""
        ...

    @property
    def next_token(self) -> str | None:
        """What to ask for the next page with."""
        ...

    @property
    def model_extra(self) -> dict[str, Any] | None:
        """What else AWS said."""
        ...


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """A part of a list, as AWS gave it in one answer."""

    items: tuple[T_co, ...]
    next_token: str | None
    """What the rest is listed with, now or later and elsewhere: the argument `next_token`. None on the last page, and
    where AWS gave more than the limit has room for. Of a page that `is_truncated`, nothing takes it."""
    is_truncated: bool = False
    """Whether there is more that cannot be had: AWS's operation takes no token."""
    extra: Mapping[str, object] = field(default_factory=dict[str, object])
    """Members of the answer that no model has."""

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class TruncatedListWarning(UserWarning):
    """AWS held back a part of a list, and its operation takes no token to ask for that part with."""


@dataclass(frozen=True)
class Pages(Generic[T_co]):
    """What a list is asked for with."""

    call: Call[Any]
    """The call, without token and size. Its answer is a `PageReply`."""
    token_member: str | None
    """The parameter that takes the token; None if there is none."""
    size_member: str | None
    """The parameter that takes the size of a page; None if there is none."""
    page_size: int | None = None
    limit: int | None = None
    next_token: str | None = None
    item: Callable[[Any], T_co] | None = None
    """What becomes of each item of the answer."""

    def __post_init__(self) -> None:
        self._expect("page_size", "1 or more", self.page_size, least=1)
        self._expect("limit", "0 or more", self.limit, least=0)
        if self.next_token is not None and not (isinstance(cast("object", self.next_token), str) and self.next_token):
            raise self._refusal("next_token", "the token of a page, or None for the first page", self.next_token)

    def _expect(self, name: str, expected: str, value: object, *, least: int) -> None:
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= least):
            return
        raise self._refusal(name, expected, value)

    def _refusal(self, name: str, expected: str, value: object) -> InvalidRequestError:
        message = f"{name}: expected {expected}, got {value!r}"
        return InvalidRequestError.before_sending(message, self.call.operation, self.call.service)

    def mapped(self: Pages[T], item: Callable[[T], U]) -> Pages[U]:
        """The same list, of what becomes of each item."""
        return replace(cast("Any", self), item=item)

    def walk(self) -> Walk[T_co]:
        """The list, to be fetched page by page."""
        return Walk(self)

    def collect(self) -> Flow[list[T_co]]:
        """All that is listed."""
        walk = self.walk()
        items: list[T_co] = []
        while walk.goes_on:
            items += (yield from walk.next_page()).items
        return items


class Walk(Generic[T]):
    """A list, page by page, as far as it has come."""

    def __init__(self, pages: Pages[T]) -> None:
        self._pages = pages
        self._token: str | None = pages.next_token
        self._left = pages.limit
        self.goes_on: bool = self._left != 0
        """Whether there is another page to fetch."""

    def next_page(self) -> Flow[Page[T]]:
        """Fetch the next page."""
        asked = self._pages
        params = dict(asked.call.params)
        if asked.token_member and self._token:
            params[asked.token_member] = self._token
        # A page that ends where the limit does has a token with which the list goes on right after it.
        size = asked.page_size if self._left is None else min(asked.page_size or PAGE_SIZE, self._left)
        if asked.size_member and size is not None:
            params[asked.size_member] = size
        return self._page((yield from ask(asked.call._replace(params=params))))

    def _page(self, reply: PageReply[T]) -> Page[T]:
        items = reply.items[: self._left]
        if self._pages.item is not None:
            try:
                items = tuple(map(self._pages.item, items))
            except InvalidRequestError as error:
                raise self._unreadable(error.message) from error
        token = reply.next_token or None
        if token is not None and token == self._token:
            raise self._unreadable("the page's token is the one that it was asked for with")
        truncated = token is not None and self._pages.token_member is None
        if self._left is not None:
            self._left -= len(items)
        self._token = token
        self.goes_on = token is not None and not truncated and self._left != 0
        # A token from behind what was cut off would skip it.
        return Page(items, token if len(items) == len(reply.items) else None, truncated, dict(reply.model_extra or {}))

    def _unreadable(self, reason: str) -> ResponseError:
        call = self._pages.call
        return ResponseError(call.service, call.operation, reason, status_code=None, request_id=None)


class Listing(Iterable[T_co]):
    """A list of AWS's, to iterate over: each page is fetched when it is reached.

    Each iteration starts anew.
    """

    def __init__(self, pages: Pages[T_co], run: Callable[[Flow[Any]], Any]) -> None:
        self._pages = pages
        self._run = run

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pages.call.service} {self._pages.call.operation}>"

    def pages(self) -> Iterator[Page[T_co]]:
        """The list page by page, each with the token that the rest is listed with."""
        walk = self._pages.walk()
        while walk.goes_on:
            page: Page[T_co] = self._run(walk.next_page())
            yield page

    @override
    def __iter__(self) -> Iterator[T_co]:
        for page in self.pages():
            yield from page
            _warn_if_truncated(page, self._pages)


class AsyncListing(AsyncIterable[T_co]):
    """A list of AWS's, to iterate over with `async for`: each page is fetched when it is reached.

    Each iteration starts anew.
    """

    def __init__(self, pages: Pages[T_co], arun: Callable[[Flow[Any]], Coroutine[Any, Any, Any]]) -> None:
        self._pages = pages
        self._arun = arun

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pages.call.service} {self._pages.call.operation}>"

    async def pages(self) -> AsyncIterator[Page[T_co]]:
        """The list page by page, each with the token that the rest is listed with."""
        walk = self._pages.walk()
        while walk.goes_on:
            page: Page[T_co] = await self._arun(walk.next_page())
            yield page

    @override
    async def __aiter__(self) -> AsyncIterator[T_co]:
        async for page in self.pages():
            for item in page:
                yield item
            _warn_if_truncated(page, self._pages)


def _warn_if_truncated(page: Page[Any], pages: Pages[Any]) -> None:
    if page.is_truncated and len(page) != pages.limit:
        message = f"{pages.call.operation}: AWS lists no more than {len(page)}, and takes no token for the rest"
        warnings.warn(message, TruncatedListWarning, stacklevel=3)
