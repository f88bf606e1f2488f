"""Lists: their pages, fetched one by one as they are needed, from the start or from a token."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar, cast

from typing_extensions import override

from unisync._core.flow import Call, Flow, request
from unisync._models.dumping import Dumpable
from unisync.errors import InvalidArgumentError, ResponseError

DEFAULT_PAGE_SIZE = 100
"""The page size where there is a limit and no `page_size`: every operation accepts it."""

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)


class PageEnvelope(Protocol[T_co]):
    """A response that is a page."""

    @property
    def items(self) -> tuple[T_co, ...]:
        """What it lists."""
        ...

    @property
    def next_token(self) -> str | None:
        """The token of the next page."""
        ...

    @property
    def model_extra(self) -> dict[str, Any] | None:
        """Fields that no model has."""
        ...


@dataclass(frozen=True)
class Page(Dumpable, Generic[T_co]):
    """A part of a list, as AWS returned it in one response."""

    items: tuple[T_co, ...]
    """The items of this page."""
    next_token: str | None
    """Pass it as `next_token` to list the rest, now or later and elsewhere. None on the last page, and where AWS
    returned more items than `limit` allows. No operation accepts the token of a page that `is_truncated`."""
    is_truncated: bool = False
    """Whether there are more items that cannot be listed, since AWS's operation accepts no token."""
    extra: Mapping[str, object] = field(default_factory=dict[str, object])
    """Fields of the response that no model has."""

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class TruncatedListWarning(UserWarning):
    """AWS left out a part of a list, and its operation accepts no token to ask for that part."""


@dataclass(frozen=True)
class PageRequest(Generic[T_co]):
    """How to request the pages of a list."""

    call: Call[Any]
    """The call, without token and page size. Its response is a `PageEnvelope`."""
    token_field: str | None
    """The parameter that takes the token; None if there is none."""
    size_field: str | None
    """The parameter that takes the page size; None if there is none."""
    page_size: int | None = None
    limit: int | None = None
    next_token: str | None = None
    item: Callable[[Any], T_co] | None = None
    """Converts each item of the response."""

    def __post_init__(self) -> None:
        expect = InvalidArgumentError.unless
        expect(_is_count(self.page_size, 1), "page_size", "1 or more", self.page_size)
        expect(_is_count(self.limit, 0), "limit", "0 or more", self.limit)
        token = cast("object", self.next_token)
        is_token = token is None or (isinstance(token, str) and bool(token))
        expect(is_token, "next_token", "the token of a page, or None for the first page", token)

    def mapped(self: PageRequest[T], item: Callable[[T], U]) -> PageRequest[U]:
        """The same list, each item converted."""
        return replace(cast("Any", self), item=item)

    def cursor(self) -> PageCursor[T_co]:
        """A new cursor at the start of the list."""
        return PageCursor(self)

    def collect(self) -> Flow[list[T_co]]:
        """Fetch all items."""
        cursor = self.cursor()
        items: list[T_co] = []
        while cursor.has_next:
            items += (yield from cursor.next_page()).items
        return items


def _is_count(value: object, minimum: int) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= minimum)


class PageCursor(Generic[T]):
    """A position in a list."""

    def __init__(self, pages: PageRequest[T]) -> None:
        self._pages = pages
        self._token: str | None = pages.next_token
        self._remaining = pages.limit
        self.has_next: bool = self._remaining != 0
        """Whether there is another page to fetch."""

    def next_page(self) -> Flow[Page[T]]:
        """Fetch the next page."""
        pages = self._pages
        params = dict(pages.call.params)
        if pages.token_field and self._token:
            params[pages.token_field] = self._token
        # A page that ends where the limit does has a token with which the list goes on right after it.
        size = pages.page_size
        if self._remaining is not None:
            size = min(pages.page_size or DEFAULT_PAGE_SIZE, self._remaining)
        if pages.size_field and size is not None:
            params[pages.size_field] = size
        return self._read((yield from request(pages.call._replace(params=params))))

    def _read(self, envelope: PageEnvelope[T]) -> Page[T]:
        items = envelope.items[: self._remaining]
        if self._pages.item is not None:
            try:
                items = tuple(map(self._pages.item, items))
            except InvalidArgumentError as error:
                raise self._response_error(str(error)) from error
        token = envelope.next_token or None
        if token is not None and token == self._token:
            raise self._response_error("the page's token is the one it was requested with")
        truncated = token is not None and self._pages.token_field is None
        if self._remaining is not None:
            self._remaining -= len(items)
        self._token = token
        self.has_next = token is not None and not truncated and self._remaining != 0
        # Where items were cut off, AWS's token would skip them.
        is_whole = len(items) == len(envelope.items)
        return Page(items, token if is_whole else None, truncated, dict(envelope.model_extra or {}))

    def _response_error(self, reason: str) -> ResponseError:
        call = self._pages.call
        return ResponseError(call.service, call.operation, reason, status_code=None, request_id=None)


class Pager(Iterable[T_co]):
    """A list to iterate over. Each page is fetched when the iteration reaches it; each iteration starts anew."""

    def __init__(self, pages: PageRequest[T_co], run: Callable[[Flow[Any]], Any]) -> None:
        self._pages = pages
        self._run = run

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pages.call.service} {self._pages.call.operation}>"

    def pages(self) -> Iterator[Page[T_co]]:
        """Iterate page by page; each has the token with which to list the rest."""
        cursor = self._pages.cursor()
        while cursor.has_next:
            page: Page[T_co] = self._run(cursor.next_page())
            yield page

    @override
    def __iter__(self) -> Iterator[T_co]:
        for page in self.pages():
            yield from page
            _warn_if_truncated(page, self._pages)


class AsyncPager(AsyncIterable[T_co]):
    """A list to iterate over with `async for`. Each page is fetched when the iteration reaches it.

    Each iteration starts anew.
    """

    def __init__(self, pages: PageRequest[T_co], arun: Callable[[Flow[Any]], Coroutine[Any, Any, Any]]) -> None:
        self._pages = pages
        self._arun = arun

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pages.call.service} {self._pages.call.operation}>"

    async def pages(self) -> AsyncIterator[Page[T_co]]:
        """Iterate page by page; each has the token with which to list the rest."""
        cursor = self._pages.cursor()
        while cursor.has_next:
            page: Page[T_co] = await self._arun(cursor.next_page())
            yield page

    @override
    async def __aiter__(self) -> AsyncIterator[T_co]:
        async for page in self.pages():
            for item in page:
                yield item
            _warn_if_truncated(page, self._pages)


def _warn_if_truncated(page: Page[Any], pages: PageRequest[Any]) -> None:
    if page.is_truncated and len(page) != pages.limit:
        message = f"{pages.call.operation}: AWS lists only {len(page)} items and accepts no token for the rest"
        warnings.warn(message, TruncatedListWarning, stacklevel=3)
