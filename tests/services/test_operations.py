"""Every sync operation against the emulator: its result, unknown fields, and AWS's error codes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from botocore.model import ServiceModel

from tests.support.operations import NAMES, OPERATIONS, Known, client_argument_of, models_of_botocore, prepare
from unisync import Page, ServiceError, SyncJobStatus, Unisync
from unisync._models.base import Model
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

MODELS = {service: ServiceModel(description, service) for service, description in models_of_botocore()}
ERRORS = [
    (service, name, shape.name, shape.metadata.get("error", {}).get("httpStatusCode"))
    for service, name in NAMES
    for shape in MODELS[service].operation_model(name).error_shapes
]
"""Every modelled error of every operation: service, operation, code and HTTP status."""

ADDED = {"addedByAws": "something new"}
"""What the fault "unknown-member" adds to every structure."""

Make = Callable[..., Any]


@pytest.fixture
def client(aws: Emulator, service: str) -> Iterator[Unisync]:
    """A client that uses the service of the test under its name."""
    options: dict[str, Any] = client_argument_of(service)
    with Unisync(**aws.client_options(), **options) as client:
        yield client


@pytest.fixture
def known(aws: Emulator, client: Unisync) -> Known:
    return prepare(aws, client)


def distinct_errors() -> list[Any]:
    """One operation for each error code and protocol."""
    found: dict[object, Any] = {}
    for service, name, code, status in ERRORS:
        protocol = MODELS[service].resolved_protocol
        found.setdefault((protocol, code), pytest.param(service, name, code, status, id=f"{protocol}-{code}"))
    return list(found.values())


def use(client: Any, service: str, name: str, known: Known) -> Any:
    """The result of an operation; of a list, all of its pages."""
    operation = OPERATIONS[service][name]
    result = operation.use(client, known)
    return list(result.pages()) if operation.is_list else result


@pytest.mark.parametrize(("service", "name"), NAMES)
def test_an_operation_returns_its_model_with_unknown_fields(
    aws: Emulator, client: Unisync, known: Known, service: str, name: str
) -> None:
    aws.fault(name, "unknown-member", times=None, service=service)
    result = use(client, service, name, known)
    operation = OPERATIONS[service][name]
    assert (aws.calls[-1].service, aws.calls[-1].operation) == (service, name)
    if operation.is_list:
        assert all(page.extra == ADDED for page in result)
    items = [item for page in result for item in page] if operation.is_list else [result]
    assert {type(item) for item in items} == {operation.result}
    # A status that AWS sends as text is no structure, so nothing is added to it.
    models = [model for item in items for model in models_within(item) if not isinstance(model, SyncJobStatus)]
    for model in models:
        # The field of an envelope is kept in the model as well, under a name with an underscore.
        assert {name.rstrip("_"): value for name, value in (model.model_extra or {}).items()} == ADDED


def models_within(value: object) -> Iterator[Model]:
    """The models in a result, including the result itself."""
    if isinstance(value, Model):
        yield value
        for name in type(value).model_fields:
            # The reason of a failure repeats one of its events.
            yield from models_within(getattr(value, name)) if name != "error" else ()
    elif isinstance(value, (tuple, list, Page)):
        for item in cast("Iterable[object]", value):
            yield from models_within(item)


@pytest.mark.parametrize("service", OPERATIONS)
def test_operations_work_on_both_kinds_of_client(aws: Emulator, make_either: Make, service: str) -> None:
    client, known = make_either(**client_argument_of(service)), prepare(aws)
    for is_list in (False, True):
        name = next(name for name, each in OPERATIONS[service].items() if each.is_list == is_list)
        assert use(client, service, name, known)
        assert (aws.calls[-1].service, aws.calls[-1].operation) == (service, name)


@pytest.mark.parametrize(("service", "name", "code", "status"), distinct_errors())
def test_a_modelled_error_is_raised_as_its_class(
    aws: Emulator, client: Unisync, known: Known, service: str, name: str, code: str, status: int | None
) -> None:
    aws.fault(name, code, times=None, service=service, message="the reason")
    with pytest.raises(ServiceError) as caught:
        use(client, service, name, known)
    error = caught.value
    assert type(error) is ServiceError.class_of(code)
    assert (error.service, error.operation, error.code, error.message) == (service, name, code, "the reason")
    assert error.status_code == (status or error.status_code)
    assert error.request_id
    assert isinstance(error, ClientError)
    assert type(error.__cause__).__name__ == code
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.response) == (type(error), str(error), error.response)


def test_every_modelled_error_code_is_registered() -> None:
    assert len(ERRORS) > 300
    assert {code for *_, code, _ in ERRORS if ServiceError.class_of(code) is None} == set()
