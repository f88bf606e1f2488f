"""The bridge from flows to methods: a method is written once, and blocks on one client and is awaited on the other.

A class of methods derives from `MethodsBase`. Called there, an `@operation` returns its flow, for other flows to use;
in a subclass with `SyncBase` the same method runs the flow and returns its result, and in one with `AsyncBase` it
returns a coroutine. Signature and docstring stand once. `@paginated` and `@streamed` do the same for lists and for
iterators of what gathered flows emit. `RawSyncBase` and `RawAsyncBase` give forms that return AWS's response as well.

`@write_operation` is an `@operation` that changes something. It adds the argument `dry_run` to the method: if it is
True, the first call of the flow is validated, not sent, and returned as a `DryRun`.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import cached_property, wraps
from types import MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    cast,
    overload,
)

from unisync._core.commands import Flow, Gather
from unisync._core.dry_run import checked_dry_run, planned
from unisync._core.pagination import AsyncPager, Page, Pager, PageRequest
from unisync._models.dry_run import DryRun
from unisync._models.raw_result import RawResult

P = ParamSpec("P")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)
D_co = TypeVar("D_co", covariant=True)


class MethodsBase:
    """A class whose methods are flows."""

    @property
    def _flows(self) -> Self:
        """The `self` that a method's own code sees: calling other methods on it returns flows."""
        return self


class SyncBase(MethodsBase):
    """A class whose methods block."""

    def _run(self, flow: Flow[T]) -> T:
        raise NotImplementedError

    def _stream(self, command: Gather[T]) -> Iterator[T]:
        raise NotImplementedError


class AsyncBase(MethodsBase):
    """A class whose methods are awaited."""

    async def _arun(self, flow: Flow[T]) -> T:
        raise NotImplementedError

    def _astream(self, command: Gather[T]) -> AsyncIterator[T]:
        raise NotImplementedError


class RawSyncBase(MethodsBase):
    """A class whose methods block, and return their result with AWS's response."""

    def _run(self, flow: Flow[T]) -> RawResult[T] | T:
        raise NotImplementedError


class RawAsyncBase(MethodsBase):
    """The same, awaited."""

    async def _arun(self, flow: Flow[T]) -> RawResult[T] | T:
        raise NotImplementedError


class _Operations(MethodsBase):
    """The operations of one service, over the flows of another instance."""

    def __init__(self, flows: MethodsBase, run: Callable[[Flow[Any]], Any]) -> None:
        self.__flows = flows
        self._run_flow = run

    @property
    def _flows(self) -> Self:
        return cast("Self", self.__flows)


class SyncOperations(_Operations, SyncBase):
    """The blocking operations of one service."""

    def _run(self, flow: Flow[T]) -> T:
        return cast("T", self._run_flow(flow))


class AsyncOperations(_Operations, AsyncBase):
    """The awaited operations of one service."""

    async def _arun(self, flow: Flow[T]) -> T:
        return cast("T", await self._run_flow(flow))


class RawSyncOperations(_Operations, RawSyncBase):
    """The blocking operations of one service, with AWS's responses."""

    def _run(self, flow: Flow[T]) -> RawResult[T] | T:
        return cast("RawResult[T] | T", self._run_flow(flow))


class RawAsyncOperations(_Operations, RawAsyncBase):
    """The awaited operations of one service, with AWS's responses."""

    async def _arun(self, flow: Flow[T]) -> RawResult[T] | T:
        return cast("RawResult[T] | T", await self._run_flow(flow))


M = TypeVar("M", bound=MethodsBase)
F = TypeVar("F", bound=Callable[..., object])


class _Bridge(Generic[M, P, T]):
    """A method that depends on the class it is called on. Each form is made when it is first needed."""

    inner: ClassVar[str]
    """The return annotation of the function, up to its type argument."""
    sync_outer: ClassVar[Any] = None
    async_outer: ClassVar[Any] = None
    """The generic type that the blocking and the awaited form return instead; None for the type argument alone."""
    raw_sync_outer: ClassVar[Any] = RawResult
    raw_async_outer: ClassVar[Any] = RawResult
    """The same for the forms that return AWS's response as well."""

    def __init__(self, function: Callable[Concatenate[M, P], Any]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def _bind(self, instance: MethodsBase | None, owner: type[object]) -> Callable[..., Any]:
        if issubclass(owner, SyncBase):
            function = self._sync
        elif issubclass(owner, AsyncBase):
            function = self._async
        elif issubclass(owner, RawSyncBase):
            function = self._raw_sync
        elif issubclass(owner, RawAsyncBase):
            function = self._raw_async
        else:
            function = self._flow
        return function if instance is None else MethodType(function, instance)

    @cached_property
    def _flow(self) -> Callable[..., Any]:
        function = self._function

        @wraps(function)
        def flow(self: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
            return function(self._flows, *args, **kwargs)

        return flow

    @cached_property
    def _sync(self) -> Callable[..., Any]:
        return _returning(self._make_sync(self._flow), self.inner, self.sync_outer)

    @cached_property
    def _async(self) -> Callable[..., Any]:
        return _returning(self._make_async(self._flow), self.inner, self.async_outer)

    @cached_property
    def _raw_sync(self) -> Callable[..., Any]:
        return _returning(self._make_raw_sync(self._flow), self.inner, self.raw_sync_outer)

    @cached_property
    def _raw_async(self) -> Callable[..., Any]:
        return _returning(self._make_raw_async(self._flow), self.inner, self.raw_async_outer)

    def _make_raw_sync(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        return self._make_sync(flow)

    def _make_raw_async(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        return self._make_async(flow)

    def _make_sync(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        raise NotImplementedError

    def _make_async(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        raise NotImplementedError


class _Method(_Bridge[M, P, T]):
    """What `operation` and `write_operation` have in common."""

    inner: ClassVar[str] = "Flow["

    def _make_sync(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(flow)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            return self._run(flow(self, *args, **kwargs))

        return method

    def _make_async(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(flow)
        async def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            return await self._arun(flow(self, *args, **kwargs))

        return method


class operation(_Method[M, P, T]):  # noqa: N801  # a decorator
    """Makes a method of a flow.

    A coroutine is typed with `object` where `Any` is usual: with `Any`, mypy gives up on `asyncio.gather`.
    """

    if TYPE_CHECKING:

        def __init__(self, function: Callable[Concatenate[M, P], Flow[T]]) -> None: ...

    @overload
    def __get__(self, instance: SyncBase, owner: type[object]) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: AsyncBase, owner: type[object]) -> Callable[P, Coroutine[object, object, T]]: ...
    @overload
    def __get__(self, instance: RawSyncBase, owner: type[object]) -> Callable[P, RawResult[T]]: ...
    @overload
    def __get__(
        self, instance: RawAsyncBase, owner: type[object]
    ) -> Callable[P, Coroutine[object, object, RawResult[T]]]: ...
    @overload
    def __get__(self, instance: MethodsBase, owner: type[object]) -> Callable[P, Flow[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[SyncBase]) -> Callable[Concatenate[M, P], T]: ...
    @overload
    def __get__(
        self, instance: None, owner: type[AsyncBase]
    ) -> Callable[Concatenate[M, P], Coroutine[object, object, T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[MethodsBase]) -> Callable[Concatenate[M, P], Flow[T]]: ...
    def __get__(self, instance: MethodsBase | None, owner: type[object]) -> Callable[..., object]:
        return self._bind(instance, owner)


class Write(Protocol[P, R_co, D_co]):
    """A method that changes something, or returns what it would send.

    A `ParamSpec` cannot be extended by a keyword argument. Type checkers therefore check the arguments of a call that
    passes no `dry_run`; those of a call that does are checked when it is made.
    """

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: object, dry_run: Literal[True], **kwargs: object) -> D_co: ...
    @overload
    def __call__(self, *args: object, dry_run: Literal[False], **kwargs: object) -> R_co: ...
    @overload
    def __call__(self, *args: object, dry_run: bool, **kwargs: object) -> R_co | D_co: ...


class write_operation(_Method[M, P, T]):  # noqa: N801  # a decorator
    """Makes a method of a flow whose first call changes something, and adds the argument `dry_run` to it."""

    if TYPE_CHECKING:

        def __init__(self, function: Callable[Concatenate[M, P], Flow[T]]) -> None: ...

    @overload
    def __get__(self, instance: SyncBase, owner: type[object]) -> Write[P, T, DryRun]: ...
    @overload
    def __get__(
        self, instance: AsyncBase, owner: type[object]
    ) -> Write[P, Coroutine[object, object, T], Coroutine[object, object, DryRun]]: ...
    @overload
    def __get__(self, instance: RawSyncBase, owner: type[object]) -> Write[P, RawResult[T], DryRun]: ...
    @overload
    def __get__(
        self, instance: RawAsyncBase, owner: type[object]
    ) -> Write[P, Coroutine[object, object, RawResult[T]], Coroutine[object, object, DryRun]]: ...
    @overload
    def __get__(self, instance: MethodsBase, owner: type[object]) -> Write[P, Flow[T], Flow[DryRun]]: ...
    @overload
    def __get__(self, instance: None, owner: type[SyncBase]) -> Write[Concatenate[M, P], T, DryRun]: ...
    @overload
    def __get__(
        self, instance: None, owner: type[AsyncBase]
    ) -> Write[Concatenate[M, P], Coroutine[object, object, T], Coroutine[object, object, DryRun]]: ...
    @overload
    def __get__(self, instance: None, owner: type[MethodsBase]) -> Write[Concatenate[M, P], Flow[T], Flow[DryRun]]: ...
    def __get__(self, instance: MethodsBase | None, owner: type[object]) -> Any:
        return self._bind(instance, owner)

    @cached_property
    def _flow(self) -> Callable[..., Any]:
        function = self._function

        @wraps(function)
        def flow(self: Any, *args: Any, dry_run: bool = False, **kwargs: Any) -> Any:
            made = function(self._flows, *args, **kwargs)
            return planned(made) if checked_dry_run(dry_run) else made

        return _with_dry_run(flow)


class paginated(_Bridge[M, P, T]):  # noqa: N801  # a decorator
    """Makes a list to iterate over of a method that says how to request its pages."""

    inner: ClassVar[str] = "PageRequest["
    sync_outer: ClassVar[Any] = Pager
    async_outer: ClassVar[Any] = AsyncPager
    raw_sync_outer: ClassVar[Any] = Iterator
    raw_async_outer: ClassVar[Any] = AsyncIterator

    if TYPE_CHECKING:

        def __init__(self, function: Callable[Concatenate[M, P], PageRequest[T]]) -> None: ...

    @overload
    def __get__(self, instance: SyncBase, owner: type[object]) -> Callable[P, Pager[T]]: ...
    @overload
    def __get__(self, instance: AsyncBase, owner: type[object]) -> Callable[P, AsyncPager[T]]: ...
    @overload
    def __get__(self, instance: RawSyncBase, owner: type[object]) -> Callable[P, Iterator[RawResult[Page[T]]]]: ...
    @overload
    def __get__(
        self, instance: RawAsyncBase, owner: type[object]
    ) -> Callable[P, AsyncIterator[RawResult[Page[T]]]]: ...
    @overload
    def __get__(self, instance: MethodsBase, owner: type[object]) -> Callable[P, PageRequest[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[SyncBase]) -> Callable[Concatenate[M, P], Pager[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[AsyncBase]) -> Callable[Concatenate[M, P], AsyncPager[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[MethodsBase]) -> Callable[Concatenate[M, P], PageRequest[T]]: ...
    def __get__(self, instance: MethodsBase | None, owner: type[object]) -> Callable[..., object]:
        return self._bind(instance, owner)

    def _make_sync(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(self._function)
        def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> Pager[Any]:
            return Pager(flow(self, *args, **kwargs), self._run)

        return method

    def _make_async(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(self._function)
        def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> AsyncPager[Any]:
            return AsyncPager(flow(self, *args, **kwargs), self._arun)

        return method

    def _make_raw_sync(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(self._function)
        def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> Iterator[RawResult[Page[Any]]]:
            return cast("Iterator[Any]", Pager(flow(self, *args, **kwargs), self._run).pages())

        return method

    def _make_raw_async(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(self._function)
        def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[RawResult[Page[Any]]]:
            return cast("AsyncIterator[Any]", AsyncPager(flow(self, *args, **kwargs), self._arun).pages())

        return method


class streamed(_Bridge[M, P, T]):  # noqa: N801  # a decorator
    """Makes an iterator of what the gathered flows of a method emit."""

    inner: ClassVar[str] = "Gather["
    sync_outer: ClassVar[Any] = Iterator
    async_outer: ClassVar[Any] = AsyncIterator

    if TYPE_CHECKING:

        def __init__(self, function: Callable[Concatenate[M, P], Gather[T]]) -> None: ...

    @overload
    def __get__(self, instance: SyncBase, owner: type[object]) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, instance: AsyncBase, owner: type[object]) -> Callable[P, AsyncIterator[T]]: ...
    @overload
    def __get__(self, instance: MethodsBase, owner: type[object]) -> Callable[P, Gather[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[SyncBase]) -> Callable[Concatenate[M, P], Iterator[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[AsyncBase]) -> Callable[Concatenate[M, P], AsyncIterator[T]]: ...
    @overload
    def __get__(self, instance: None, owner: type[MethodsBase]) -> Callable[Concatenate[M, P], Gather[T]]: ...
    def __get__(self, instance: MethodsBase | None, owner: type[object]) -> Callable[..., object]:
        return self._bind(instance, owner)

    def _make_sync(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(self._function)
        def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> Iterator[Any]:
            return cast("Iterator[Any]", self._stream(flow(self, *args, **kwargs)))

        return method

    def _make_async(self, flow: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(self._function)
        def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Any]:
            return cast("AsyncIterator[Any]", self._astream(flow(self, *args, **kwargs)))

        return method


def _with_dry_run(function: F) -> F:
    """The function, its signature with the argument `dry_run` at the end."""
    signature = inspect.signature(function)
    dry_run = inspect.Parameter("dry_run", inspect.Parameter.KEYWORD_ONLY, default=False, annotation="bool")
    parameters = [*signature.parameters.values(), dry_run]
    function.__dict__["__signature__"] = signature.replace(parameters=parameters)
    function.__annotations__ = {**function.__annotations__, "dry_run": "bool"}
    return function


def _returning(function: F, inner: str, outer: Any) -> F:
    """The function, its signature saying that it returns the result itself, in `outer`."""
    signature = inspect.signature(function)
    result: Any = str(signature.return_annotation).removeprefix(inner).removesuffix("]")
    shown = result if outer is None else f"{outer.__name__}[{result}]"
    function.__dict__["__signature__"] = signature.replace(return_annotation=shown)
    # The type itself, not its name, which the module of the function need not have. And a new dictionary: `wraps`
    # shares that of the function that it wraps.
    annotation = result if outer is None else outer[result]
    function.__annotations__ = {**function.__annotations__, "return": annotation}
    return function
