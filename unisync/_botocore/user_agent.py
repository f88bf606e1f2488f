"""The User-Agent: composed once for each set of features that calls use; botocore composes it twice a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.context import get_context

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from botocore.client import BaseClient


class UserAgent:
    """The User-Agent of a client's calls. It takes the place of botocore's handler that completes it.

    Args:
        client: The client of botocore's.
    """

    def __init__(self, client: BaseClient) -> None:
        self._composed: dict[frozenset[str], str] = {}
        self._plain: str = client.meta.config.user_agent or ""
        self._creator: Any = getattr(client, "_user_agent_creator", None)
        handler = getattr(self._creator, "rebuild_and_replace_user_agent_handler", None)
        if handler is None:
            self._creator = None
            return
        event = f"request-created.{client.meta.service_model.service_id.hyphenize()}"
        client.meta.events.unregister(event, handler)
        client.meta.events.register(event, self.handler)

    def text(self) -> str:
        """The User-Agent with the features of the call that is being prepared."""
        if self._creator is None:
            return self._plain
        context = get_context()
        features = frozenset[str]() if context is None else frozenset(context.features)
        text = self._composed.get(features)
        if text is None:
            text = self._composed[features] = self._creator.to_string()
        return text

    def handler(self, request: AWSRequest, **_: object) -> None:
        """Complete the header: preparing a request may have used more features."""
        text = self.text()
        before = request.headers.get("User-Agent")
        if before and before != text:
            request.headers.replace_header("User-Agent", text)
