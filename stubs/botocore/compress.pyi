from typing import Any

from botocore.config import Config
from botocore.model import OperationModel

def maybe_compress_request(config: Config, request_dict: dict[str, Any], operation_model: OperationModel) -> None: ...
