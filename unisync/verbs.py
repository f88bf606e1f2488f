"""A verb: a method written once, as a flow, that blocks on one client and is awaited on the other."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import wraps
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload

from unisync.flow import Flow

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


class AwaitableVerbs(Verbs):
    """Called on an instance of a class that has this base, a verb gives a coroutine that does the same."""

    async def _arun(self, flow: Flow[T]) -> T:
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
        @wraps(function)
        def flow(self: V, *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
            return function(self._flows, *args, **kwargs)  # pyright: ignore[reportPrivateUsage]

        @wraps(function)
        def blocking(self: V, *args: P.args, **kwargs: P.kwargs) -> T:
            client = cast("BlockingVerbs", self)
            return client._run(flow(self, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]

        @wraps(function)
        async def awaitable(self: V, *args: P.args, **kwargs: P.kwargs) -> T:
            client = cast("AwaitableVerbs", self)
            return await client._arun(flow(self, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]

        signature = inspect.signature(function)
        result = str(signature.return_annotation).removeprefix("Flow[").removesuffix("]")
        for function_ in (blocking, awaitable):
            function_.__dict__["__signature__"] = signature.replace(return_annotation=result)
        self._flow, self._blocking, self._awaitable = flow, blocking, awaitable

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
