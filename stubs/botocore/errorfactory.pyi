from collections.abc import Mapping

from botocore.exceptions import ClientError as _ClientError

class BaseClientExceptions:
    ClientError: type[_ClientError]
    def __init__(self, code_to_exception: Mapping[str, type[_ClientError]]) -> None: ...
    def from_code(self, error_code: str) -> type[_ClientError]: ...
