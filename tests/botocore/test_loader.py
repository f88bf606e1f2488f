"""The session that starts fast: its clients are those that botocore would create."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, UnknownServiceError

from unisync._botocore.loader import OUR_SERVICES, fast_session, share_loader

pytestmark = pytest.mark.slow

SERVICES = sorted(OUR_SERVICES)
CREDENTIALS = ("sts", "sso", "sso-oidc", "signin")
"""The services that botocore itself gets credentials from."""
REGIONS = (
    "eu-west-1",
    "us-gov-west-1",
    "nowhere",
    *(
        pytest.param(region, marks=pytest.mark.slow)
        for region in ("us-east-1", "cn-north-1", "us-iso-east-1", "eu-west-9", "aws-global")
    ),
)


@pytest.fixture(scope="module")
def plain() -> botocore.session.Session:
    return botocore.session.Session()


@pytest.fixture(scope="module")
def fast() -> botocore.session.Session:
    return fast_session(None)


def settings_of(session: botocore.session.Session, service: str, region: str, config: Config) -> object:
    """The endpoint and the signing settings of a client of a session; or the error of its creation."""
    try:
        client = session.create_client(
            service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b", config=config
        )
    except BotoCoreError as error:
        return type(error)
    meta: Any = client.meta
    signer: Any = getattr(client, "_request_signer")  # noqa: B009  # private, so not in the stubs
    found = (meta.endpoint_url, meta.region_name, meta.partition, meta.config.signature_version)
    client.close()
    return *found, signer.signing_name, signer.region_name


@pytest.mark.parametrize("config", [{}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True}], ids=str)
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", [*SERVICES, *CREDENTIALS])
def test_a_client_has_the_endpoint_and_signing_of_botocores(
    plain: botocore.session.Session, fast: botocore.session.Session, service: str, region: str, config: Any
) -> None:
    assert settings_of(fast, service, region, Config(**config)) == settings_of(plain, service, region, Config(**config))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_model_is_botocores(
    plain: botocore.session.Session, fast: botocore.session.Session, service: str
) -> None:
    ours, theirs = (session.get_component("data_loader") for session in (fast, plain))
    assert ours.load_service_model(service, "service-2") == theirs.load_service_model(service, "service-2")


def test_the_users_own_models_and_endpoints_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    endpoints: dict[str, Any] = {"version": 3, "partitions": []}
    (tmp_path / "endpoints.json").write_text(json.dumps(endpoints))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    session = fast_session(None)
    assert session.get_component("data_loader").load_data("endpoints") == endpoints
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "missing"))
    assert fast_session(None).get_component("data_loader").load_data("endpoints")["partitions"][0]["partition"] == "aws"


def test_the_endpoints_of_other_services_are_read_on_demand(
    plain: botocore.session.Session, fast: botocore.session.Session
) -> None:
    for service in ("sts", "s3", "proton"):
        ours, theirs = fast.get_available_regions(service), plain.get_available_regions(service)
        assert ours == ([] if service in OUR_SERVICES else theirs)
    (partition, *_) = fast.get_component("data_loader").load_data("endpoints")["partitions"]
    assert len(list(partition["services"])) == len(partition["services"]) > 100


def test_an_unknown_service() -> None:
    with pytest.raises(UnknownServiceError):
        fast_session(None).create_client("prowton", region_name="eu-west-1")


def test_sessions_share_a_loader() -> None:
    assert fast_session(None).get_component("data_loader") is fast_session(None).get_component("data_loader")


def test_sessions_of_the_same_search_paths_share_a_loader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, second, other = (botocore.session.Session() for _ in range(3))
    known: list[botocore.session.Session] = []
    share_loader(first, known)
    share_loader(second, known)
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    share_loader(other, known)
    assert second.get_component("data_loader") is first.get_component("data_loader")
    assert other.get_component("data_loader") is not first.get_component("data_loader")
    assert known == [first, other]
