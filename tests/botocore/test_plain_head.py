"""Plain heads of responses: what is read at a glance is what http.client reads."""

from __future__ import annotations

import http.client
import io
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from unisync._botocore.plain_head import PlainHead, plain_head

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-amzn-RequestId: 7\r\nContent-Length: 2\r\n\r\n{}"


class _StaysOpen(io.BufferedReader):
    """A file that http.client does not close at the end of the body, so that the rest can be read."""

    @override
    def close(self) -> None:
        pass


def read_by_http_client(received: bytes) -> tuple[int, list[tuple[str, str]], bytes, bytes]:
    """The status, the headers, the body as far as it was received, and what comes after it."""
    stream = io.BytesIO(received)

    class Socket:
        def makefile(self, _mode: str) -> Any:
            return _StaysOpen(cast("Any", stream))

    response = http.client.HTTPResponse(cast("Any", Socket()), method="POST")
    response.begin()
    assert not response.will_close
    file = cast("Any", response).fp
    try:
        body = response.read()
    except http.client.IncompleteRead as error:
        body = error.partial
    return response.status, response.headers.items(), body, file.read()


def test_what_comes_after_a_response_is_seen() -> None:
    assert read_by_http_client(PLAIN + b"HTTP/1.1 ")[3] == b"HTTP/1.1 "


@pytest.mark.parametrize("rest", [b"", b"{", b"{}", b"{}HTTP/1.1 "])
def test_a_plain_head(rest: bytes) -> None:
    headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", "7"), ("Content-Length", "2")]
    head = PLAIN.removesuffix(b"{}")
    assert plain_head(head + rest) == PlainHead(200, headers, len(head), 2)


def test_a_connection_that_is_kept() -> None:
    for value in (b"keep-alive", b"Keep-Alive"):
        assert plain_head(PLAIN.replace(b"x-amzn-RequestId: 7", b"Connection: " + value)) is not None


@pytest.mark.parametrize(
    "received",
    [
        b"",
        PLAIN.removesuffix(b"\n{}"),
        PLAIN[:40],
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN.replace(b"200", b"103"),
        PLAIN.replace(b"200", b"204"),
        PLAIN.replace(b"200", b"304"),
        PLAIN.replace(b"200", b"2000"),
        PLAIN.replace(b"Length: 2", b"Length: -2"),
        PLAIN.replace(b"Length: 2", b"Length: 2, 2"),
        PLAIN.replace(b"Length: 2", b"Length: 2\r\nContent-Length: 2"),
        PLAIN.replace(b"Length: 2", b"Length: " + b"9" * 5000),
        PLAIN.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked\r\nContent-Length: 2"),
        PLAIN.replace(b"x-amzn-RequestId", b"Content-Type"),
        PLAIN.replace(b"x-amzn-RequestId: 7", b"Connection: close"),
        PLAIN.replace(b"x-amzn-RequestId: 7", b"Connection: keep-alive, close"),
        PLAIN.replace(b"RequestId: 7", b"RequestId:\r\n 7"),
        PLAIN.replace(b"RequestId: 7", b"RequestId: \xe9"),
        PLAIN.replace(b"RequestId: 7", b"Request Id: 7"),
        PLAIN.replace(b"RequestId: 7", b"RequestId: 7\n"),
        PLAIN.replace(b"RequestId: 7", b"RequestId: 7\x00"),
        PLAIN.replace(b"\r\n", b"\n"),
        b"HTTP/1.1 200 OK\r\n\r\n{}",
    ],
)
def test_all_else_is_left_to_http_client(received: bytes) -> None:
    assert plain_head(received) is None


NAMES = st.sampled_from(["Date", "x-amzn-requestid", "Content-Length", "content-type", "Connection", "a"])
VALUES = st.sampled_from(["2", "0", "7", "close", "keep-alive", "a b", " a", "a ", "", "\u00b2", "a:b", "12"])
BODIES = st.sampled_from([b"", b"{}", b"{}\r\n", b"0123456789ab", b"{}HTTP/1.1 200 OK\r\n\r\n"])


@given(st.sampled_from([200, 400, 503, 99, 301]), st.lists(st.tuples(NAMES, VALUES), max_size=5), BODIES, st.data())
def test_what_is_read_at_a_glance_is_what_http_client_reads(
    status: int, headers: list[tuple[str, str]], body: bytes, data: st.DataObject
) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    received = f"HTTP/1.1 {status} OK\r\n{lines}\r\n".encode("latin-1") + body
    at = data.draw(st.integers(0, len(received)))
    received = received[:at] + data.draw(st.sampled_from([b"", b"\r\n", b" ", b":", b"\xff", b"5"])) + received[at:]
    found = plain_head(received)
    if found is not None:
        code, read, content, rest = read_by_http_client(received)
        end = found.size + found.length
        assert (found.status, found.headers, received[found.size : end]) == (code, read, content)
        assert received[end:] == rest
