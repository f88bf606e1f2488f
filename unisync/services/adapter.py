"""What the adapters of the services are made of: a call, an answer, a list, and what is created or deleted once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

from unisync.errors import ConflictError, NotFoundError, UnisyncError
from unisync.flow import Call, Flow, ask
from unisync.models import Model, Vocabulary, with_more
from unisync.verbs import Verbs

if TYPE_CHECKING:
    from unisync.listing import PageReply, Pages

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=Model)

Params = Mapping[str, object]
"""AWS's parameters by AWS's names. None is one that is not given."""

logger: logging.Logger = logging.getLogger("unisync")


class Service(NamedTuple):
    """A service, as far as all of its calls are alike."""

    name: str
    """boto3's name for it."""
    vocabulary: Vocabulary
    next_token: str
    """The parameter that takes the token of a page."""
    max_results: str
    """The parameter that takes the size of a page."""
    unanswered: str = ""
    """What there is to say where its endpoint does not answer."""


class Wrapper(Protocol[T_co]):
    """An answer with one member that counts."""

    @property
    def answer(self) -> T_co:
        """That member."""
        ...

    @property
    def model_extra(self) -> dict[str, Any] | None:
        """Members that no model has."""
        ...


class Adapter(Verbs):
    """The operations of one service."""

    _service: Service

    @property
    def service_name(self) -> str:
        """boto3's name of the service."""
        return self._flows._service.name

    def _call(self, operation: str, params: Params, reply: type[R], *, repeatable: bool = True) -> Call[R]:
        service = self._service
        given = {name: value for name, value in params.items() if value is not None}
        return Call(
            service.name, operation, given, reply, service.vocabulary, repeatable, unanswered=service.unanswered
        )

    def _ask(self, operation: str, params: Params, reply: type[R], *, repeatable: bool = True) -> Flow[R]:
        """Make a call whose answer is what it is about."""
        return ask(self._call(operation, params, reply, repeatable=repeatable))

    def _answer(self, operation: str, params: Params, reply: type[Wrapper[T]], *, repeatable: bool = True) -> Flow[T]:
        """Make a call whose answer wraps what it is about."""
        call = self._call(operation, params, cast("type[Model]", reply), repeatable=repeatable)
        wrapper = cast("Wrapper[T]", (yield from ask(call)))
        answer, more = wrapper.answer, wrapper.model_extra
        if more and isinstance(answer, Model):
            return cast("T", with_more(answer, more))
        if more:
            logger.warning("%s %s: dropped %s, for want of an answer", call.service, operation, ", ".join(more))
        return answer

    def _pages(
        self,
        operation: str,
        params: Params,
        reply: type[PageReply[T]],
        page_size: int | None = None,
        limit: int | None = None,
        next_token: str | None = None,
        *,
        is_resumable: bool = True,
    ) -> Pages[T]:
        """The list that an operation gives page by page. It is resumable if the operation takes a token."""
        from unisync.listing import Pages

        return Pages(
            self._call(operation, params, cast("type[Model]", reply)),
            token_member=self._service.next_token if is_resumable else None,
            size_member=self._service.max_results if is_resumable else None,
            page_size=page_size,
            limit=limit,
            next_token=next_token,
        )


def creating(create: Callable[[], Flow[T]], created: Callable[[], Flow[T | None]]) -> Flow[T]:
    """Create something once: where the answer was lost, look it up before it is asked for again.

    Args:
        create: Asks for it, by a call that is not repeatable.
        created: What is there if it is as it was asked for, and else None.
    """
    try:
        return (yield from create())
    except UnisyncError as lost:
        if not lost.outcome_unknown:
            raise
    found = yield from created()
    if found is not None:
        return found
    try:
        return (yield from create())
    except ConflictError:
        # Somebody else's, or ours, seen a moment later.
        found = yield from created()
        if found is None:
            raise
        return found


def deleting(delete: Flow[T], gone: T) -> Flow[T]:
    """Delete something: that it is not found any more is as good, where the answer to an earlier try was lost."""
    try:
        return (yield from delete)
    except NotFoundError as error:
        if not error.outcome_unknown:
            raise
        return gone


def if_found(flow: Flow[T]) -> Flow[T | None]:
    """What a flow gives; None where nothing is found."""
    try:
        return (yield from flow)
    except NotFoundError:
        return None
