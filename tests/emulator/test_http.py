"""HTTP itself: connections kept, requests in pieces, and what is no request at all."""

from __future__ import annotations

import socket
import time

import pytest

from tests.emulator.clients import (
    REQUESTS,
    ROLE,
    as_bytes,
    connection,
    raw,
    read_all,
    send,
    signed,
    signed_json,
)
from unisync.emulator import Emulator
from unisync.emulator._protocol.message import Request

STACK = REQUESTS["codeconnections", "GetSyncConfiguration"]


def request() -> Request:
    return signed_json("codeconnections", "GetSyncConfiguration", STACK)


def with_headers(sent: Request, **headers: str) -> Request:
    return Request(sent.method, sent.target, {**sent.headers, **headers}, sent.body)


def alive(aws: Emulator) -> bool:
    with connection(aws.url) as opened:
        return send(opened, request()).status == 200


def test_a_connection_is_kept(furnished: Emulator) -> None:
    with connection(furnished.url) as opened:
        opened.connect()
        first = opened.sock
        for _ in range(3):
            response = send(opened, request())
            assert response.status == 200
            assert response.read()
            assert opened.sock is first


def test_a_connection_is_closed_when_asked(furnished: Emulator) -> None:
    with raw(furnished.url) as opened:
        opened.sendall(as_bytes(with_headers(request(), connection="close")))
        answer = read_all(opened)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer.lower()


def test_http_1_0_is_answered_and_closed(furnished: Emulator) -> None:
    with raw(furnished.url) as opened:
        opened.sendall(as_bytes(request()).replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1))
        assert b" 200 " in read_all(opened)


def test_requests_may_be_sent_before_the_last_is_answered(furnished: Emulator) -> None:
    last = as_bytes(with_headers(request(), connection="close"))
    with raw(furnished.url) as opened:
        opened.sendall(as_bytes(request()) * 2 + last)
        answers = read_all(opened)
    assert answers.count(b"HTTP/1.1 200") == 3
    assert len(furnished.calls) == 3


def test_a_request_may_come_byte_by_byte(furnished: Emulator) -> None:
    with raw(furnished.url) as opened:
        for byte in as_bytes(with_headers(request(), connection="close")):
            opened.sendall(bytes([byte]))
        assert read_all(opened).startswith(b"HTTP/1.1 200")


def test_a_request_may_come_in_chunks(furnished: Emulator) -> None:
    sent = with_headers(request(), connection="close", **{"transfer-encoding": "chunked"})
    head = as_bytes(sent).partition(b"\r\n\r\n")[0].replace(f"content-length: {len(sent.body)}\r\n".encode(), b"")
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"content-length"))
    half = len(sent.body) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (sent.body[:half], sent.body[half:]))
    with raw(furnished.url) as opened:
        opened.sendall(head + b"\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert read_all(opened).startswith(b"HTTP/1.1 200")
    assert furnished.calls[-1].params == STACK


def test_a_client_that_expects_to_be_told_is_told_to_go_on(furnished: Emulator) -> None:
    sent = with_headers(request(), expect="100-continue", connection="close")
    head, _, body = as_bytes(sent).partition(b"\r\n\r\n")
    with raw(furnished.url) as opened:
        opened.sendall(head + b"\r\n\r\n")
        assert opened.recv(65536).startswith(b"HTTP/1.1 100")
        opened.sendall(body)
        assert read_all(opened).startswith(b"HTTP/1.1 200")


def test_a_client_that_says_it_has_no_more_to_send_gets_its_answer(furnished: Emulator) -> None:
    with raw(furnished.url) as opened:
        opened.sendall(as_bytes(request()))
        opened.shutdown(socket.SHUT_WR)
        assert read_all(opened).startswith(b"HTTP/1.1 200")


def test_a_large_body_is_read_whole(furnished: Emulator) -> None:
    with connection(furnished.url) as opened:
        sent = signed_json("codeconnections", "GetSyncConfiguration", {**STACK, "Unknown": "x" * 2_000_000})
        assert send(opened, sent).status == 200


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
def test_what_is_no_request_is_a_bad_one(furnished: Emulator, junk: bytes) -> None:
    with raw(furnished.url) as opened:
        opened.sendall(junk)
        assert read_all(opened).startswith(b"HTTP/1.1 400")
    assert alive(furnished)


def test_what_follows_a_good_request_may_be_bad(furnished: Emulator) -> None:
    with raw(furnished.url) as opened:
        opened.sendall(as_bytes(request()) + b"nonsense\r\n\r\n")
        answers = read_all(opened)
    assert answers.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 400" in answers


def test_headers_without_end_are_refused(furnished: Emulator) -> None:
    with raw(furnished.url) as opened:
        opened.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"x" * (256 * 1024 - 100))
        # What is still unread when the server closes would cost us its answer.
        time.sleep(0.05)
        opened.sendall(b"x" * 200)
        assert read_all(opened).startswith(b"HTTP/1.1 431")
    assert alive(furnished)


def test_a_client_may_leave_in_the_middle(furnished: Emulator) -> None:
    for part in (b"", b"POST / HT", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf"):
        with raw(furnished.url) as opened:
            opened.sendall(part)
    assert alive(furnished)


@pytest.mark.parametrize("target", ["http://[bad/", "*", "/%zz?%zz", "/sync-jobs/%ff", "http://"])
def test_an_odd_target_is_an_unknown_operation_or_unsigned(furnished: Emulator, target: str) -> None:
    with raw(furnished.url) as opened:
        opened.sendall(f"GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode())
        answer = read_all(opened)
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 403"))


def test_a_head_request_has_no_body_and_keeps_the_connection(furnished: Emulator) -> None:
    with connection(furnished.url) as opened:
        opened.request("HEAD", "/")
        response = opened.getresponse()
        assert (response.status, response.read()) == (404, b"")
        assert send(opened, request()).status == 200


def test_a_header_sent_twice_is_signed_as_one(furnished: Emulator) -> None:
    path = "/workspaces/factory/sync-jobs/SITEWISE"
    body = b'{"syncRole":"%s"}' % ROLE.encode()
    sent = signed("iottwinmaker", target=path, body=body, headers={"x-amz-meta": "one,two"})
    head = as_bytes(with_headers(sent, connection="close")).replace(
        b"x-amz-meta: one,two", b"x-amz-meta: one\r\nx-amz-meta: two"
    )
    with raw(furnished.url) as opened:
        opened.sendall(head)
        assert read_all(opened).startswith(b"HTTP/1.1 200")
