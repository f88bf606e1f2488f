"""Plain boto3, new or old."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tools.foreign.client import AwsError, Document, Reply


class Boto3:
    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        self.name, self.model = f"boto3 {boto3.__version__}", service
        session = boto3.Session(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
        # Its methods are called by names that are known only here.
        self._client: Any = session.client(service)
        self._methods: dict[str, str] = {
            operation: name for name, operation in self._client.meta.method_to_api_mapping.items()
        }

    def operations(self) -> set[str]:
        return set(self._methods)

    def call(self, operation: str, params: Mapping[str, object]) -> Reply:
        try:
            document: Document = getattr(self._client, self._methods[operation])(**params)
        except ClientError as error:
            # boto3 makes a class of its own of each error in AWS's model.
            code = error.response.get("Error", {}).get("Code", "")
            raise AwsError(code, type(error).__name__ == code, str(error)) from error
        return Reply(document, document.pop("ResponseMetadata")["HTTPHeaders"]["content-type"])

    def turn_pages(self, operation: str, params: Mapping[str, object], member: str) -> list[Document] | None:
        method = self._methods[operation]
        if not self._client.can_paginate(method):
            return None
        pages = self._client.get_paginator(method).paginate(PaginationConfig={"PageSize": 1}, **params)
        return [item for page in pages for item in page[member]]
