"""Each operation of the family on the emulator: what it gives, each of its errors, and what AWS adds tomorrow."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from botocore.model import ServiceModel

from tests.contracts.test_errors import same
from tests.support.operations import NAMES, OPERATIONS, Known, client_argument_of, models_of_botocore, prepare
from unisync import Page, ServiceError, SyncJobStatus
from unisync._models.base import Model
from unisync.emulator import Emulator

MODELS = {service: ServiceModel(description, service) for service, description in models_of_botocore()}
ERRORS = [
    (service, name, shape.name, shape.metadata.get("error", {}).get("httpStatusCode"))
    for service, name in NAMES
    for shape in MODELS[service].operation_model(name).error_shapes
]

Make = Callable[..., Any]


@pytest.fixture
def known(aws: Emulator) -> Known:
    return prepare(aws)


def use(client: Any, service: str, name: str, known: Known) -> Any:
    """What an operation gives; of a list, all of it."""
    operation = OPERATIONS[service][name]
    result = operation.use(client, known)
    return list(result) if operation.is_list else result


@pytest.mark.parametrize(("service", "name"), NAMES)
def test_each_operation_gives_its_model(
    aws: Emulator, known: Known, make_either: Make, service: str, name: str
) -> None:
    result = use(make_either(**client_argument_of(service)), service, name, known)
    expected = OPERATIONS[service][name].result
    for each in result if OPERATIONS[service][name].is_list else [result]:
        assert type(each) is expected
        assert all(not model.model_extra for model in models_within(each))
    assert result, "a list has something in it"
    assert (aws.calls[-1].service, aws.calls[-1].operation) == (service, name)


@pytest.mark.parametrize(("service", "name", "code", "status"), ERRORS)
def test_each_modelled_error_is_its_class(
    aws: Emulator, known: Known, make_either: Make, service: str, name: str, code: str, status: int | None
) -> None:
    aws.fault(name, code, times=None, service=service, message="so it is")
    with pytest.raises(ServiceError) as caught:
        use(make_either(**client_argument_of(service)), service, name, known)
    error = caught.value
    assert type(error) is ServiceError.class_of(code)
    assert (error.service, error.operation, error.code, error.message) == (service, name, code, "so it is")
    assert error.status_code == (status or error.status_code)
    assert error.request_id
    assert isinstance(error, ClientError)
    assert type(error.__cause__).__name__ == code
    assert same(error, pickle.loads(pickle.dumps(error)))


@pytest.mark.parametrize(("service", "name"), NAMES)
def test_what_aws_adds_tomorrow_is_kept(
    aws: Emulator, known: Known, make_either: Make, service: str, name: str
) -> None:
    aws.fault(name, "unknown-member", times=None, service=service)
    client = make_either(**client_argument_of(service))
    operation = OPERATIONS[service][name]
    if operation.is_list:
        pages = list(operation.use(client, known).pages())
        assert all(page.extra == {"addedByAws": "something new"} for page in pages)
        models = [model for page in pages for model in models_within(page)]
    else:
        models = list(models_within(operation.use(client, known)))
    assert models
    # A status that AWS says in a bare word is no structure, which something could be added to.
    models = [model for model in models if not isinstance(model, SyncJobStatus)]
    assert all((model.model_extra or {}).get("addedByAws") == "something new" for model in models)


def models_within(value: object) -> Iterator[Model]:
    """Each model in a result, the result itself included."""
    if isinstance(value, Model):
        yield value
        for name in type(value).model_fields:
            # A failure's reason is one of its events, told once more.
            yield from models_within(getattr(value, name)) if name != "error" else ()
    elif isinstance(value, (tuple, list, Page)):
        for item in cast("Iterable[object]", value):
            yield from models_within(item)
