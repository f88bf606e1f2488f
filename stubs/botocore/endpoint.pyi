from collections.abc import Mapping
from typing import Any, Protocol

from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.hooks import BaseEventHooks
from botocore.model import OperationModel
from botocore.parsers import ResponseDict, ResponseParserFactory

DEFAULT_TIMEOUT: int
MAX_POOL_CONNECTIONS: int

def convert_to_response_dict(http_response: AWSResponse, operation_model: OperationModel) -> ResponseDict: ...

# How an endpoint sends requests: a URLLib3Session, or a replacement.
class _HTTPSession(Protocol):
    def send(self, request: AWSPreparedRequest) -> AWSResponse: ...
    def close(self) -> None: ...

class Endpoint:
    host: str
    http_session: _HTTPSession
    def __init__(
        self,
        host: str,
        endpoint_prefix: str,
        event_emitter: BaseEventHooks,
        response_parser_factory: ResponseParserFactory | None = None,
        http_session: _HTTPSession | None = None,
    ) -> None: ...
    def close(self) -> None: ...
    def make_request(
        self, operation_model: OperationModel, request_dict: dict[str, Any]
    ) -> tuple[AWSResponse, dict[str, Any]]: ...
    def create_request(
        self, params: Mapping[str, Any], operation_model: OperationModel | None = None
    ) -> AWSPreparedRequest: ...
    def prepare_request(self, request: AWSRequest) -> AWSPreparedRequest: ...
