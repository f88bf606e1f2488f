"""Whatever valid parameters boto3 serializes, the emulator parses the same values, in every protocol."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

import boto3
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.emulator.clients import HAS_CBOR, LocalClients, local_clients
from tests.emulator.strategies import Params, requests
from unisync.emulator._protocol.operations import SERVICES, service_model
from unisync.emulator.services import HANDLERS

pytestmark = pytest.mark.slow

# Without shrinking, which takes a minute with so many shapes. The examples are small anyway.
generate_only = settings(
    max_examples=max(1, settings().max_examples * 3 // 10),
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


def operations(service: str) -> st.SearchStrategy[str]:
    """Any operation of a service that needs a signature. Half of them are emulated ones."""
    model = service_model(service)
    every = [name for name in model.operation_names if model.operation_model(name).auth_type != "none"]
    return st.sampled_from(sorted(HANDLERS[service])) | st.sampled_from(every)


def check_round_trip(clients: LocalClients, service: str, operation: str, params: Params) -> None:
    application = clients.reset()
    # Nothing exists, and most operations are not emulated: only errors of the parser matter.
    error = clients.call(service, operation, params).get("error", {})
    assert error.get("Code") not in ("SerializationException", "InvalidSignatureException", "InternalFailure")
    assert "failed to satisfy constraint" not in error.get("Message", "")
    (call,) = application.calls
    assert (call.service, call.operation, call.params) == (service, operation, as_parsed(params))


def as_parsed(value: object) -> object:
    """The value that the emulator should parse: dates become seconds since 1970."""
    match value:
        case datetime():
            # Older botocore drops fractions of a second.
            return pytest.approx(value.timestamp(), abs=1e-6 if HAS_CBOR else 1)
        case dict():
            return {key: as_parsed(item) for key, item in cast("Mapping[str, object]", value).items()}
        case list():
            return [as_parsed(item) for item in cast("list[object]", value)]
        case _:
            return value


@pytest.mark.parametrize("service", SERVICES)
@generate_only
@given(data=st.data())
def test_the_emulator_parses_what_boto3_serializes(service: str, data: st.DataObject) -> None:
    operation = data.draw(operations(service))
    check_round_trip(local_clients(), service, operation, data.draw(requests(service, operation)))


@pytest.fixture(scope="module")
def cbor_clients(cbor_session: boto3.Session) -> LocalClients:
    return LocalClients(cbor_session)


@generate_only
@given(data=st.data())
def test_the_emulator_parses_what_boto3_serializes_in_cbor(cbor_clients: LocalClients, data: st.DataObject) -> None:
    operation = data.draw(operations("codeconnections"))
    check_round_trip(cbor_clients, "codeconnections", operation, data.draw(requests("codeconnections", operation)))
