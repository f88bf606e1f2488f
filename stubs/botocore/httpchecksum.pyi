from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel

def resolve_checksum_context(
    request: dict[str, Any], operation_model: OperationModel, params: Mapping[str, object]
) -> None: ...
def apply_request_checksum(request: dict[str, Any]) -> None: ...
