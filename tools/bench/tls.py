"""What a burst of new TLS connections costs, each with its own handshake."""

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

from tools.bench.canned import SHORT, serve
from tools.bench.results import Comparison, Cost, Section, compare, comparison_section, measure_pairs
from unisync import StackSync, Unisync

BURST = 32
BURST_TARGET = 0.15
CERTIFICATES = Path(__file__).parents[2] / "tests" / "support" / "tls"
SERVER_CERTIFICATE = CERTIFICATES / "server.pem"


def section(quick: bool) -> Section:
    """Compare bursts of boto3 and unisync."""
    pairs = 2 if quick else 10
    with tempfile.TemporaryDirectory() as folder, serve(certificate=SERVER_CERTIFICATE) as url:
        comparisons = list(measure(url, pairs, Path(folder, "bundle.pem")))
    del os.environ["AWS_CA_BUNDLE"]
    method = f"""
        {BURST} calls at once, each over its own TLS connection, to a canned server that closes the connection after
        one response: {pairs} pairs of bursts. The CA bundle is botocore's own.
    """
    return comparison_section("A burst of new TLS connections", method, comparisons)


def measure(url: str, pairs: int, bundle: Path) -> Iterator[Comparison]:
    """Measure bursts to a server that closes each connection after one response."""
    bundle.write_text(Path(str(get_cert_path(True))).read_text() + (CERTIFICATES / "ca.pem").read_text())
    os.environ["AWS_CA_BUNDLE"] = str(bundle)
    config = Config(max_pool_connections=BURST)
    raw = boto3.client("codeconnections", region_name="eu-west-1", endpoint_url=url, config=config)
    ref = StackSync(SHORT)

    def raw_call() -> object:
        return raw.get_resource_sync_status(ResourceName=SHORT, SyncType="CFN_STACK_SYNC")

    with (
        Unisync(region_name="eu-west-1", endpoint_url=url, config=config) as client,
        ThreadPoolExecutor(BURST) as threads,
    ):

        def raw_burst() -> Cost:
            return _burst(threads, raw_call)

        def typed_burst() -> Cost:
            return _burst(threads, lambda: client.get(ref))

        for burst in (raw_burst, typed_burst):
            burst()
        yield compare(f"{BURST} new TLS connections", BURST_TARGET, measure_pairs(pairs, raw_burst, typed_burst))
    raw.close()


def _burst(threads: ThreadPoolExecutor, call: Callable[[], object]) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    for future in [threads.submit(call) for _ in range(BURST)]:
        future.result()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)
