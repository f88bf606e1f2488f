"""What the adapters of the services are made of: a call, an answer, a list, and what is created or deleted once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

from unisync._core.bridge import Verbs
from unisync._core.flow import Call, Flow, ask
from unisync._models.jobs import Model, Vocabulary, with_more
from unisync.errors import ConflictError, InvalidRequestError, NotFoundError, UnisyncError

if TYPE_CHECKING:
    from unisync._core.pagination import PageReply, Pages

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=Model)

Params = Mapping[str, object]
"""AWS's parameters, by our names. None is one that is not given."""

logger: logging.Logger = logging.getLogger("unisync")


class Service(NamedTuple):
    """A service, as far as all of its calls are alike."""

    name: str
    """boto3's name for it."""
    vocabulary: Vocabulary
    cased: Callable[[str], str]
    """AWS's name of a parameter, from ours."""
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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.service_name}>"

    @property
    def service_name(self) -> str:
        """boto3's name of the service."""
        return self._flows._service.name

    def _call(self, operation: str, params: Params, reply: type[R], *, repeatable: bool = True) -> Call[R]:
        service = self._service
        members = {service.cased(name): value for name, value in given(params).items()}
        return Call(
            service.name, operation, members, reply, service.vocabulary, repeatable, unanswered=service.unanswered
        )

    def _check(self, operation: str, params: Params) -> Flow[object]:
        """Refuse parameters that cannot be, before anything is sent."""
        return ask(self._call(operation, params, Model)._replace(is_check=True))

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
        from unisync._core.pagination import Pages

        return Pages(
            self._call(operation, params, cast("type[Model]", reply)),
            token_member=self._service.cased("next_token") if is_resumable else None,
            size_member=self._service.cased("max_results") if is_resumable else None,
            page_size=page_size,
            limit=limit,
            next_token=next_token,
        )


@cache
def camel(name: str) -> str:
    """A name as in "resourceName"."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@cache
def pascal(name: str) -> str:
    """A name as in "ResourceName"."""
    return "".join(map(str.capitalize, name.split("_")))


def given(params: Params) -> dict[str, Any]:
    """Those parameters that are not None."""
    return {name: value for name, value in params.items() if value is not None}


def tagged(tags: object, key: str, value: str) -> list[dict[str, object]] | None:
    """Tags as a list of structures, whose members have these names."""
    mapping = tags_in(tags)
    return None if mapping is None else [{key: name, value: text} for name, text in mapping.items()]


def tags_in(tags: object) -> dict[str, object] | None:
    """The tags that were given, which have to be a mapping."""
    if tags is None:
        return None
    if not isinstance(tags, Mapping):
        raise InvalidRequestError.before_sending(f"tags: expected a mapping of keys to values, got {tags!r:.60}")
    return dict(cast("Mapping[str, object]", tags))


def differences(wanted: Params, definition: object, spelled: Mapping[str, str]) -> dict[str, Any]:
    """What is wanted otherwise than a definition has it, by parameter.

    Args:
        wanted: The parameters that count.
        definition: A model, whose fields have the names of the parameters,
        spelled: but for these.
    """
    return {name: value for name, value in wanted.items() if value != getattr(definition, spelled.get(name, name))}


def creating(create: Callable[[], Flow[T]], created: Callable[[], Flow[T | None]]) -> Flow[T]:
    """Do something once: where the answer was lost, look up what came of it before it is asked for again.

    Args:
        create: Asks for it, by a call that is not repeatable.
        created: What is there if it is as it was asked for, and else None.
    """
    lost: UnisyncError | None = None
    while True:
        try:
            return (yield from create())
        except UnisyncError as error:
            # The second time, a refusal may be due to what the first one did, seen a moment later.
            refused = lost is not None and isinstance(error, (ConflictError, NotFoundError))
            if not (error.outcome_unknown or refused):
                raise
            found = yield from _looked_up(created(), error)
            if found is not None:
                return found
            if lost is not None:
                raise
            lost = error


def _looked_up(flow: Flow[T | None], lost: UnisyncError) -> Flow[T | None]:
    """What came of a request whose answer was lost. That counts more than why it cannot be looked up."""
    try:
        return (yield from flow)
    except UnisyncError as error:
        lost.add_note(f"What came of it could not be looked up: {error}")
        raise lost from lost.__cause__


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


AS_IT_IS: Mapping[str, str] = {}


def as_asked(read: Flow[T | None], asked: Params, spelled: Mapping[str, str] = AS_IT_IS) -> Flow[T | None]:
    """What is there, if it is as it was asked for; else None. `spelled` is as for `differences`."""
    found = yield from if_found(read)
    return None if found is None or differences(asked, found, spelled) else found
