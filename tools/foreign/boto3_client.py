"""Plain boto3, the newest or the oldest supported version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tools.foreign.client import AwsError, Document, Response


class Boto3:
    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        self.name, self.model = f"boto3 {boto3.__version__}", service
        session = boto3.Session(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
        # Any, since the methods are looked up by name.
        self._client: Any = session.client(service)
        self._methods: dict[str, str] = {
            operation: name for name, operation in self._client.meta.method_to_api_mapping.items()
        }

    def operations(self) -> set[str]:
        return set(self._methods)

    def call(self, operation: str, params: Mapping[str, object]) -> Response:
        try:
            document: Document = getattr(self._client, self._methods[operation])(**params)
        except ClientError as error:
            # boto3 creates a class for each error in AWS's model, named after its code.
            code = error.response.get("Error", {}).get("Code", "")
            raise AwsError(code, type(error).__name__ == code, str(error)) from error
        return Response(document, document.pop("ResponseMetadata")["HTTPHeaders"]["content-type"])

    def paginate(self, operation: str, params: Mapping[str, object], field: str) -> list[Document] | None:
        method = self._methods[operation]
        if not self._client.can_paginate(method):
            return None
        pages = self._client.get_paginator(method).paginate(PaginationConfig={"PageSize": 1}, **params)
        return [item for page in pages for item in page[field]]
