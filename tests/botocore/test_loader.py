"""The session that starts fast: what it leaves unread makes no difference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, UnknownServiceError

from unisync._botocore.loader import OURS, _handlers, fast_session

SERVICES = sorted(OURS)
CREDENTIALS = ("sts", "sso", "sso-oidc", "signin")
"""The services that botocore itself asks for credentials."""
REGIONS = (
    "eu-west-1",
    "us-east-1",
    "cn-north-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "eu-west-9",
    "nowhere",
    "aws-global",
)


@pytest.fixture(scope="module")
def usual() -> botocore.session.Session:
    return botocore.session.Session()


@pytest.fixture(scope="module")
def fast() -> botocore.session.Session:
    return fast_session(None)


def where(session: botocore.session.Session, service: str, region: str, config: Config) -> object:
    """Where a client of a session would connect to, and how it would sign; or why there is none."""
    try:
        client = session.create_client(
            service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b", config=config
        )
    except BotoCoreError as error:
        return type(error)
    meta: Any = client.meta
    signer: Any = getattr(client, "_request_signer")  # noqa: B009  # private, and none of the stubs' business
    found = (meta.endpoint_url, meta.region_name, meta.partition, meta.config.signature_version)
    client.close()
    return *found, signer.signing_name, signer.region_name


@pytest.mark.parametrize("config", [{}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True}], ids=str)
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", [*SERVICES, *CREDENTIALS])
def test_a_client_connects_to_where_botocores_own_would(
    usual: botocore.session.Session, fast: botocore.session.Session, service: str, region: str, config: Any
) -> None:
    assert where(fast, service, region, Config(**config)) == where(usual, service, region, Config(**config))


@pytest.mark.parametrize("service", SERVICES)
def test_a_model_is_the_one_that_botocore_reads(
    usual: botocore.session.Session, fast: botocore.session.Session, service: str
) -> None:
    ours, theirs = (session.get_component("data_loader") for session in (fast, usual))
    assert ours.load_service_model(service, "service-2") == theirs.load_service_model(service, "service-2")


def test_the_users_own_models_and_endpoints_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    endpoints: dict[str, Any] = {"version": 3, "partitions": []}
    (tmp_path / "endpoints.json").write_text(json.dumps(endpoints))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    session = fast_session(None)
    assert session.get_component("data_loader").load_data("endpoints") == endpoints
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "missing"))
    assert fast_session(None).get_component("data_loader").load_data("endpoints")["partitions"][0]["partition"] == "aws"


def test_the_endpoints_of_other_services_are_read_when_they_are_asked_for(
    usual: botocore.session.Session, fast: botocore.session.Session
) -> None:
    for service in ("sts", "s3", "proton"):
        ours, theirs = fast.get_available_regions(service), usual.get_available_regions(service)
        assert ours == ([] if service in OURS else theirs)
    (partition, *_) = fast.get_component("data_loader").load_data("endpoints")["partitions"]
    assert len(list(partition["services"])) == len(partition["services"]) > 100


def test_a_service_that_does_not_exist_is_unknown() -> None:
    with pytest.raises(UnknownServiceError):
        fast_session(None).create_client("prowton", region_name="eu-west-1")


def test_sessions_share_what_was_read() -> None:
    assert fast_session(None).get_component("data_loader") is fast_session(None).get_component("data_loader")


EVENTS = (
    "creating-client-class",
    "before-parameter-build",
    "before-call",
    "request-created",
    "choose-signer",
    "getattr",
)


@pytest.mark.parametrize("service", [*SERVICES, *CREDENTIALS])
def test_what_botocore_does_for_a_service_is_done(
    usual: botocore.session.Session, fast: botocore.session.Session, service: str
) -> None:
    def handlers(session: Any, event: str) -> list[str]:
        known = session.get_component("event_emitter")._emitter._handlers.prefix_search(event)
        return [getattr(each, "__qualname__", type(each).__name__) for each in known]

    for event in EVENTS:
        name = f"{event}.{service}.GetSyncJob"
        assert handlers(fast, name) == handlers(usual, name)
    assert handlers(fast, f"before-call.{service}.GetSyncJob")


def test_what_it_does_for_others_is_left_out(fast: botocore.session.Session) -> None:
    emitter: Any = fast.get_component("event_emitter")
    known = [handler.__name__ for handler in emitter._emitter._handlers.prefix_search("before-parameter-build.s3")]
    assert "validate_bucket_name" not in known


@pytest.mark.parametrize("strange", [None, [("before-call",)], [("before-call", print, "first")]], ids=str)
def test_a_botocore_that_lists_its_handlers_otherwise_registers_them_itself(
    strange: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("botocore.handlers.BUILTIN_HANDLERS", strange)
        assert _handlers() is None
    with monkeypatch.context() as patched:
        patched.setattr("unisync._botocore.loader._handlers", lambda: None)
        emitter: Any = fast_session(None).get_component("event_emitter")
    assert "validate_bucket_name" in [
        handler.__name__ for handler in emitter._emitter._handlers.prefix_search("before-parameter-build.s3")
    ]
