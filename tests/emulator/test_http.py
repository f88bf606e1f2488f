"""HTTP: persistent connections, requests in pieces, and malformed requests."""

from __future__ import annotations

import socket
import time

import pytest

from tests.emulator.clients import as_bytes, connect, open_socket, read_all, send, signed, signed_json
from tests.emulator.resources import REQUESTS, ROLE
from unisync.emulator import Emulator
from unisync.emulator._protocol.message import Request

STACK = REQUESTS["codeconnections", "GetSyncConfiguration"]


def new_request() -> Request:
    return signed_json("codeconnections", "GetSyncConfiguration", STACK)


def with_headers(request: Request, **headers: str) -> Request:
    return Request(request.method, request.target, {**request.headers, **headers}, request.body)


def is_serving(aws: Emulator) -> bool:
    with connect(aws.url) as connection:
        return send(connection, new_request()).status == 200


def test_a_connection_is_reused(populated: Emulator) -> None:
    with connect(populated.url) as connection:
        connection.connect()
        first = connection.sock
        for _ in range(3):
            response = send(connection, new_request())
            assert response.status == 200
            assert response.read()
            assert connection.sock is first


def test_a_connection_is_closed_on_request(populated: Emulator) -> None:
    with open_socket(populated.url) as sock:
        sock.sendall(as_bytes(with_headers(new_request(), connection="close")))
        response = read_all(sock)
    assert response.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in response.lower()


def test_http_1_0_is_supported(populated: Emulator) -> None:
    with open_socket(populated.url) as sock:
        sock.sendall(as_bytes(new_request()).replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1))
        assert b" 200 " in read_all(sock)


def test_requests_may_be_pipelined(populated: Emulator) -> None:
    last = as_bytes(with_headers(new_request(), connection="close"))
    with open_socket(populated.url) as sock:
        sock.sendall(as_bytes(new_request()) * 2 + last)
        responses = read_all(sock)
    assert responses.count(b"HTTP/1.1 200") == 3
    assert len(populated.calls) == 3


def test_a_request_may_arrive_byte_by_byte(populated: Emulator) -> None:
    with open_socket(populated.url) as sock:
        for byte in as_bytes(with_headers(new_request(), connection="close")):
            sock.sendall(bytes([byte]))
        assert read_all(sock).startswith(b"HTTP/1.1 200")


def test_a_request_may_be_chunked(populated: Emulator) -> None:
    request = with_headers(new_request(), connection="close", **{"transfer-encoding": "chunked"})
    head = as_bytes(request).partition(b"\r\n\r\n")[0].replace(f"content-length: {len(request.body)}\r\n".encode(), b"")
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"content-length"))
    half = len(request.body) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (request.body[:half], request.body[half:]))
    with open_socket(populated.url) as sock:
        sock.sendall(head + b"\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert read_all(sock).startswith(b"HTTP/1.1 200")
    assert populated.calls[-1].params == STACK


def test_expect_100_continue_is_supported(populated: Emulator) -> None:
    request = with_headers(new_request(), expect="100-continue", connection="close")
    head, _, body = as_bytes(request).partition(b"\r\n\r\n")
    with open_socket(populated.url) as sock:
        sock.sendall(head + b"\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 100")
        sock.sendall(body)
        assert read_all(sock).startswith(b"HTTP/1.1 200")


def test_a_half_closed_connection_gets_its_response(populated: Emulator) -> None:
    with open_socket(populated.url) as sock:
        sock.sendall(as_bytes(new_request()))
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).startswith(b"HTTP/1.1 200")


def test_a_large_body_is_read_completely(populated: Emulator) -> None:
    with connect(populated.url) as connection:
        request = signed_json("codeconnections", "GetSyncConfiguration", {**STACK, "Unknown": "x" * 2_000_000})
        assert send(connection, request).status == 200


@pytest.mark.parametrize(
    "junk",
    [
        b"\r\n\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=repr,
)
def test_a_malformed_request_is_a_400(populated: Emulator, junk: bytes) -> None:
    with open_socket(populated.url) as sock:
        sock.sendall(junk)
        assert read_all(sock).startswith(b"HTTP/1.1 400")
    assert is_serving(populated)


def test_a_malformed_request_after_a_valid_one_is_a_400(populated: Emulator) -> None:
    with open_socket(populated.url) as sock:
        sock.sendall(as_bytes(new_request()) + b"nonsense\r\n\r\n")
        responses = read_all(sock)
    assert responses.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 400" in responses


def test_too_large_headers_are_a_431(populated: Emulator) -> None:
    with open_socket(populated.url) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"x" * (256 * 1024 - 100))
        # The response would be lost if the server closed the connection with unread data.
        time.sleep(0.05)
        sock.sendall(b"x" * 200)
        assert read_all(sock).startswith(b"HTTP/1.1 431")
    assert is_serving(populated)


def test_a_client_may_disconnect_during_a_request(populated: Emulator) -> None:
    for part in (b"", b"POST / HT", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf"):
        with open_socket(populated.url) as sock:
            sock.sendall(part)
    assert is_serving(populated)


@pytest.mark.parametrize("target", ["http://[bad/", "*", "/%zz?%zz", "/sync-jobs/%ff", "http://"])
def test_an_odd_target_is_a_404_or_403(populated: Emulator, target: str) -> None:
    with open_socket(populated.url) as sock:
        sock.sendall(f"GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode())
        response = read_all(sock)
    assert response.startswith((b"HTTP/1.1 404", b"HTTP/1.1 403"))


def test_a_head_request_has_no_body_and_keeps_the_connection(populated: Emulator) -> None:
    with connect(populated.url) as connection:
        connection.request("HEAD", "/")
        response = connection.getresponse()
        assert (response.status, response.read()) == (404, b"")
        assert send(connection, new_request()).status == 200


def test_a_repeated_header_is_signed_as_one(populated: Emulator) -> None:
    path = "/workspaces/factory/sync-jobs/SITEWISE"
    body = b'{"syncRole":"%s"}' % ROLE.encode()
    request = signed("iottwinmaker", target=path, body=body, headers={"x-amz-meta": "one,two"})
    head = as_bytes(with_headers(request, connection="close")).replace(
        b"x-amz-meta: one,two", b"x-amz-meta: one\r\nx-amz-meta: two"
    )
    with open_socket(populated.url) as sock:
        sock.sendall(head)
        assert read_all(sock).startswith(b"HTTP/1.1 200")
