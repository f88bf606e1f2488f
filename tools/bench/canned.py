"""A server that answers as AWS would, from memory: a process of its own, so that its work is in no figure.

It prints the port that it listens on, and ends when its standard input does. Given a certificate, it speaks TLS and
closes each connection after one answer. A Git sync has a long history, of 100
events in its latest attempt, if the request names `LONG`, and else a short one, of 4. The attempt that succeeded last
has 4 events in both. A stack whose name begins with `UNDER_WAY` has not come to the end of its latest attempt.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

SHORT, LONG, UNDER_WAY = "prod", "prod-100", "slow-"
"""Names of a service instance or a stack, and what one may begin with."""
FEW, MANY = 4, 100
"""How many events their latest attempts have."""

_NOON = 1_785_672_000
_EVENTS = (
    ("INITIATED", "The sync of revision {sha} was initiated"),
    ("FETCHED", "The deployment file was read from repository acme/infra, branch main"),
    ("STARTED", "The update to revision {sha} has started"),
    ("SUCCEEDED", "The update to revision {sha} has succeeded"),
)
_AWS_JSON = "application/x-amz-json-1.0"

_SYNC_JOB: Mapping[str, object] = {
    "arn": "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory/sync-job/SITEWISE",
    "workspaceId": "factory",
    "syncSource": "SITEWISE",
    "syncRole": "arn:aws:iam::123456789012:role/sync",
    "status": {"state": "ACTIVE", "error": {}},
    "creationDateTime": _NOON - 86_400.5,
    "updateDateTime": _NOON + 0.25,
}


class _GitSync:
    """The answer of a service that says how a Git sync stands: Proton's, or CodeConnections' with its capitals."""

    def __init__(self, capitals: bool) -> None:
        self._capitals = capitals

    def answer(self, events: int, status: str = "SUCCEEDED") -> Mapping[str, object]:
        first, second, third = "3" * 40, "7" * 40, "c" * 40
        return self._spelt(
            desiredState=self._revision(third),
            latestSync=self._attempt(events, second, third, _NOON, status),
            latestSuccessfulSync=self._attempt(FEW, first, second, _NOON - 86_400, "SUCCEEDED"),
        )

    def _attempt(self, events: int, before: str, after: str, began: int, status: str) -> Mapping[str, object]:
        return self._spelt(
            startedAt=began + 0.125,
            status=status,
            target="arn:aws:proton:eu-west-1:123456789012:service/web/service-instance/prod",
            initialRevision=self._revision(before),
            targetRevision=self._revision(after),
            events=[self._event(index, after, began) for index in range(events)],
        )

    def _event(self, index: int, sha: str, began: int) -> Mapping[str, object]:
        kind, text = _EVENTS[index % len(_EVENTS)]
        return self._spelt(
            type=kind,
            event=text.format(sha=sha),
            time=began + index + 0.512,
            externalId=f"1f0c9a52-6f3e-4a0e-9b1d-{index:012d}",
        )

    def _revision(self, sha: str) -> Mapping[str, object]:
        if self._capitals:
            place = {"ownerId": "acme", "repositoryName": "infra", "providerType": "GitHub"}
        else:
            place = {"repositoryName": "acme/infra", "repositoryProvider": "GITHUB"}
        return self._spelt(**place, branch="main", directory="deploy/prod", sha=sha)

    def _spelt(self, **members: object) -> Mapping[str, object]:
        return {name[0].upper() + name[1:]: value for name, value in members.items()} if self._capitals else members


def _reply(body: Mapping[str, object], kind: str, status: str = "200 OK") -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status}\r\n"
        "x-amzn-RequestId: 8d3c1f6e-5d5b-4d5e-9c53-1b0f6a1c2d3e\r\n"
        f"Content-Type: {kind}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class _Replies:
    def __init__(self) -> None:
        self._sync_job = _reply(_SYNC_JOB, "application/json")
        self._git_syncs = {
            (capitals, events): _reply(_GitSync(capitals).answer(events), _AWS_JSON)
            for capitals in (False, True)
            for events in (FEW, MANY)
        }
        self._under_way = _reply(_GitSync(capitals=True).answer(FEW - 1, "IN_PROGRESS"), _AWS_JSON)
        unblocked: Mapping[str, object] = {"SyncBlockerSummary": {"ResourceName": "any", "LatestBlockers": []}}
        self._unblocked = _reply(unblocked, _AWS_JSON)
        self._unknown = _reply({"__type": "UnknownOperationException"}, _AWS_JSON, "404 Not Found")
        self._long, self._slow = f'"{LONG}"'.encode(), f'"{UNDER_WAY}'.encode()

    def to(self, head: bytes, body: bytes) -> bytes:
        events = MANY if self._long in body else FEW
        if b".GetServiceInstanceSyncStatus\r\n" in head:
            return self._git_syncs[False, events]
        if b".GetResourceSyncStatus\r\n" in head:
            return self._under_way if self._slow in body else self._git_syncs[True, events]
        if b".GetSyncBlockerSummary\r\n" in head:
            return self._unblocked
        return self._sync_job if head.startswith(b"GET /sync-jobs/") else self._unknown


class _Connection(asyncio.Protocol):
    def __init__(self, replies: _Replies, delay: float, closes: bool) -> None:
        self._replies = replies
        self._delay = delay
        self._closes = closes
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        _, _, after = head.lower().partition(b"\r\ncontent-length:")
        length = int(after.partition(b"\r\n")[0] or 0)
        if len(rest) >= length:
            # The line's end is what an operation's name is told by, so the last line of the head gets one too.
            reply = self._replies.to(head + b"\r\n", rest[:length])
            self._received = rest[length:]
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._transport.write, reply)
            else:
                self._transport.write(reply)
            if self._closes:
                self._transport.close()


async def _serve(delay: float, certificate: str | None) -> None:
    loop = asyncio.get_running_loop()
    replies, tls = _Replies(), None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    server = await loop.create_server(
        lambda: _Connection(replies, delay, closes=tls is not None), "127.0.0.1", 0, ssl=tls, backlog=1000
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def served(delay: float = 0.0, certificate: Path | None = None) -> Generator[str]:
    """Serve in a process of its own, each answer after so many seconds; gives the address."""
    command = [sys.executable, "-m", "tools.bench.canned", "--delay", str(delay)]
    if certificate is not None:
        command += ["--certificate", str(certificate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{int(process.stdout.readline())}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve canned answers until standard input ends.")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that each answer takes")
    parser.add_argument("--certificate", help="speak TLS with it, and close each connection after one answer")
    options = parser.parse_args()
    asyncio.run(_serve(options.delay, options.certificate))
