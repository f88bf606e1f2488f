"""What the emulator's tests share: unmodified boto3 clients, in JSON and in CBOR, and an emulator without a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from botocore.loaders import Loader

from tests.emulator.clients import SPEAKS_CBOR, Clients, furnish, session_with
from unisync.emulator import ACCOUNT, Emulator, EmulatorClock
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator.application import Application


@pytest.fixture
def boto(aws: Emulator) -> Iterator[Clients]:
    """boto3's clients of the emulator."""
    with Clients(aws.url) as clients:
        yield clients


@pytest.fixture
def furnished(aws: Emulator) -> Emulator:
    """The emulator with one of everything."""
    furnish(aws)
    return aws


@pytest.fixture
def application() -> Application:
    """An empty emulator without a socket, on a clock moved by hand."""
    return Application(EmulatorClock(None))


@pytest.fixture(scope="session")
def cbor_session(tmp_path_factory: pytest.TempPathFactory) -> boto3.Session:
    """A session whose CodeConnections speaks CBOR: AWS's own model, with JSON struck off its list of protocols."""
    if not SPEAKS_CBOR:
        pytest.skip("the installed botocore's model of CodeConnections has no CBOR")
    data = tmp_path_factory.mktemp("models")
    model = Loader().load_service_model("codeconnections", "service-2")
    metadata = {**model["metadata"], "protocols": ["smithy-rpc-v2-cbor"]}
    path = data / "codeconnections" / model["metadata"]["apiVersion"] / "service-2.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**model, "metadata": metadata}))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_DATA_PATH", str(data))
        session = session_with(access_key_of(ACCOUNT), secret_of(ACCOUNT))
        # The variable is read when the loader is made, and that is otherwise left to the first client.
        session._session.get_component("data_loader")
    return session


@pytest.fixture
def cbor(aws: Emulator, cbor_session: boto3.Session) -> Iterator[Clients]:
    """The same clients, CodeConnections in CBOR."""
    with Clients(aws.url, session=cbor_session) as clients:
        yield clients
