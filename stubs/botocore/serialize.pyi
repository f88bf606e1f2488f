from collections.abc import Mapping
from typing import Any, Protocol

from botocore.model import OperationModel

# What all serializers have in common.
class _Serializer(Protocol):
    def serialize_to_request(
        self, parameters: Mapping[str, object], operation_model: OperationModel
    ) -> dict[str, Any]: ...

def create_serializer(protocol_name: str, include_validation: bool = True) -> _Serializer: ...
