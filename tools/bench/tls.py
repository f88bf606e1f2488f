"""What a burst of connections costs that are all new, each with a TLS handshake of its own."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.httpsession import get_cert_path

from tools.bench.canned import SHORT, served
from tools.bench.figures import Comparison, Cost, Section, compare, compared, in_pairs
from unisync import StackSync, Unisync

BURST = 32
BURST_AIM = 0.15
CERTIFICATES = Path(__file__).parents[2] / "tests" / "support" / "tls"
SERVER = CERTIFICATES / "server.pem"


def section(quick: bool) -> Section:
    """Raw boto3 and unisync, a burst each."""
    pairs = 2 if quick else 10
    with tempfile.TemporaryDirectory() as folder, served(certificate=SERVER) as url:
        found = list(measured(url, pairs, Path(folder, "bundle.pem")))
    del os.environ["AWS_CA_BUNDLE"]
    how = f"""
        {BURST} calls at once, each over a TLS connection of its own, to a canned server that closes it after one
        answer: {pairs} pairs of bursts. The bundle of CA certificates is botocore's own.
    """
    return compared("A burst of new TLS connections", how, found)


def measured(url: str, pairs: int, bundle: Path) -> Iterator[Comparison]:
    """A burst made raw and by unisync, of a server that closes each connection when it has answered."""
    bundle.write_text(Path(str(get_cert_path(True))).read_text() + (CERTIFICATES / "ca.pem").read_text())
    os.environ["AWS_CA_BUNDLE"] = str(bundle)
    config = Config(max_pool_connections=BURST)
    raw = boto3.client("codeconnections", region_name="eu-west-1", endpoint_url=url, config=config)
    ref = StackSync(SHORT)

    def raw_look() -> object:
        return raw.get_resource_sync_status(ResourceName=SHORT, SyncType="CFN_STACK_SYNC")

    with (
        Unisync(region_name="eu-west-1", endpoint_url=url, config=config) as client,
        ThreadPoolExecutor(BURST) as threads,
    ):

        def raw_burst() -> Cost:
            return _burst(threads, raw_look)

        def typed_burst() -> Cost:
            return _burst(threads, lambda: client.get(ref))

        for burst in (raw_burst, typed_burst):
            burst()
        yield compare(f"{BURST} new TLS connections", BURST_AIM, in_pairs(pairs, raw_burst, typed_burst))
    raw.close()


def _burst(threads: ThreadPoolExecutor, call: Callable[[], object]) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    for job in [threads.submit(call) for _ in range(BURST)]:
        job.result()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)
