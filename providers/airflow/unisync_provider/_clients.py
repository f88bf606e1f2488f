"""Awaitable clients that the triggers of a process share: one for each event loop and connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from unisync import AsyncFleet, AsyncUnisync
    from unisync_provider.hooks.unisync import UnisyncHook


@dataclass
class _Shared:
    client: asyncio.Task[AsyncUnisync | AsyncFleet]
    users: int = field(default=0)


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, _Shared]] = WeakKeyDictionary()


def count() -> int:
    """How many clients there are on the running event loop."""
    return len(_shared.get(asyncio.get_running_loop(), ()))


@asynccontextmanager
async def shared_client(
    hook: UnisyncHook, role_arns: Sequence[str], key: Hashable
) -> AsyncIterator[AsyncUnisync | AsyncFleet]:
    """
    Yield the client that all triggers with the same connection use. It is closed with its last user.

    Each trigger reads the connection as it begins: one that was changed, such as by new keys, has another client.

    :param hook: Makes the client, if there is none yet.
    :param role_arns: The ARNs of the roles of a fleet.
    :param key: What the client depends on.
    """
    clients = _shared.setdefault(asyncio.get_running_loop(), {})
    key = key, await hook.fingerprint()
    shared = clients.get(key)
    if shared is None:
        making = hook.async_fleet(role_arns) if role_arns else hook.get_async_conn()
        shared = clients[key] = _Shared(asyncio.ensure_future(making))
    shared.users += 1
    try:
        # A trigger that is cancelled meanwhile does not cancel the others' client.
        yield await asyncio.shield(shared.client)
    finally:
        shared.users -= 1
        if not shared.users and clients.get(key) is shared:
            del clients[key]
            await _close(shared.client)


async def _close(making: asyncio.Task[AsyncUnisync | AsyncFleet]) -> None:
    try:
        client = await making
    except Exception:  # its users have raised it
        return
    await client.close()
