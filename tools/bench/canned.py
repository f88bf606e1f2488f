"""A fake AWS that serves canned responses from memory, in its own process, so that its work is in no figure.

It prints the port that it listens on, and exits when its standard input is closed. With a certificate it speaks TLS and
closes each connection after one response. The latest attempt of a Git sync has 4 events, or 100 if the request names
`LONG`; the latest successful attempt always has 4. The latest attempt of a stack whose name starts with `IN_PROGRESS`
never ends.
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

SHORT, LONG, IN_PROGRESS = "prod", "prod-100", "slow-"
"""Two names of a service instance or a stack, and a prefix of such names."""
SHORT_EVENTS, LONG_EVENTS = 4, 100
"""How many events their latest attempts have."""
_LONG_JSON, _IN_PROGRESS_JSON = f'"{LONG}"'.encode(), f'"{IN_PROGRESS}'.encode()
"""How a request's JSON contains them."""

_NOON = 1_785_672_000
_EVENTS = (
    ("INITIATED", "The sync of revision {sha} was initiated"),
    ("FETCHED", "The deployment file was read from repository acme/infra, branch main"),
    ("STARTED", "The update to revision {sha} has started"),
    ("SUCCEEDED", "The update to revision {sha} has succeeded"),
)
_AWS_JSON = "application/x-amz-json-1.0"

_SYNC_JOB: Mapping[str, object] = {
    "arn": "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory/sync-job/SITEWISE-default",
    "workspaceId": "factory",
    "syncSource": "SITEWISE",
    "syncRole": "arn:aws:iam::123456789012:role/sync",
    "status": {"state": "ACTIVE", "error": {}},
    "creationDateTime": _NOON - 86_400.5,
    "updateDateTime": _NOON + 0.25,
}


class _GitSync:
    """The status of a Git sync, as Proton returns it, or in PascalCase as CodeConnections does."""

    def __init__(self, pascal_case: bool) -> None:
        self._pascal_case = pascal_case

    def document(self, events: int, status: str = "SUCCEEDED") -> Mapping[str, object]:
        first, second, third = "3" * 40, "7" * 40, "c" * 40
        return self._cased(
            desiredState=self._revision(third),
            latestSync=self._attempt(events, second, third, _NOON, status),
            latestSuccessfulSync=self._attempt(SHORT_EVENTS, first, second, _NOON - 86_400, "SUCCEEDED"),
        )

    def _attempt(self, events: int, initial: str, target: str, started: int, status: str) -> Mapping[str, object]:
        return self._cased(
            startedAt=started + 0.125,
            status=status,
            target="arn:aws:proton:eu-west-1:123456789012:service/web/service-instance/prod",
            initialRevision=self._revision(initial),
            targetRevision=self._revision(target),
            events=[self._event(index, target, started) for index in range(events)],
        )

    def _event(self, index: int, sha: str, started: int) -> Mapping[str, object]:
        kind, text = _EVENTS[index % len(_EVENTS)]
        return self._cased(
            type=kind,
            event=text.format(sha=sha),
            time=started + index + 0.512,
            externalId=f"1f0c9a52-6f3e-4a0e-9b1d-{index:012d}",
        )

    def _revision(self, sha: str) -> Mapping[str, object]:
        if self._pascal_case:
            repository = {"ownerId": "acme", "repositoryName": "infra", "providerType": "GitHub"}
        else:
            repository = {"repositoryName": "acme/infra", "repositoryProvider": "GITHUB"}
        return self._cased(**repository, branch="main", directory="deploy/prod", sha=sha)

    def _cased(self, **fields: object) -> Mapping[str, object]:
        return {name[0].upper() + name[1:]: value for name, value in fields.items()} if self._pascal_case else fields


def _response(body: Mapping[str, object], content_type: str, status: str = "200 OK") -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status}\r\n"
        "x-amzn-RequestId: 8d3c1f6e-5d5b-4d5e-9c53-1b0f6a1c2d3e\r\n"
        f"Content-Type: {content_type}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class _Responses:
    def __init__(self) -> None:
        self._sync_job = _response(_SYNC_JOB, "application/json")
        self._git_syncs = {
            (pascal_case, events): _response(_GitSync(pascal_case).document(events), _AWS_JSON)
            for pascal_case in (False, True)
            for events in (SHORT_EVENTS, LONG_EVENTS)
        }
        in_progress = _GitSync(pascal_case=True).document(SHORT_EVENTS - 1, "IN_PROGRESS")
        self._in_progress = _response(in_progress, _AWS_JSON)
        no_blockers: Mapping[str, object] = {"SyncBlockerSummary": {"ResourceName": "any", "LatestBlockers": []}}
        self._no_blockers = _response(no_blockers, _AWS_JSON)
        self._unknown = _response({"__type": "UnknownOperationException"}, _AWS_JSON, "404 Not Found")

    def to(self, head: bytes, body: bytes) -> bytes:
        """The response to a request. Each line of its head, the last one too, ends with CRLF."""
        events = LONG_EVENTS if _LONG_JSON in body else SHORT_EVENTS
        if b".GetServiceInstanceSyncStatus\r\n" in head:
            return self._git_syncs[False, events]
        if b".GetResourceSyncStatus\r\n" in head:
            return self._in_progress if _IN_PROGRESS_JSON in body else self._git_syncs[True, events]
        if b".GetSyncBlockerSummary\r\n" in head:
            return self._no_blockers
        return self._sync_job if head.startswith(b"GET /sync-jobs/") else self._unknown


class _Connection(asyncio.Protocol):
    def __init__(self, responses: _Responses, delay: float, close: bool) -> None:
        self._responses = responses
        self._delay = delay
        self._close = close
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        _, _, after = head.lower().partition(b"\r\ncontent-length:")
        length = int(after.partition(b"\r\n")[0] or 0)
        if len(rest) >= length:
            response = self._responses.to(head + b"\r\n", rest[:length])
            self._received = rest[length:]
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._transport.write, response)
            else:
                self._transport.write(response)
            if self._close:
                self._transport.close()


async def _serve(delay: float, certificate: str | None) -> None:
    loop = asyncio.get_running_loop()
    responses, tls = _Responses(), None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    server = await loop.create_server(
        lambda: _Connection(responses, delay, close=tls is not None), "127.0.0.1", 0, ssl=tls, backlog=1000
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def serve(delay: float = 0.0, certificate: Path | None = None) -> Generator[str]:
    """Run the server in its own process, with `delay` seconds before each response; yields its URL."""
    command = [sys.executable, "-m", "tools.bench.canned", "--delay", str(delay)]
    if certificate is not None:
        command += ["--certificate", str(certificate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{int(process.stdout.readline())}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve canned responses until standard input is closed.")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each response")
    parser.add_argument("--certificate", help="speak TLS with it, and close each connection after one response")
    options = parser.parse_args()
    asyncio.run(_serve(options.delay, options.certificate))
