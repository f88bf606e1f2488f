"""Preparing a call: from its parameters to a signed request, by botocore's own parts, and with its events.

A client of botocore's is created for each service, for what it resolves: the endpoint rules, the configuration and the
event handlers, those of the user among them. It sends nothing. The same steps are taken here as in its own methods: the
same events are emitted in the same order, so that a handler may still change the parameters, the headers or the
endpoint, sign in its own way, or return a response instead of AWS.

What is the same for each call of an operation is found out once (`_Operation`): its endpoint, unless that depends on
the call, and whether there are handlers for what costs time to make.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from email.policy import Compat32
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import uuid4

import botocore.auth
from botocore import compress, httpchecksum
from botocore.awsrequest import AWSRequest, prepare_request_dict
from botocore.context import start_as_current_context
from botocore.hooks import first_non_none_response
from botocore.serialize import create_serializer
from typing_extensions import override
from urllib3.util import parse_url

from unisync._botocore.connection_settings import host_header
from unisync._botocore.listeners import has_listeners
from unisync._botocore.signing import sign_with_caches
from unisync._botocore.user_agent import UserAgent
from unisync._botocore.validation import violations
from unisync._core.transport import HttpRequest
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.client import BaseClient
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel

logger: logging.Logger = logging.getLogger("botocore.endpoint")
"""botocore's own, so that what shows its requests shows these."""


class Prepared(NamedTuple):
    """A call that is ready to be sent."""

    operation: OperationModel
    context: dict[str, Any]
    """botocore's context of the call."""
    url: str
    request: HttpRequest | None
    """None if a handler has answered already."""
    response: AWSResponse | None = None
    """The answer of a handler for `before-send`."""
    parsed: tuple[AWSResponse, dict[str, Any]] | None = None
    """The answer of a handler for `before-call`."""


_PLAIN_URL = re.compile(r"[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")
"""A URL of characters that need no encoding."""
_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")
"""Methods of requests without a Content-Length."""
_FIXED_BUILTINS = frozenset({"AWS::Region", "AWS::UseDualStack", "AWS::UseFIPS", "SDK::Endpoint"})
"""What an endpoint may depend on and still be the same for each call of an operation."""


class _AsItIs(Compat32):
    """How headers are read: without a search for what only mail has, at each look."""

    @override
    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


_AS_IT_IS = _AsItIs()


class _Request(AWSRequest):
    """A request whose body and headers are read as they are.

    botocore prepares the whole request for each look at its body.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.headers.policy = _AS_IT_IS

    @property
    @override
    def body(self) -> Any:
        return self.data if isinstance(self.data, bytes) else super().body


class _Endpoint(NamedTuple):
    """Where a call goes, and what the endpoint rules say about signing it."""

    url: str
    headers: Mapping[str, str]
    properties: dict[str, Any]
    auth_type: Any = None
    signing: Mapping[str, Any] = {}


class _Operation:
    """What is the same for each call of an operation."""

    def __init__(self, model: OperationModel, service_id: str, config: Any, events: BaseEventHooks) -> None:
        self.model = model
        self.event: str = f"{service_id}.{model.name}"
        """What the names of its events end with."""
        self.context: Mapping[str, Any] = {
            "client_region": config.region_name,
            "client_config": config,
            "has_streaming_input": model.has_streaming_input,
            "auth_type": _auth_type(model, config),
            "unsigned_payload": model.unsigned_payload,
            "auth_options": model.metadata.get("auth"),
        }
        """What botocore's context of each call begins with."""
        # None of our operations does either today.
        self.needs_checksum: bool = bool(model.http_checksum or model.http_checksum_required)
        self.is_compressed: bool = bool(model.request_compression)
        self.endpoint: _Endpoint | None = None
        """Its endpoint, once it was found and does not depend on the call."""
        self.may_block: bool = has_listeners(events, f"before-send.{self.event}")
        """Whether a handler of the user's may return a response instead of AWS, and take its time."""


class Preparer:
    """Prepares the calls of one service.

    Args:
        client: The client of botocore's.
        endpoint_parameters: The parameters of the service's endpoint rules.
        allow_unknown_values: Whether parameters may hold enum values that AWS's model does not list.
    """

    def __init__(
        self, client: BaseClient, endpoint_parameters: Iterable[Mapping[str, Any]], *, allow_unknown_values: bool
    ) -> None:
        self._client = client
        self._events = client.meta.events
        self._model = client.meta.service_model
        self._config = client.meta.config
        self._id: str = self._model.service_id.hyphenize()
        self._serializer = create_serializer(self._model.resolved_protocol, include_validation=False)
        self._signer: object = getattr(client, "_request_signer", None)
        self._rules: Any = getattr(client, "_ruleset_resolver", None)
        self._has_fixed_endpoints = _FIXED_BUILTINS.issuperset(each.get("builtIn") for each in endpoint_parameters)
        self._allow_unknown_values = allow_unknown_values
        self._operations: dict[str, _Operation] = {}
        sign_with_caches(client)
        self._user_agent = UserAgent(client)

    def validated(self, operation_name: str, params: Mapping[str, object]) -> None:
        """Check the parameters of a call.

        Raises:
            InvalidArgumentError: They are not what AWS's model expects.
        """
        operation = self._operation(operation_name).model
        found = "; ".join(violations(operation, params, allow_unknown_values=self._allow_unknown_values))
        if found:
            raise InvalidArgumentError(f"{self._model.service_name} {operation_name}: {found}")

    def may_block(self, operation_name: str) -> bool:
        """Whether preparing a call may take its time, since a handler of the user's may answer it."""
        return self._operation(operation_name).may_block

    def prepare(
        self, operation_name: str, params: Mapping[str, object], retries: int = 0, invocation_id: str | None = None
    ) -> Prepared:
        """Prepare a call.

        Args:
            operation_name: AWS's name of the operation.
            params: The parameters, under AWS's names.
            retries: How often the call was sent before.
            invocation_id: What all attempts of the call have in common; None for a new one.

        Raises:
            InvalidArgumentError: The parameters are not what AWS's model expects.
            botocore.exceptions.BotoCoreError: There is no endpoint, or there are no credentials to sign with.
        """
        with start_as_current_context():
            return self._prepare(self._operation(operation_name), dict(params), retries, invocation_id)

    def _operation(self, name: str) -> _Operation:
        operation = self._operations.get(name)
        if operation is None:
            model = self._model.operation_model(name)
            operation = self._operations[name] = _Operation(model, self._id, self._config, self._events)
        return operation

    def _prepare(
        self, operation: _Operation, params: dict[str, object], retries: int, invocation_id: str | None
    ) -> Prepared:
        events, model, event = self._events, operation.model, operation.event
        context = dict(operation.context)
        given = events.emit(f"provide-client-params.{event}", params=params, model=model, context=context)
        params = cast("dict[str, object]", first_non_none_response(given, default=params))
        events.emit(f"before-parameter-build.{event}", params=params, model=model, context=context)
        self.validated(model.name, params)
        endpoint = operation.endpoint or self._endpoint(operation, params, context)
        if endpoint.signing:
            context["auth_type"] = endpoint.auth_type
            context["signing"] = {**context.get("signing", {}), **endpoint.signing}
        if endpoint.properties:
            context["endpoint_properties"] = endpoint.properties

        built: dict[str, Any] = self._serializer.serialize_to_request(params, model)
        if not self._config.inject_host_prefix:
            built.pop("host_prefix", None)
        built["headers"].update(endpoint.headers)
        prepare_request_dict(built, endpoint_url=endpoint.url, user_agent=self._user_agent.text(), context=context)
        if operation.needs_checksum:
            httpchecksum.resolve_checksum_context(built, model, params)
        _, answer = events.emit_until_response(
            f"before-call.{event}", model=model, params=built, request_signer=self._signer, context=context
        )
        if answer is not None:
            return Prepared(model, context, built["url"], None, parsed=cast("Any", answer))
        if operation.is_compressed:
            compress.maybe_compress_request(self._config, built, model)
        if operation.needs_checksum:
            httpchecksum.apply_request_checksum(built)
        context["retries"] = {"attempt": retries + 1, "invocation-id": invocation_id or str(uuid4())}
        try:
            return self._created(operation, built)
        except Exception as error:
            events.emit(f"after-call-error.{event}", exception=error, context=context)
            raise

    def _created(self, operation: _Operation, built: dict[str, Any]) -> Prepared:
        """The request, signed; or what a handler answered to it."""
        events, model, event, context = self._events, operation.model, operation.event, built["context"]
        logger.debug("Making request for %s with params: %s", model, built)
        created = _Request(
            built["method"], built["url"], built["headers"], built["body"], auth_path=built.get("auth_path")
        )
        created.context = context
        events.emit(f"request-created.{event}", request=created, operation_name=model.name)
        if not (operation.may_block or logger.isEnabledFor(logging.DEBUG)):
            return Prepared(model, context, created.url or "", _http_request(created))
        prepared = created.prepare()
        for name, value in cast("Iterable[tuple[str, str | bytes]]", created.headers.items()):
            prepared.headers[name] = value.encode() if isinstance(value, str) else value
        logger.debug("Sending http request: %s", prepared)
        try:
            sent = events.emit(f"before-send.{event}", request=prepared)
        except Exception as error:
            arguments = {"response_dict": None, "parsed_response": None, "context": context, "exception": error}
            events.emit(f"response-received.{event}", **arguments)
            raise
        answered = cast("AWSResponse | None", first_non_none_response(sent))
        request = _http_request(prepared) if answered is None else None
        return Prepared(model, context, prepared.url, request, response=answered)

    def _endpoint(self, operation: _Operation, params: Mapping[str, object], context: dict[str, Any]) -> _Endpoint:
        """The endpoint of a call; kept for the operation if it is that of each call."""
        rules, model = self._rules, operation.model
        if rules is None:
            return _Endpoint(self._client.meta.endpoint_url, {}, {})
        found = rules.construct_endpoint(operation_model=model, call_args=params, request_context=context)
        schemes = found.properties.get("authSchemes")
        auth_type: Any = None
        signing: dict[str, Any] = {}
        if schemes is not None:
            auth_type, signing = rules.auth_schemes_to_signing_ctx(schemes)
        endpoint = _Endpoint(found.url, found.headers, found.properties, auth_type, signing)
        depends_on_call = (
            model.static_context_parameters or model.context_parameters or model.operation_context_parameters
        )
        is_changed = has_listeners(self._events, f"before-endpoint-resolution.{operation.event}")
        if self._has_fixed_endpoints and not depends_on_call and not is_changed:
            operation.endpoint = endpoint
        return endpoint


def _auth_type(operation: OperationModel, config: Any) -> Any:
    preference: str | None = getattr(config, "auth_scheme_preference", None)
    if operation.auth and preference:
        return botocore.auth.resolve_auth_scheme_preference(preference.split(","), operation.auth)
    return operation.resolved_auth_type


def _http_request(request: AWSRequest | AWSPreparedRequest) -> HttpRequest:
    """The request as botocore and http.client would write it.

    Raises:
        ValueError: A header would end before its end.
    """
    url, method, body = request.url or "", request.method or "", request.body or b""
    if _PLAIN_URL.fullmatch(url) is None:
        url = parse_url(url).url  # which is what urllib3 does with every URL
    content = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
    headers = [(name, value.decode() if isinstance(value, bytes) else value) for name, value in request.headers.items()]
    names = {name.lower() for name, _ in headers}
    own = [("Host", host_header(url)), ("Accept-Encoding", "identity")]
    if method not in _WITHOUT_BODY and names.isdisjoint(("content-length", "transfer-encoding")):
        headers.append(("Content-Length", str(len(content))))
    for name, value in headers:
        if "\n" in value or "\r" in value:
            raise ValueError(f"the header {name} has a line break in it")
    return HttpRequest(method, url, [*(each for each in own if each[0].lower() not in names), *headers], content)
