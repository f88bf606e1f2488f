"""Fixtures of the emulator's tests: boto3 clients in JSON and in CBOR, and an application without a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from botocore.loaders import Loader

from tests.emulator.clients import HAS_CBOR, BotoClients, session_with
from tests.emulator.resources import populate
from unisync.emulator import ACCOUNT, Emulator, EmulatorClock
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator.application import Application


@pytest.fixture
def boto(aws: Emulator) -> Iterator[BotoClients]:
    """boto3 clients of the emulator."""
    with BotoClients(aws.url) as clients:
        yield clients


@pytest.fixture
def populated(aws: Emulator) -> Emulator:
    """The emulator with resources of every kind."""
    populate(aws)
    return aws


@pytest.fixture
def application() -> Application:
    """An empty application with a manual clock, without a socket."""
    return Application(EmulatorClock(None))


@pytest.fixture(scope="session")
def cbor_session(tmp_path_factory: pytest.TempPathFactory) -> boto3.Session:
    """A session whose CodeConnections clients use CBOR: their model lists no other protocol."""
    if not HAS_CBOR:
        pytest.skip("the installed botocore's model of CodeConnections has no CBOR")
    data = tmp_path_factory.mktemp("models")
    model = Loader().load_service_model("codeconnections", "service-2")
    metadata = {**model["metadata"], "protocols": ["smithy-rpc-v2-cbor"]}
    path = data / "codeconnections" / model["metadata"]["apiVersion"] / "service-2.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**model, "metadata": metadata}))
    loader = Loader(extra_search_paths=[str(data)])
    return session_with(access_key_of(ACCOUNT), secret_of(ACCOUNT), loader=loader)


@pytest.fixture
def cbor(aws: Emulator, cbor_session: boto3.Session) -> Iterator[BotoClients]:
    """boto3 clients of the emulator. The one of CodeConnections uses CBOR."""
    with BotoClients(aws.url, session=cbor_session) as clients:
        yield clients
