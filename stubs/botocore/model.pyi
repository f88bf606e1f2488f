from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

TypeName: TypeAlias = Literal[
    "structure",
    "list",
    "map",
    "string",
    "char",
    "integer",
    "long",
    "float",
    "double",
    "boolean",
    "blob",
    "timestamp",
]

# The TypedDicts and TypeName exist in these stubs only: import them under TYPE_CHECKING.

class ErrorTrait(TypedDict, total=False):
    code: str
    httpStatusCode: int
    senderFault: bool
    fault: bool

class RetryableTrait(TypedDict):
    throttling: bool

class ShapeMetadata(TypedDict, total=False):
    required: list[str]
    min: int
    max: int
    pattern: str
    sensitive: bool
    enum: list[str]
    idempotencyToken: bool
    error: ErrorTrait
    exception: bool
    retryable: RetryableTrait
    document: bool
    union: bool
    contextParam: dict[str, str]
    requiresLength: bool

class Serialization(TypedDict, total=False):
    name: str
    location: Literal["uri", "querystring", "header", "headers", "statusCode"]
    payload: str
    streaming: bool
    flattened: bool
    timestampFormat: Literal["iso8601", "unixTimestamp", "rfc822"]
    jsonvalue: bool
    eventstream: bool
    hostLabel: bool

class ServiceMetadata(TypedDict):
    apiVersion: str
    endpointPrefix: str
    protocol: str
    protocols: NotRequired[list[str]]
    jsonVersion: NotRequired[str]
    serviceFullName: str
    serviceAbbreviation: NotRequired[str]
    serviceId: str
    signatureVersion: str
    signingName: NotRequired[str]
    targetPrefix: NotRequired[str]
    uid: str
    xmlNamespace: NotRequired[str]
    auth: NotRequired[list[str]]

class HttpTrait(TypedDict):
    method: str
    requestUri: str
    responseCode: NotRequired[int]

class EndpointTrait(TypedDict):
    hostPrefix: str

class NoShapeFoundError(Exception): ...
class InvalidShapeError(Exception): ...
class OperationNotFoundError(Exception): ...
class InvalidShapeReferenceError(Exception): ...

class ServiceId(str):
    def hyphenize(self) -> str: ...

class Shape:
    name: str
    type_name: TypeName
    documentation: str
    def __init__(
        self, shape_name: str, shape_model: Mapping[str, Any], shape_resolver: ShapeResolver | None = None
    ) -> None: ...
    @property
    def serialization(self) -> Serialization: ...
    @property
    def metadata(self) -> ShapeMetadata: ...
    @property
    def required_members(self) -> list[str]: ...
    @property
    def event_stream_name(self) -> str | None: ...

class StructureShape(Shape):
    @property
    def members(self) -> dict[str, Shape]: ...
    @property
    def error_code(self) -> str | None: ...
    @property
    def is_document_type(self) -> bool: ...
    @property
    def is_tagged_union(self) -> bool: ...

class ListShape(Shape):
    @property
    def member(self) -> Shape: ...

class MapShape(Shape):
    @property
    def key(self) -> Shape: ...
    @property
    def value(self) -> Shape: ...

class StringShape(Shape):
    @property
    def enum(self) -> list[str]: ...

class ServiceModel:
    metadata: ServiceMetadata
    signature_version: str | None
    def __init__(self, service_description: Mapping[str, Any], service_name: str | None = None) -> None: ...
    def shape_for(self, shape_name: str, member_traits: Mapping[str, Any] | None = None) -> Shape: ...
    def shape_for_error_code(self, error_code: str) -> StructureShape | None: ...
    def resolve_shape_ref(self, shape_ref: Mapping[str, Any]) -> Shape: ...
    @property
    def shape_names(self) -> list[str]: ...
    @property
    def error_shapes(self) -> list[StructureShape]: ...
    def operation_model(self, operation_name: str) -> OperationModel: ...
    @property
    def documentation(self) -> str: ...
    @property
    def operation_names(self) -> list[str]: ...
    @property
    def service_name(self) -> str: ...
    @property
    def service_id(self) -> ServiceId: ...
    @property
    def signing_name(self) -> str: ...
    @property
    def api_version(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def protocols(self) -> list[str]: ...
    @property
    def resolved_protocol(self) -> str: ...
    @property
    def endpoint_prefix(self) -> str: ...
    @property
    def is_query_compatible(self) -> bool: ...

class OperationModel:
    metadata: ServiceMetadata
    http: HttpTrait
    def __init__(
        self, operation_model: Mapping[str, Any], service_model: ServiceModel, name: str | None = None
    ) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def wire_name(self) -> str: ...
    @property
    def service_model(self) -> ServiceModel: ...
    @property
    def documentation(self) -> str: ...
    @property
    def deprecated(self) -> bool: ...
    @property
    def input_shape(self) -> StructureShape | None: ...
    @property
    def output_shape(self) -> StructureShape | None: ...
    @property
    def idempotent_members(self) -> list[str]: ...
    @property
    def auth(self) -> list[str] | None: ...
    @property
    def auth_type(self) -> str | None: ...
    @property
    def resolved_auth_type(self) -> str | None: ...
    @property
    def unsigned_payload(self) -> bool | None: ...
    @property
    def http_checksum(self) -> dict[str, Any]: ...
    @property
    def http_checksum_required(self) -> bool: ...
    @property
    def request_compression(self) -> dict[str, Any] | None: ...
    @property
    def static_context_parameters(self) -> list[object]: ...
    @property
    def context_parameters(self) -> list[object]: ...
    @property
    def operation_context_parameters(self) -> list[object]: ...
    @property
    def error_shapes(self) -> list[StructureShape]: ...
    @property
    def endpoint(self) -> EndpointTrait | None: ...
    @property
    def has_streaming_input(self) -> bool: ...
    @property
    def has_streaming_output(self) -> bool: ...
    @property
    def has_event_stream_input(self) -> bool: ...
    @property
    def has_event_stream_output(self) -> bool: ...

class ShapeResolver:
    def __init__(self, shape_map: Mapping[str, Any]) -> None: ...
    def get_shape_by_name(self, shape_name: str, member_traits: Mapping[str, Any] | None = None) -> Shape: ...
    def resolve_shape_ref(self, shape_ref: Mapping[str, Any]) -> Shape: ...
