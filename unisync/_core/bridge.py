"""A verb: a method written once, as a flow, that blocks on one client and is awaited on the other."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import cached_property, wraps
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload

from unisync._core.flow import Flow, Together

if TYPE_CHECKING:
    from unisync._core.pagination import AsyncListing, Listing, Pages

P = ParamSpec("P")
T = TypeVar("T")


class Verbs:
    """A class that has verbs. Called on an instance of it, a verb gives its flow, for another flow to use."""

    @property
    def _flows(self) -> Self:
        """The instance that a verb's own code sees, so that the verbs it uses give it flows."""
        return self


class BlockingVerbs(Verbs):
    """Called on an instance of a class that has this base, a verb does what it says and returns what came of it."""

    def _run(self, flow: Flow[T]) -> T:
        raise NotImplementedError

    def _stream(self, together: Together[T]) -> Iterator[T]:
        raise NotImplementedError


class AwaitableVerbs(Verbs):
    """Called on an instance of a class that has this base, a verb gives a coroutine that does the same."""

    async def _arun(self, flow: Flow[T]) -> T:
        raise NotImplementedError

    def _astream(self, together: Together[T]) -> AsyncIterator[T]:
        raise NotImplementedError


class BlockingOperations(BlockingVerbs):
    """The operations of one service, on the blocking client."""

    def __init__(self, flows: Verbs, run: Callable[[Flow[Any]], Any]) -> None:
        self.__flows = flows
        self.__run = run

    @property
    def _flows(self) -> Self:
        return cast("Self", self.__flows)

    def _run(self, flow: Flow[T]) -> T:
        return cast("T", self.__run(flow))


class AwaitableOperations(AwaitableVerbs):
    """The operations of one service, on the awaitable client."""

    def __init__(self, flows: Verbs, arun: Callable[[Flow[Any]], Coroutine[Any, Any, Any]]) -> None:
        self.__flows = flows
        self.__arun = arun

    @property
    def _flows(self) -> Self:
        return cast("Self", self.__flows)

    async def _arun(self, flow: Flow[T]) -> T:
        return cast("T", await self.__arun(flow))


V = TypeVar("V", bound=Verbs)


class verb(Generic[V, P, T]):  # noqa: N801  # a decorator
    """Makes a verb of a generator method. Its signature and its docstring serve both clients.

    A coroutine is typed with `object` where `Any` is usual: with `Any`, mypy gives up on `asyncio.gather`.
    """

    def __init__(self, function: Callable[Concatenate[V, P], Flow[T]]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: BlockingVerbs, owner: type[object]) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: AwaitableVerbs, owner: type[object]) -> Callable[P, Coroutine[object, object, T]]: ...
    @overload
    def __get__(self, instance: Verbs, owner: type[object]) -> Callable[P, Flow[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[BlockingVerbs]) -> Callable[Concatenate[V, P], T]: ...
    @overload
    def __get__(
        self, instance: None, owner: type[AwaitableVerbs]
    ) -> Callable[Concatenate[V, P], Coroutine[object, object, T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[Verbs]) -> Callable[Concatenate[V, P], Flow[T]]: ...
    def __get__(self, instance: Verbs | None, owner: type[object]) -> Callable[..., object]:
        if issubclass(owner, BlockingVerbs):
            function: Callable[..., object] = self._blocking
        elif issubclass(owner, AwaitableVerbs):
            function = self._awaitable
        else:
            function = self._flow
        return function if instance is None else MethodType(function, instance)

    # Made when they are first asked for: a program uses few of the verbs.

    @cached_property
    def _flow(self) -> Callable[..., Flow[T]]:
        function = self._function

        @wraps(function)
        def flow(self: V, *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
            return function(self._flows, *args, **kwargs)  # pyright: ignore[reportPrivateUsage]

        return flow

    @cached_property
    def _blocking(self) -> Callable[..., T]:
        flow = self._flow

        @wraps(self._function)
        def blocking(self: V, *args: P.args, **kwargs: P.kwargs) -> T:
            client = cast("BlockingVerbs", self)
            return client._run(flow(self, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]

        return _returning(blocking, "Flow[", "")

    @cached_property
    def _awaitable(self) -> Callable[..., Coroutine[object, object, T]]:
        flow = self._flow

        @wraps(self._function)
        async def awaitable(self: V, *args: P.args, **kwargs: P.kwargs) -> T:
            client = cast("AwaitableVerbs", self)
            return await client._arun(flow(self, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]

        return _returning(awaitable, "Flow[", "")


class listing(Generic[V, P, T]):  # noqa: N801  # a decorator
    """Makes a list, that is iterated over on either client, of a method that says what its pages are asked for with."""

    def __init__(self, function: Callable[Concatenate[V, P], Pages[T]]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: BlockingVerbs, owner: type[object]) -> Callable[P, Listing[T]]: ...
    @overload
    def __get__(self, instance: AwaitableVerbs, owner: type[object]) -> Callable[P, AsyncListing[T]]: ...
    @overload
    def __get__(self, instance: Verbs, owner: type[object]) -> Callable[P, Pages[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[BlockingVerbs]) -> Callable[Concatenate[V, P], Listing[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[AwaitableVerbs]) -> Callable[Concatenate[V, P], AsyncListing[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[Verbs]) -> Callable[Concatenate[V, P], Pages[T]]: ...
    def __get__(self, instance: Verbs | None, owner: type[object]) -> Callable[..., object]:
        if issubclass(owner, BlockingVerbs):
            function: Callable[..., object] = self._blocking
        elif issubclass(owner, AwaitableVerbs):
            function = self._awaitable
        else:
            function = self._function
        return function if instance is None else MethodType(function, instance)

    @cached_property
    def _blocking(self) -> Callable[..., Listing[T]]:
        from unisync._core.pagination import Listing

        @wraps(function := self._function)
        def blocking(self: V, *args: P.args, **kwargs: P.kwargs) -> Listing[T]:
            client = cast("BlockingVerbs", self)
            return Listing(function(self._flows, *args, **kwargs), client._run)  # pyright: ignore[reportPrivateUsage]

        return _returning(blocking, "lists.Pages[", "lists.Listing[")

    @cached_property
    def _awaitable(self) -> Callable[..., AsyncListing[T]]:
        from unisync._core.pagination import AsyncListing

        @wraps(function := self._function)
        def awaitable(self: V, *args: P.args, **kwargs: P.kwargs) -> AsyncListing[T]:
            client = cast("AwaitableVerbs", self)
            return AsyncListing(function(self._flows, *args, **kwargs), client._arun)  # pyright: ignore[reportPrivateUsage]

        return _returning(awaitable, "lists.Pages[", "lists.AsyncListing[")


class stream(Generic[V, P, T]):  # noqa: N801  # a decorator
    """Makes what a method's flows tell, as they run together, something to iterate over on either client."""

    def __init__(self, function: Callable[Concatenate[V, P], Together[T]]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: BlockingVerbs, owner: type[object]) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, instance: AwaitableVerbs, owner: type[object]) -> Callable[P, AsyncIterator[T]]: ...
    @overload
    def __get__(self, instance: Verbs, owner: type[object]) -> Callable[P, Together[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[BlockingVerbs]) -> Callable[Concatenate[V, P], Iterator[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[AwaitableVerbs]) -> Callable[Concatenate[V, P], AsyncIterator[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[Verbs]) -> Callable[Concatenate[V, P], Together[T]]: ...
    def __get__(self, instance: Verbs | None, owner: type[object]) -> Callable[..., object]:
        if issubclass(owner, BlockingVerbs):
            function: Callable[..., object] = self._blocking
        elif issubclass(owner, AwaitableVerbs):
            function = self._awaitable
        else:
            function = self._function
        return function if instance is None else MethodType(function, instance)

    @cached_property
    def _blocking(self) -> Callable[..., Iterator[T]]:
        @wraps(function := self._function)
        def blocking(self: V, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
            client = cast("BlockingVerbs", self)
            return client._stream(function(self._flows, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]

        return _returning(blocking, "Together[", "Iterator[")

    @cached_property
    def _awaitable(self) -> Callable[..., AsyncIterator[T]]:
        @wraps(function := self._function)
        def awaitable(self: V, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
            client = cast("AwaitableVerbs", self)
            return client._astream(function(self._flows, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]

        return _returning(awaitable, "Together[", "AsyncIterator[")


F = TypeVar("F", bound=Callable[..., object])


def _returning(function: F, inner: str, outer: str) -> F:
    """The function, which says that it returns its flow's or its pages' own result, in `outer`."""
    signature = inspect.signature(function)
    result = outer + str(signature.return_annotation).removeprefix(inner)
    result = result if outer else result.removesuffix("]")
    function.__dict__["__signature__"] = signature.replace(return_annotation=result)
    # Those of the flow that it wraps are another function's.
    function.__annotations__ = {**function.__annotations__, "return": result}
    return function
