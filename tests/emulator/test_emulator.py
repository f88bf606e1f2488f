"""The `Emulator` class: accounts and regions, starting and stopping, and connecting clients to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, cast

import boto3
import pytest

from tests.emulator.clients import BotoClients, open_socket, session_with
from tests.emulator.resources import ROLE, populate
from unisync.emulator import ACCOUNT, REGION, Emulator, EmulatorClock
from unisync.emulator._http.server import Server
from unisync.emulator.application import Application

if TYPE_CHECKING:
    from boto3.services import iottwinmaker

OTHER = "210987654321"
STACK = {"ResourceName": "payments-prod", "SyncType": "CFN_STACK_SYNC"}


def emulator_threads() -> int:
    return sum(thread.name == "unisync-emulator" for thread in threading.enumerate())


def test_accounts_and_regions_are_separate(aws: Emulator, boto: BotoClients) -> None:
    aws.add_workspace("factory")
    aws.account(account=OTHER).add_workspace("factory")
    aws.account(region="us-west-2").add_workspace("factory")
    with BotoClients(aws.url, account=OTHER) as other, BotoClients(aws.url, region="us-west-2") as west:
        arns = {
            clients.twinmaker.create_sync_job(workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE)["arn"]
            for clients in (boto, other, west)
        }
        boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")
        aws.clock.advance(30)
        for clients in (other, west):
            job = clients.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
            assert job["status"] == {"state": "ACTIVE"}
        with pytest.raises(boto.twinmaker.exceptions.ResourceNotFoundException):
            boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    suffix = "workspace/factory/sync-job/SITEWISE-default"
    assert arns == {
        f"arn:aws:iottwinmaker:{REGION}:{ACCOUNT}:{suffix}",
        f"arn:aws:iottwinmaker:{REGION}:{OTHER}:{suffix}",
        f"arn:aws:iottwinmaker:us-west-2:{ACCOUNT}:{suffix}",
    }
    assert {(call.account, call.region) for call in aws.calls} == {
        (ACCOUNT, REGION),
        (OTHER, REGION),
        (ACCOUNT, "us-west-2"),
    }


def test_an_account_keeps_its_state(aws: Emulator) -> None:
    aws.account(account=OTHER).add_stack("payments-prod", repository="acme/infra")
    aws.account(account=OTHER).push(stack="payments-prod", sha="4f2c9e1")
    aws.account().add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha="4f2c9e1")


@pytest.mark.parametrize("account", ["", "12345678901", "1234567890123", "12345678901x", "١٢٣٤٥٦٧٨٩٠١٢"])
def test_an_account_has_twelve_digits(aws: Emulator, account: str) -> None:
    for use in (aws.account, aws.client_options, aws.environment):
        with pytest.raises(ValueError, match=r"^account: expected twelve digits"):
            use(account=account)


def test_client_options_are_for_one_account_and_region(aws: Emulator) -> None:
    aws.account(account=OTHER, region="us-west-2").add_stack("payments-prod", repository="acme/infra")
    options = aws.client_options(account=OTHER, region="us-west-2")
    assert options["endpoint_url"] == aws.url
    assert options["clock"] is aws.clock
    assert options["session"].region_name == "us-west-2"
    client = cast(
        "iottwinmaker.Client",
        options["session"].client("iottwinmaker", endpoint_url=options["endpoint_url"], config=options["config"]),
    )
    # With its host prefix, TwinMaker's endpoint would be api.127.0.0.1.
    with contextlib.closing(client), pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_sync_job(syncSource="SITEWISE")
    assert (aws.calls[-1].account, aws.calls[-1].region) == (OTHER, "us-west-2")


def test_the_environment_connects_any_client(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    populate(aws)
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    session = boto3.Session()
    twinmaker, connections = session.client("iottwinmaker"), session.client("codeconnections")
    with contextlib.closing(twinmaker), contextlib.closing(connections):
        with pytest.raises(twinmaker.exceptions.ResourceNotFoundException):
            twinmaker.get_sync_job(syncSource="SITEWISE")
        connections.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    assert [call.operation for call in aws.calls] == ["GetSyncJob", "GetSyncConfiguration"]


def test_emulators_share_nothing() -> None:
    with Emulator(clock="manual") as first, Emulator(clock="manual") as second:
        assert first.url != second.url
        populate(first)
        first.clock.advance(100)
        first.fault("GetSyncConfiguration", "ThrottlingException", times=None)
        assert second.clock.now() == 0.0
        clients = BotoClients(second.url)
        with clients, pytest.raises(clients.connections.exceptions.ResourceNotFoundException):
            clients.call("codeconnections", "GetSyncConfiguration", STACK)
        assert not first.calls
        assert len(second.calls) == 1


def test_many_threads_may_call_concurrently(populated: Emulator, boto: BotoClients) -> None:
    client = boto.connections

    def read(_: int) -> str:
        return client.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")[
            "SyncConfiguration"
        ]["ResourceName"]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(80))) == {"payments-prod"}
    assert len(populated.calls) == 80


def test_the_list_of_calls_is_a_copy(populated: Emulator, boto: BotoClients) -> None:
    before = populated.calls
    boto.call("codeconnections", "GetSyncConfiguration", STACK)
    assert before == []
    populated.calls.clear()
    assert len(populated.calls) == 1


def test_stopping_frees_the_port_and_the_thread() -> None:
    before = emulator_threads()
    with Emulator(clock="manual") as aws:
        assert emulator_threads() == before + 1
        port = int(aws.url.rpartition(":")[2])
        with open_socket(aws.url) as idle, open_socket(aws.url) as busy:
            # The other connection waits for the rest of a request.
            busy.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")
            aws.stop()
            for each in (idle, busy):
                with contextlib.suppress(ConnectionResetError):
                    assert each.recv(1) == b""
    assert emulator_threads() == before
    with socket.create_server(("127.0.0.1", port)):
        pass
    with Emulator(port=port) as again:
        assert again.url == f"http://127.0.0.1:{port}"


def test_stopping_closes_connections_with_a_response_in_progress() -> None:
    with Emulator(clock="manual") as aws:
        populate(aws)
        aws.fault("GetSyncConfiguration", "stall", seconds=60)
        with BotoClients(aws.url) as clients, ThreadPoolExecutor(1) as pool:
            call = pool.submit(clients.call, "codeconnections", "GetSyncConfiguration", STACK)
            while not aws.calls:
                threading.Event().wait(0.005)
            aws.stop()
            assert "ConnectionClosedError" in repr(call.exception(timeout=5))


def test_an_emulator_may_be_stopped_at_once() -> None:
    before = emulator_threads()
    for _ in range(100):
        with Emulator(clock="manual"):
            pass
    assert emulator_threads() == before


def test_an_emulator_may_be_stopped_while_clients_connect() -> None:
    for _ in range(30):
        with Emulator(clock="manual") as aws:
            sockets = [open_socket(aws.url) for _ in range(10)]
        for each in sockets:
            each.__exit__(None, None, None)


def test_an_emulator_may_be_started_and_stopped_again() -> None:
    aws = Emulator(clock="manual")
    aws.stop()
    populate(aws)
    for _ in range(2):
        aws.start()
        url = aws.url
        aws.start()
        assert aws.url == url
        with BotoClients(url) as clients:
            assert clients.call("codeconnections", "GetSyncConfiguration", STACK)
        aws.stop()
        aws.stop()
    assert len(aws.calls) == 2


def test_a_stopped_emulator_has_no_url() -> None:
    aws = Emulator(clock="manual")
    for use in (lambda: aws.url, aws.client_options, aws.environment):
        with pytest.raises(RuntimeError, match="the emulator is not running"):
            use()


def test_an_emulator_is_an_async_context_manager() -> None:
    before = emulator_threads()

    async def use() -> None:
        async with Emulator(clock="manual") as aws:
            populate(aws)
            with BotoClients(aws.url) as clients:
                await asyncio.to_thread(clients.call, "codeconnections", "GetSyncConfiguration", STACK)
            assert len(aws.calls) == 1

    asyncio.run(use())
    assert emulator_threads() == before


def test_client_options_respect_the_users_own_models(
    populated: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    session = populated.client_options()["session"]
    client = cast("iottwinmaker.Client", session.client("iottwinmaker", endpoint_url=populated.url))
    client.close()
    core = cast("boto3.Session", session)._session
    assert str(tmp_path) in core.get_component("data_loader").search_paths


def test_a_server_may_be_closed_twice() -> None:
    before = emulator_threads()
    server = Server(Application(EmulatorClock(None)), "127.0.0.1", 0)
    assert emulator_threads() == before + 1
    server.close()
    server.close()
    assert emulator_threads() == before


def test_a_port_in_use_is_an_os_error() -> None:
    before = emulator_threads()
    with Emulator() as aws, pytest.raises(OSError, match="in use"):
        Emulator(port=int(aws.url.rpartition(":")[2])).start()
    assert emulator_threads() == before


def test_an_emulator_may_use_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with Emulator(clock="manual", host="::1") as aws:
        assert aws.url.startswith("http://[::1]:")
        populate(aws)
        with BotoClients(aws.url) as clients:
            assert clients.call("codeconnections", "GetSyncConfiguration", STACK)


def test_the_credentials_determine_the_account(populated: Emulator) -> None:
    options = populated.environment(account=OTHER)
    session = session_with(options["AWS_ACCESS_KEY_ID"], options["AWS_SECRET_ACCESS_KEY"])
    clients = BotoClients(populated.url, session=session)
    with clients, pytest.raises(clients.connections.exceptions.ResourceNotFoundException):
        clients.call("codeconnections", "GetSyncConfiguration", STACK)


def test_invalid_setups_are_rejected() -> None:
    with pytest.raises(ValueError, match="speed: a manual clock has none"):
        Emulator(clock="manual", speed=60)
    aws = Emulator()
    with pytest.raises(ValueError, match="there is no stack 'unknown'"):
        aws.remove_stack("unknown")
    with pytest.raises(ValueError, match="there is no service 'unknown'"):
        aws.remove_service("unknown")
    with pytest.raises(ValueError, match=r"^provider: expected 'GitHub' or"):
        aws.add_service_instance("web", "prod", repository="acme/web", provider="GitLab")
    with pytest.raises(ValueError, match=r"^provider: expected 'GitHub' or"):
        aws.add_template("web", repository="acme/web", provider="GitLab")
