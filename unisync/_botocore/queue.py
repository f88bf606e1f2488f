"""A queue of SQS: its messages, received by boto3's own client."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from unisync._botocore.environment import environment_region

if TYPE_CHECKING:
    from unisync._botocore.types import Boto3Session

RECEIVE_SECONDS = 20
"""Seconds that SQS holds a request until there is a message: the most that it allows."""
_BATCH_SIZE = 10
"""Messages for each request: the most that SQS allows."""
_REGION = re.compile(
    r"https?://(?:(?:vpce-[\w-]+\.)?sqs(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:(?:vpce\.)?amazonaws\.com|api\.aws"
    r"|api\.amazonwebservices\.com)|(?P<legacy>[a-z0-9-]+)\.queue\.amazonaws\.com)(?:\.cn)?/.*",
    re.IGNORECASE,
)


class QueueError(Exception):
    """A queue that could not be read. Its text is AWS's error code, or the kind of the failure."""


class Message(NamedTuple):
    """A message, and what deletes it."""

    body: str
    receipt: str


class Queue:
    """A queue. Its client is made at the first request.

    Args:
        url: Its URL.
        session: The boto3 session; by default one is made.
        region_name: Its region; by default that in its URL, or the session's.
        endpoint_url: Where to connect to instead of AWS.
    """

    def __init__(
        self, url: str, session: Boto3Session | None, region_name: str | None, endpoint_url: str | None
    ) -> None:
        self._url = url
        self._session = session
        self.region_name = region_name or _region_of(url)
        self._endpoint_url = endpoint_url
        self._client: Any = None

    def receive(self) -> list[Message]:
        """The next messages; none if there were none for `RECEIVE_SECONDS`.

        Raises:
            QueueError: It cannot be read.
        """
        try:
            self._client = self._client or self._create_client()
            response: dict[str, Any] = self._client.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=_BATCH_SIZE, WaitTimeSeconds=RECEIVE_SECONDS
            )
            return [Message(each.get("Body") or "", each["ReceiptHandle"]) for each in response.get("Messages") or ()]
        except Exception as error:  # whatever boto3 raises for a session or an endpoint that is not one
            raise _queue_error(error) from None

    def delete(self, messages: list[Message]) -> None:
        """Delete messages that were received.

        Raises:
            QueueError: They cannot be deleted, and will be received again.
        """
        entries = [{"Id": str(index), "ReceiptHandle": each.receipt} for index, each in enumerate(messages)]
        try:
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError) as error:
            raise _queue_error(error) from None

    def _create_client(self) -> Any:
        # Slow to import: a program that only parses events needs neither.
        import boto3
        from botocore.config import Config

        own: Any = self._session or boto3.Session(region_name=environment_region())
        return own.client(
            "sqs",
            region_name=self.region_name or own.region_name or environment_region(),
            endpoint_url=self._endpoint_url,
            config=Config(read_timeout=RECEIVE_SECONDS + 10, retries={"total_max_attempts": 1}),
        )


def _queue_error(error: Exception) -> QueueError:
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    return QueueError(code or type(error).__name__)


def _region_of(url: str) -> str | None:
    """The region in the URL of a queue."""
    if url.startswith(("https://queue.amazonaws.com/", "http://queue.amazonaws.com/")):
        return "us-east-1"
    found = _REGION.fullmatch(url)
    return None if found is None else (found["region"] or found["legacy"]).lower()
