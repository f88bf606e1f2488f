"""Events of AWS's that say something about a sync, as EventBridge, SQS, SNS and Lambda deliver them.

`parse_event` and `parse_events` read them. `Hints` and `SqsHints` have waits poll when there was one.

| service | detail types | `kind` |
|---|---|---|
| CodeConnections | Git Sync Resource Sync Status Change | sync |
| CodeConnections | Git Sync Repository Sync Status Change | repository |
| CloudFormation | CloudFormation Stack Status Change | resource |
| Proton | AWS Proton Service Instance, Deployment, Template Version Status Change | resource |
| IoT TwinMaker | AWS API Call via CloudTrail: CreateSyncJob, DeleteSyncJob | call |

AWS's pages on these events contradict each other, so every spelling in them is read: the source of CodeConnections and
of codestar-connections, "Git Sync" and "GitSync", `previousStatus` and `previousSync`, stack ARNs with "aws" twice and
without an id, and Proton's events with the detail type in a list and without an id and an account.

A stack's event has no commit, and stacks without Git sync have events too. Its state is that of the stack: FAILED also
means a rollback that Git sync did not start. Proton's events are about deployments in the same way. TwinMaker sends no
event when a sync job becomes active or fails: CloudTrail reports the call that created or deleted it.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

from pydantic import ValidationError
from typing_extensions import override

from unisync._botocore.queue import Queue, QueueError
from unisync._core.backoff import Backoff
from unisync._models.base import SyncState, keep_aside
from unisync._models.notices import NoticeKind, SyncNotice
from unisync._models.refs import NAME, ServiceInstanceSync, StackSync, SyncRef, TemplateSync, TwinMakerSync
from unisync._services.git_sync import STATES as GIT_STATES
from unisync._services.twinmaker import STATES as TWINMAKER_STATES
from unisync._waiters.hints import Hints, Listener
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    from types import TracebackType

    from unisync._botocore.types import Boto3Session

__all__ = ["AwsEvent", "NoticeKind", "SqsHints", "SyncNotice", "parse_event", "parse_events"]

logger: logging.Logger = logging.getLogger("unisync")


class SupportsModelDump(Protocol):
    """A pydantic model, such as powertools' `EventBridgeModel`."""

    def model_dump(self, *, by_alias: bool) -> dict[str, Any]: ...


AwsEvent = Mapping[str, Any] | str | bytes | bytearray | SupportsModelDump
"""An event, or what carries events: a mapping, JSON, or a pydantic model such as those of Powertools for AWS Lambda."""

_PROTON_STATES = {
    "IN_PROGRESS": SyncState.RUNNING,
    "CANCELLING": SyncState.RUNNING,
    "SUCCEEDED": SyncState.ACTIVE,
    "FAILED": SyncState.FAILED,
    "CANCELLED": SyncState.FAILED,
    "DELETE_IN_PROGRESS": SyncState.DELETING,
    "DELETE_COMPLETE": SyncState.DELETING,
    "DELETED": SyncState.DELETING,
    "DELETE_FAILED": SyncState.FAILED,
    "REGISTRATION_IN_PROGRESS": SyncState.RUNNING,
    "REGISTRATION_FAILED": SyncState.FAILED,
    "DRAFT": SyncState.ACTIVE,
    "PUBLISHED": SyncState.ACTIVE,
}
"""The states of deployments, and of the versions of templates, which are usable when they are registered."""

_STACK_STATES = {
    "REVIEW_IN_PROGRESS": SyncState.PENDING,
    "CREATE_IN_PROGRESS": SyncState.RUNNING,
    "UPDATE_IN_PROGRESS": SyncState.RUNNING,
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": SyncState.RUNNING,
    "IMPORT_IN_PROGRESS": SyncState.RUNNING,
    "ROLLBACK_IN_PROGRESS": SyncState.RUNNING,
    "UPDATE_ROLLBACK_IN_PROGRESS": SyncState.RUNNING,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": SyncState.RUNNING,
    "IMPORT_ROLLBACK_IN_PROGRESS": SyncState.RUNNING,
    "CREATE_COMPLETE": SyncState.ACTIVE,
    "UPDATE_COMPLETE": SyncState.ACTIVE,
    "IMPORT_COMPLETE": SyncState.ACTIVE,
    "CREATE_FAILED": SyncState.FAILED,
    "UPDATE_FAILED": SyncState.FAILED,
    "DELETE_FAILED": SyncState.FAILED,
    "ROLLBACK_COMPLETE": SyncState.FAILED,
    "ROLLBACK_FAILED": SyncState.FAILED,
    "UPDATE_ROLLBACK_COMPLETE": SyncState.FAILED,
    "UPDATE_ROLLBACK_FAILED": SyncState.FAILED,
    "IMPORT_ROLLBACK_COMPLETE": SyncState.FAILED,
    "IMPORT_ROLLBACK_FAILED": SyncState.FAILED,
    "DELETE_IN_PROGRESS": SyncState.DELETING,
    "DELETE_COMPLETE": SyncState.DELETING,
}

_CALLS = {"CreateSyncJob": SyncState.PENDING, "DeleteSyncJob": SyncState.DELETING}
"""TwinMaker's operations that change a sync job, and the state that follows."""

_PROVIDERS = {
    "azuredevops": "AzureDevOps",
    "bitbucket": "Bitbucket",
    "github": "GitHub",
    # A guess: the events know neither of the two kinds of GitHub Enterprise that the API has.
    "githubenterprise": "GitHubEnterpriseServer",
    "githubenterpriseclouddataresidency": "GitHubEnterpriseCloudDataResidency",
    "githubenterpriseserver": "GitHubEnterpriseServer",
    "gitlab": "GitLab",
    "gitlabselfmanaged": "GitLabSelfManaged",
}
"""Providers by their names without case, spaces and underscores, in which the services differ."""

_SOURCE = re.compile(
    r"(?:aws|amazon)[. ](codeconnections|codestar-connections|cloudformation|proton|iottwinmaker)", re.IGNORECASE
)
_GIT_SYNC = re.compile(r"git ?sync (repository|resource) sync status change", re.IGNORECASE)
_STACK = re.compile(r"cloudformation stack status change", re.IGNORECASE)
_PROTON = re.compile(
    r"(?:(?:aws|amazon) )?proton (service instance|deployment|(?:service|environment) template version) status change",
    re.IGNORECASE,
)
_CLOUDTRAIL = re.compile(r"aws api call via cloudtrail", re.IGNORECASE)

_ARN = re.compile(r"arn:(?:aws[\w-]*:)+(?P<service>[\w-]+):(?P<region>[\w-]*):(?P<account>\d*):(?P<resource>.+)")
_REGION = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+")
_INSTANCE = re.compile(r"service/([^/]+)/service-instance/([^/]+)(?:/.*)?")

_FAILED = Backoff(initial=1.0, maximum=60.0, factor=2.0)
"""The pauses after requests for messages that failed."""
MAX_DEPTH = 10
"""How many envelopes and lists may stand within each other; anything deeper is ignored."""


def parse_event(event: AwsEvent) -> SyncNotice | None:
    """Read one event of EventBridge's.

    Args:
        event: A mapping, as Lambda passes it; JSON; or an `EventBridgeEvent` or `EventBridgeModel` of Powertools for
            AWS Lambda.

    Returns:
        What it says about a sync; None for any other event.

    Raises:
        InvalidArgumentError: It is an event about a sync, but a field is missing or has no meaning; or `event` is not a
            JSON object.
    """
    decoded = _decoded(event)
    if not isinstance(decoded, Mapping):
        raise InvalidArgumentError.expected("event", "an event, as a mapping or as JSON", event)
    return _notice(_Fields(cast("Mapping[str, Any]", decoded), ""))


def parse_events(batch: AwsEvent | Iterable[AwsEvent]) -> list[SyncNotice]:
    """Read all events of a batch.

    Args:
        batch: What a Lambda function receives from EventBridge, SQS or SNS, or one record of it; the response of SQS's
            ReceiveMessage, one message of it or the body of one; a message of SNS, also as the body of a message of
            SQS; or a list of any of these. Mappings, JSON, and the objects of Powertools for AWS Lambda.

    Returns:
        The events that say something about a sync, in their order; anything else is left out.

    Raises:
        InvalidArgumentError: See `parse_event`. The message says where in the batch the field is. To skip only the bad
            record, pass each record by itself.
    """
    decoded = _decoded(batch)
    if not isinstance(decoded, Iterable) or isinstance(decoded, (str, bytes, bytearray)):
        raise InvalidArgumentError.expected("batch", "a batch of events, as a mapping, a list or as JSON", batch)
    notices = (_notice(event) for event in _unwrapped(cast("object", decoded), "", 0))
    return [notice for notice in notices if notice is not None]


class SqsHints(Hints):
    """Hints from a queue of SQS, into which a rule of EventBridge puts events.

    A thread receives the messages while there are waits, and deletes each once the waits were notified. The queue must
    be for this process alone, since SQS delivers a message to one receiver only. If the queue cannot be read, a warning
    is logged, and the waits poll as they do without hints.

    Args:
        queue_url: The URL of the queue.
        session: The boto3 session whose credentials are used; by default one is made.
        region_name: The region of the queue; by default that in its URL, or the session's.
        endpoint_url: Where to connect to instead of AWS.

    Raises:
        InvalidArgumentError: `queue_url` is not a URL, or `session` is not a session.

    AWS operation: ReceiveMessage and DeleteMessageBatch of SQS.
    """

    def __init__(
        self,
        queue_url: str,
        session: Boto3Session | None = None,
        *,
        region_name: str | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        super().__init__()
        is_url = isinstance(cast("object", queue_url), str) and re.match(r"https?://[\w\[]", queue_url) is not None
        InvalidArgumentError.unless(is_url, "queue_url", "the URL of a queue", queue_url)
        is_session = session is None or callable(getattr(session, "client", None))
        InvalidArgumentError.unless(is_session, "session", "a boto3 session", session)
        self._queue = Queue(queue_url, session, region_name, endpoint_url)
        self._thread: threading.Thread | None = None
        self._thread_lock = threading.Lock()
        self._closed = threading.Event()

    @override
    def listener(self, ref: SyncRef[Any]) -> Listener:
        listener = super().listener(ref)
        with self._thread_lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._listen, name="unisync-hints", daemon=True)
                self._thread.start()
        return listener

    def close(self) -> None:
        """Receive no more messages. A request in flight ends by itself, within 20 seconds."""
        self._closed.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self) -> None:
        """Receive messages while there are waits."""
        failures = 0
        while self._is_needed():
            try:
                messages = self._queue.receive()
                for message in messages:
                    self._notify_all(message.body)
                if messages:
                    self._queue.delete(messages)
                failures = 0
            except QueueError as error:
                failures += 1
                if failures == 1:
                    logger.warning("no hints from the queue: %s", error)
                self._closed.wait(_FAILED.delay(failures))

    def _is_needed(self) -> bool:
        """Whether there is a wait. If there is none, the thread ends, and the next wait starts another."""
        with self._thread_lock:
            if self.is_listened_to and not self._closed.is_set():
                return True
            self._thread = None
            return False

    def _notify_all(self, body: str) -> None:
        try:
            notices = parse_events(body)
        except InvalidArgumentError as error:
            logger.debug("a message whose event cannot be read: %s", error)
            return
        for notice in notices:
            self.notify(notice)


def _decoded(value: object) -> object:
    """The value that JSON or a pydantic model stands for; text that is not JSON, and other values, unchanged."""
    if isinstance(value, (str, bytes, bytearray)):
        try:
            decoded: object = json.loads(value)
            return decoded
        except (ValueError, RecursionError):
            return value
    dump: object = getattr(value, "model_dump", None)
    return dump(by_alias=True) if callable(dump) else value


def _unwrapped(value: object, path: str, depth: int) -> Iterator[_Fields]:
    """The events in some value, without their envelopes."""
    if depth > MAX_DEPTH:
        return
    value = _decoded(value)
    inner: Iterable[tuple[str, object]] = ()
    if isinstance(value, Mapping):
        envelope = cast("Mapping[str, Any]", value)
        if "detail-type" in envelope:
            yield _Fields(envelope, f"{path}." if path else "")
            return
        inner = ((f".{name}" if path else name, envelope[name]) for name in _contents(envelope))
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray)):
        inner = ((f"[{index}]", each) for index, each in enumerate(cast("Iterable[object]", value)))
    for name, each in inner:
        yield from _unwrapped(each, path + name, depth + 1)


def _contents(envelope: Mapping[str, Any]) -> Iterator[str]:
    """The fields of an envelope that have what it carries."""
    for name in ("Records", "Messages"):  # of Lambda; of SQS's ReceiveMessage
        if isinstance(envelope.get(name), (list, tuple)):
            yield name
    if envelope.get("eventSource") == "aws:sqs" and "body" in envelope:
        yield "body"
    if "Body" in envelope:  # a message of SQS
        yield "Body"
    if isinstance(envelope.get("Sns"), Mapping):  # a record of Lambda
        yield "Sns"
    if envelope.get("Type") == "Notification" and "Message" in envelope:  # a message of SNS
        yield "Message"


class _Fields:
    """The fields of a JSON object, with its path for errors."""

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        self.values = values
        self._path = path

    def error(self, name: str, expected: str) -> InvalidArgumentError:
        return InvalidArgumentError.expected(f"{self._path}{name}", expected, self.values.get(name))

    def optional(self, name: str) -> str | None:
        """The text of a field; None if it is missing, null or empty."""
        value: object = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.error(name, "text")
        return value or None

    def required(self, name: str) -> str:
        """The text of a field."""
        value = self.optional(name)
        if value is None:
            raise self.error(name, "text")
        return value

    def name(self, name: str, default: str | None = None) -> str:
        """The text of a field that is part of a reference."""
        value = self.required(name) if default is None else self.optional(name) or default
        if NAME.fullmatch(value) is None:
            raise self.error(name, "a name without spaces, slashes or colons")
        return value

    def nested(self, name: str) -> _Fields:
        """The fields of an inner object."""
        value: object = self.values.get(name)
        if not isinstance(value, Mapping):
            raise self.error(name, "an object")
        return _Fields(cast("Mapping[str, Any]", value), f"{self._path}{name}.")


def _notice(event: _Fields) -> SyncNotice | None:
    """What an event says about a sync; None if it is about anything else."""
    values = event.values
    source, detail_type = _one(values.get("source")), _one(values.get("detail-type"))
    service = _SOURCE.fullmatch(source)
    found = None if service is None else _READERS[service[1].lower()](event, detail_type)
    if found is None:
        return None
    account, region = _location(values.get("resources"))
    envelope = {
        "source": source,
        "detail_type": detail_type,
        "event_id": event.optional("id"),
        "account": event.optional("account") or account,
        "region": event.optional("region") or region,
        "time": values.get("time"),
        "detail": dict(event.nested("detail").values),
    }
    others = {name: value for name, value in values.items() if name not in _ENVELOPE}
    try:
        return SyncNotice.model_validate({**keep_aside(others, *SyncNotice.model_fields), **envelope, **found})
    except ValidationError as error:
        name = str(error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"][0])
        # All else was checked, but a mapping that did not come from JSON may have keys of any type.
        expected = "a date and time with its offset from UTC" if name == "time" else "keys that are text"
        raise event.error(name, expected) from None


_ENVELOPE = {"source", "detail-type", "id", "account", "region", "time", "detail"}


def _one(value: object) -> str:
    """A text, or the only text of a list; empty if there is neither."""
    if isinstance(value, (list, tuple)) and len(cast("list[object]", value)) == 1:
        value = cast("list[object]", value)[0]
    return value if isinstance(value, str) else ""


def _location(resources: object) -> tuple[str | None, str | None]:
    """The account and the region of the first resource, for an event that does not have them."""
    for each in cast("list[object]", resources) if isinstance(resources, (list, tuple)) else ():
        arn = _ARN.fullmatch(each) if isinstance(each, str) else None
        if arn is not None:
            # AWS's examples have "region_id" there.
            region = arn["region"] if _REGION.fullmatch(arn["region"]) else None
            return arn["account"] or None, region
    return None, None


def _codeconnections(event: _Fields, detail_type: str) -> dict[str, object] | None:
    """The sync of a resource, or of a branch."""
    kind = _GIT_SYNC.fullmatch(detail_type)
    if kind is None:
        return None
    detail = event.nested("detail")
    provider = detail.optional("providerType")
    is_resource = kind[1].lower() == "resource"
    return {
        "kind": "sync" if is_resource else "repository",
        "ref": _synced(detail) if is_resource else None,
        "sync_type": detail.optional("syncType"),
        "revision": detail.optional("commit"),
        "repository_name": detail.optional("repositoryName"),
        "owner": detail.optional("ownerId"),
        "branch": detail.optional("branch"),
        "provider": None if provider is None else _PROVIDERS.get(re.sub("[ _]", "", provider).lower(), provider),
        "aws_provider": provider,
        "connection_arn": detail.optional("connectionArn"),
        "repository_link_id": detail.optional("repositoryLinkId"),
        **_states(GIT_STATES, detail.required("status"), _previous(detail)),
    }


def _synced(detail: _Fields) -> StackSync | None:
    """The sync of a resource; None if it is of a type that is newer than this version of unisync."""
    sync_type = detail.name("syncType", "CFN_STACK_SYNC")
    try:
        return StackSync(_stack_name(detail, "syncTarget"), sync_type)
    except InvalidArgumentError:
        if sync_type == "CFN_STACK_SYNC":
            raise
        return None


def _stack_name(detail: _Fields, field: str) -> str:
    """The name in a field that has the ARN or the name of a stack."""
    text = detail.required(field)
    arn = _ARN.fullmatch(text)
    if arn is not None and arn["service"] == "cloudformation":
        kind, _, rest = arn["resource"].partition("/")
        text = rest.partition("/")[0] if kind == "stack" else ""
    if NAME.fullmatch(text) is None:
        raise detail.error(field, "the ARN or the name of a stack")
    return text


def _cloudformation(event: _Fields, detail_type: str) -> dict[str, object] | None:
    """A stack; Git sync is one of the things that change it."""
    if _STACK.fullmatch(detail_type) is None:
        return None
    detail = event.nested("detail")
    status = detail.nested("status-details").required("status")
    return {"kind": "resource", "ref": StackSync(_stack_name(detail, "stack-id")), **_states(_STACK_STATES, status)}


def _proton(event: _Fields, detail_type: str) -> dict[str, object] | None:
    """A deployment of a service instance, or a version of a template."""
    kind = _PROTON.fullmatch(detail_type)
    if kind is None:
        return None
    detail = event.nested("detail")
    ref: ServiceInstanceSync | TemplateSync | None
    match kind[1].lower():
        case "service instance":
            ref = ServiceInstanceSync(detail.name("serviceName"), detail.name("name"))
        case "deployment":
            ref = _deployed(event, detail)
        case version:
            ref = TemplateSync(detail.name("name"), version.split()[0].upper(), detail.name("majorVersion"))
    if ref is None:
        return None
    status = detail.optional("deploymentStatus") or detail.required("status")
    return {"kind": "resource", "ref": ref, **_states(_PROTON_STATES, status, _previous(detail))}


def _deployed(event: _Fields, detail: _Fields) -> ServiceInstanceSync | None:
    """The service instance that a deployment is of; None if it is of anything else.

    AWS documents no fields of these events: the names are those of Proton's API.
    """
    if detail.optional("serviceName") and detail.optional("serviceInstanceName"):
        return ServiceInstanceSync(detail.name("serviceName"), detail.name("serviceInstanceName"))
    resources: object = event.values.get("resources")
    listed = cast("list[object]", resources) if isinstance(resources, (list, tuple)) else []
    for each in (detail.optional("targetArn"), *listed):
        arn = _ARN.fullmatch(each) if isinstance(each, str) else None
        instance = None if arn is None else _INSTANCE.fullmatch(arn["resource"])
        if instance is not None:
            return ServiceInstanceSync(instance[1], instance[2])
    return None


def _iottwinmaker(event: _Fields, detail_type: str) -> dict[str, object] | None:
    """A call that created or deleted a sync job; a call that AWS rejected changed nothing."""
    if _CLOUDTRAIL.fullmatch(detail_type) is None:
        return None
    detail = event.nested("detail")
    operation = detail.optional("eventName")
    if operation not in _CALLS or detail.optional("errorCode"):
        return None
    parameters = detail.nested("requestParameters")
    ref = TwinMakerSync(parameters.name("workspaceId"), parameters.name("syncSource", "SITEWISE"))
    has_response = isinstance(detail.values.get("responseElements"), Mapping)
    state = detail.nested("responseElements").optional("state") if has_response else None
    states = {"state": _CALLS[operation], "aws_state": ""} if state is None else _states(TWINMAKER_STATES, state)
    return {"kind": "call", "ref": ref, **states}


def _previous(detail: _Fields) -> str | None:
    """The state before. AWS describes it as `previousSync`; the examples have `previousStatus`."""
    return detail.optional("previousStatus") or detail.optional("previousSync")


def _states(known: Mapping[str, SyncState], now: str, before: str | None = None) -> dict[str, object]:
    """Our states and AWS's."""
    return {
        "state": known.get(now, SyncState.UNKNOWN),
        "aws_state": now,
        "previous_state": None if before is None else known.get(before, SyncState.UNKNOWN),
        "previous_aws_state": before,
    }


_READERS: dict[str, Callable[[_Fields, str], dict[str, object] | None]] = {
    "codeconnections": _codeconnections,
    "codestar-connections": _codeconnections,
    "cloudformation": _cloudformation,
    "proton": _proton,
    "iottwinmaker": _iottwinmaker,
}
