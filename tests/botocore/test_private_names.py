"""The private names of other libraries that unisync uses: they exist, and calls work without them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.hooks import EventAliaser, HierarchicalEmitter
from urllib3.connection import HTTPConnection

import unisync
from tests.support.operations import models_of_botocore
from tests.support.samples import STACK, session_of
from unisync import Fleet, FleetSync, NotFoundError, Unisync
from unisync._botocore import signing
from unisync._botocore.listeners import has_listeners
from unisync._botocore.user_agent import UserAgent
from unisync.emulator import Emulator

PACKAGE = Path(unisync.__file__).parent / "_botocore"
HEAD = (PACKAGE / "__init__.py").read_text()


@pytest.fixture
def client_of_botocore() -> Any:
    session = botocore.session.Session()
    session.set_credentials("key", "secret")
    return session.create_client("codeconnections", region_name="eu-west-1")


def test_they_exist(client_of_botocore: Any) -> None:
    assert boto3.Session()._session is not None
    assert Config(inject_host_prefix=True)._user_provided_options == {"inject_host_prefix": True}
    assert callable(client_of_botocore._ruleset_resolver.construct_endpoint)
    assert callable(client_of_botocore._ruleset_resolver.auth_schemes_to_signing_ctx)
    assert callable(client_of_botocore._request_signer.get_auth_instance)
    assert callable(client_of_botocore._user_agent_creator.rebuild_and_replace_user_agent_handler)
    assert callable(client_of_botocore.meta.events._emitter._handlers.prefix_search)
    assert callable(HTTPConnection._new_conn)


def test_the_head_of_the_package_lists_all_of_them() -> None:
    own = set(re.findall(r"\bdef (_\w+)|\bself\.(_\w+)|^(_\w+)\b", all_code(), re.MULTILINE))
    names_of_ours = {name for names in own for name in names if name}
    text = all_code()
    used = {*re.findall(r"(?<=\.)_[a-z]\w*", text), *re.findall(r"getattr\([^\"]*\"(_[a-z]\w*)", text)}
    listed = set(re.findall(r"\._([a-z]\w*)`", HEAD))
    used -= {"_replace"}  # of named tuples, and documented
    foreign = {name.removeprefix("_") for name in used if not name.startswith("__")} - {
        name.removeprefix("_") for name in names_of_ours
    }
    assert foreign <= listed, "a private name of another library is used and not listed"
    assert listed <= {name.removeprefix("_") for name in used | names_of_ours}, "a name is listed and not used"


def all_code() -> str:
    files = (path.read_text() for path in PACKAGE.glob("*.py") if path.name != "__init__.py")
    return "\n".join(re.sub(r"\bunisync\._\w+", "unisync", text) for text in files)


def read_once(client: Unisync) -> None:
    with pytest.raises(NotFoundError):
        client.get(STACK)


def test_without_a_rule_set_the_endpoint_is_the_clients(aws: Emulator, client: Unisync) -> None:
    preparer: Any = session_of(client)._service("codeconnections").preparer
    preparer._rules = None
    read_once(client)


def test_without_a_signer_botocore_signs(
    aws: Emulator, client: Unisync, monkeypatch: pytest.MonkeyPatch, client_of_botocore: Any
) -> None:
    before = client_of_botocore._request_signer
    del client_of_botocore._request_signer
    assert not signing.sign_with_caches(client_of_botocore)
    client_of_botocore._request_signer = before
    keep: Callable[[Any], bool] = lambda _: False  # noqa: E731
    monkeypatch.setattr("unisync._botocore.prepare.sign_with_caches", keep)
    read_once(client)


def test_without_its_creator_the_user_agent_is_botocores(client_of_botocore: Any) -> None:
    del client_of_botocore._user_agent_creator
    assert UserAgent(client_of_botocore).text() == client_of_botocore.meta.config.user_agent


def test_without_the_list_of_handlers_everybody_listens() -> None:
    class OtherEmitter(HierarchicalEmitter):
        def __init__(self) -> None:
            super().__init__()
            del self.__dict__["_handlers"]

    assert has_listeners(EventAliaser(OtherEmitter()), "before-send.proton.GetRepository")
    assert not has_listeners(EventAliaser(HierarchicalEmitter()), "before-send.proton.GetRepository")


def test_without_the_session_within_boto3s_its_profile_counts(aws: Emulator) -> None:
    options: dict[str, Any] = dict(aws.client_options())

    class OtherSession:
        """A session of boto3's that keeps botocore's elsewhere."""

        region_name = options["session"].region_name
        profile_name = "default"
        client = options["session"].client
        get_credentials = options["session"].get_credentials

    session: Any = OtherSession()
    with Unisync(session, endpoint_url=aws.url, config=options["config"]) as client:
        read_once(client)
    fleet = Fleet(sessions={"1": session}, endpoint_url=aws.url, config=options["config"])
    with fleet, pytest.raises(NotFoundError):
        fleet.get(FleetSync("1", "eu-west-1", STACK))


def test_no_operation_asks_for_a_checksum_or_for_compression() -> None:
    for service, description in models_of_botocore():
        for name, operation in description["operations"].items():
            assert "httpChecksum" not in operation, (service, name)
            assert "httpChecksumRequired" not in operation, (service, name)
            assert "requestcompression" not in operation, (service, name)
