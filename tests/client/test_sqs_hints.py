"""SqsHints: boto3's own client receives and deletes the messages of a queue on loopback."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import boto3
import pytest

from tests.support.samples import MINE, STACK
from unisync import Backoff, InvalidArgumentError, Unisync, aws_events
from unisync._core.clock import SystemClock
from unisync._waiters import waiters
from unisync.aws_events import SqsHints
from unisync.emulator import ACCOUNT, REGION, Emulator


class Queue:
    """A queue that answers ReceiveMessage and DeleteMessageBatch, and holds requests until there are messages."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.error: tuple[int, str] | None = None
        self.changed = threading.Condition()
        self.is_closed = False
        queue = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                operation = self.headers["X-Amz-Target"].partition(".")[2]
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, response = queue.answer(operation, request)
                body = json.dumps(response).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self.changed:
            self.requests.append((operation, request))
            self.changed.notify_all()
            if self.error is not None:
                return self.error[0], {"__type": f"com.amazonaws.sqs#{self.error[1]}", "message": "no"}
            if operation == "ReceiveMessage":
                self.changed.wait_for(lambda: self.bodies or self.is_closed)
                messages = [
                    {"MessageId": str(number), "ReceiptHandle": f"receipt {number}", "Body": body}
                    for number, body in enumerate(self.bodies)
                ]
                self.bodies = []
                return 200, {"Messages": messages}
            return 200, {"Successful": [{"Id": each["Id"]} for each in request["Entries"]], "Failed": []}

    def send(self, *bodies: str) -> None:
        with self.changed:
            self.bodies += bodies
            self.changed.notify_all()

    def wait_for(self, is_true: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(is_true, timeout=20)

    def count(self, operation: str) -> int:
        return sum(each == operation for each, _ in self.requests)

    def close(self) -> None:
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def queue() -> Iterator[Queue]:
    queue = Queue()
    thread = threading.Thread(target=queue.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield queue
    queue.close()
    thread.join()


@pytest.fixture
def hints(queue: Queue) -> Iterator[SqsHints]:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/hints"
    with SqsHints(url, session, endpoint_url=queue.url) as found:
        yield found


EVENT = json.dumps(
    {
        "source": "aws.codeconnections",
        "detail-type": "Git Sync Resource Sync Status Change",
        "account": ACCOUNT,
        "region": REGION,
        "detail": {
            "status": "SUCCEEDED",
            "syncType": "CFN_STACK_SYNC",
            "syncTarget": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/payments-prod/1",
        },
    }
)


def test_an_event_in_the_queue_ends_the_pause_of_a_wait(
    aws: Emulator, queue: Queue, hints: SqsHints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiters, "MIN_HINT_INTERVAL", 0.01)
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=MINE, duration=3.0)

    def on_progress(progress: Any) -> None:
        aws.clock.advance(1000)
        queue.send("no event", json.dumps({"source": "aws.ec2", "detail-type": "other"}), '{"detail-type": 5}', EVENT)

    options: dict[str, Any] = {**aws.client_options(), "clock": SystemClock()}
    with Unisync(**options, hints=hints) as client:
        backoff = Backoff(initial=600, maximum=600)
        job = client.wait_until_active(STACK, revision=MINE, timeout=7200, backoff=backoff, on_progress=on_progress)
    assert job.require_live().sha == MINE
    queue.wait_for(lambda: queue.count("DeleteMessageBatch") == 1)
    receive = next(request for operation, request in queue.requests if operation == "ReceiveMessage")
    assert receive == {
        "QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/hints",
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 20,
    }
    delete = next(request for operation, request in queue.requests if operation == "DeleteMessageBatch")
    assert [each["ReceiptHandle"] for each in delete["Entries"]] == [f"receipt {number}" for number in range(4)]


def test_nothing_is_received_before_there_is_a_wait_or_after_it(queue: Queue, hints: SqsHints) -> None:
    assert queue.requests == []
    listener = hints.listener(STACK)
    queue.send(EVENT)
    queue.wait_for(lambda: queue.count("ReceiveMessage") == 2)
    assert listener.is_set()
    del listener
    (thread,) = (each for each in threading.enumerate() if each.name == "unisync-hints")
    queue.send(EVENT)
    thread.join(20)
    assert not thread.is_alive()
    again = hints.listener(STACK)
    queue.send(EVENT)
    queue.wait_for(lambda: queue.count("DeleteMessageBatch") == 3)
    assert again.is_set()


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDeniedException"), (400, "QueueDoesNotExist")])
def test_a_queue_that_cannot_be_read_is_logged_once(
    queue: Queue,
    hints: SqsHints,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
) -> None:
    monkeypatch.setattr(aws_events, "_FAILED", Backoff(initial=0.01, maximum=0.01))
    queue.error = status, code
    with caplog.at_level(logging.WARNING, "unisync"):
        listener = hints.listener(STACK)
        queue.wait_for(lambda: queue.count("ReceiveMessage") >= 2)
        queue.error = None
        queue.send(EVENT)
        queue.wait_for(lambda: queue.count("DeleteMessageBatch") == 1)
    assert listener.is_set()
    assert [record.getMessage() for record in caplog.records] == [f"no hints from the queue: {code}"]


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/hints", "eu-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/hints", "cn-north-1"),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/hints", "eu-west-1"),
        ("https://queue.amazonaws.com/123456789012/hints", "us-east-1"),
        ("https://sqs-fips.us-east-2.amazonaws.com/123456789012/hints", "us-east-2"),
        ("https://sqs.eu-west-1.api.aws/123456789012/hints", "eu-west-1"),
        ("https://SQS.EU-WEST-1.AMAZONAWS.COM/123456789012/hints", "eu-west-1"),
        ("https://sqs.cn-north-1.api.amazonwebservices.com.cn/123456789012/hints", "cn-north-1"),
        ("https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com/123456789012/hints", "eu-west-1"),
        ("http://127.0.0.1:4566/123456789012/hints", None),
    ],
)
def test_the_region_is_that_of_the_url(url: str, region: str | None) -> None:
    from unisync._botocore.queue import Queue as OfSqs

    assert OfSqs(url, None, None, None).region_name == region
    assert OfSqs(url, None, "us-east-1", None).region_name == "us-east-1"


def test_both_variables_name_the_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from unisync._botocore.queue import Queue as OfSqs

    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    profile = tmp_path / "config"
    profile.write_text("[default]\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profile))
    queue = OfSqs("http://127.0.0.1:4566/123456789012/hints", None, None, None)
    assert queue._create_client().meta.region_name == "eu-west-1", "as a client's, before the profile"


def test_what_is_no_session_is_rejected() -> None:
    with pytest.raises(InvalidArgumentError, match="session: expected a boto3 session, got 5"):
        SqsHints("https://sqs.eu-west-1.amazonaws.com/123456789012/hints", cast("Any", 5))


@pytest.mark.parametrize(
    "wrong", ["https://", "https://?", "hints", "arn:aws:sqs:eu-west-1:123456789012:hints", None, 5]
)
def test_the_queue_must_be_a_url(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="queue_url: expected the URL of a queue"):
        SqsHints(wrong)
