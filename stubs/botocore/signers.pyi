from typing import Any

from botocore.auth import BaseSigner
from botocore.awsrequest import AWSRequest

class RequestSigner:
    @property
    def region_name(self) -> str: ...
    @property
    def signature_version(self) -> Any: ...
    @property
    def signing_name(self) -> str: ...
    def handler(
        self, operation_name: str | None = None, request: AWSRequest | None = None, **kwargs: object
    ) -> None: ...
    def get_auth_instance(
        self, signing_name: str, region_name: str, signature_version: Any = None, **kwargs: Any
    ) -> BaseSigner: ...
