"""`make bench`: what unisync costs next to raw boto3. It measures and prints; nothing fails for being slow."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import canned
from figures import Comparison


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description="Measure what unisync costs next to raw boto3.")
    parser.add_argument("--quick", action="store_true", help="a few rounds only, to see that it runs")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args()
    rounds, calls, starts, bursts = (2, 5, 2, 2) if options.quick else (40, 50, 20, 10)

    machine = _machine()
    for name, value in machine.items():
        print(f"{name:10}{value}")
    print("\nRatios are unisync's cost over raw boto3's: the median of pairs measured by turns, and their middle half.")

    with tempfile.TemporaryDirectory() as home, _server() as url:
        _isolate(home)
        # boto3 reads some of its settings when it is imported.
        import calls as calls_
        import starts as starts_
        import tls

        print(f"\nOne call, in ms: {rounds} pairs of {calls} calls, to a canned server in a process of its own")
        warm = _printed(calls_.measured(url, rounds, calls))
        print(f"\n{tls.BURST} calls at once, each over a TLS connection of its own, in ms: {bursts} pairs")
        with _server(str(tls.SERVER)) as secure_url:
            bundle = Path(home, "bundle.pem")
            burst = _printed(tls.measured(secure_url.replace("http:", "https:"), bursts, bundle))
        os.environ.pop("AWS_CA_BUNDLE")
        print(f"\nStarting, in ms: {starts} pairs of processes")
        cold = _printed(starts_.measured(url, starts))
        loaded = starts_.loaded_by_import()
        print(f"\n`import unisync` loads {' '.join(loaded) or 'neither boto3 nor pydantic'}.")

    if options.json:
        figures: dict[str, Any] = {"machine": machine, "loaded_by_import": loaded}
        figures |= {"calls": [asdict(each) for each in warm], "starts": [asdict(each) for each in cold]}
        figures["bursts"] = [asdict(each) for each in burst]
        Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")


def _machine() -> dict[str, str]:
    libraries = [f"{name} {version(name)}" for name in ("boto3", "botocore", "pydantic", "unisync-aws")]
    return {
        "Machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "Libraries": ", ".join(libraries),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _isolate(home: str) -> None:
    """Let nothing that this machine has been told about AWS or proxies count."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "BOTO")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    # pip compiles what it installs, so boto3 is compiled wherever this says not to: let unisync be, by its first start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ |= {
        "HOME": home,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def _server(*certificate: str) -> Generator[str]:
    """The canned server, for as long as this lasts."""
    command = [sys.executable, canned.__file__, *certificate]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


def _printed(comparisons: Iterable[Comparison]) -> list[Comparison]:
    print(f"{'':49}{'boto3':>9}{'unisync':>9}   {'ratio':25}aim")
    measured: list[Comparison] = []
    for each in comparisons:
        for label, kind, ratio in ((each.name, "CPU", each.cpu), ("", "wall", each.wall)):
            middle = f"{ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"
            verdict = "aim met" if ratio.meets(each.aim) else "aim missed"
            print(
                f"{label:44}{kind:5}{ratio.raw * 1000:9.3f}{ratio.ours * 1000:9.3f}   "
                f"{middle:25}{each.aim:.2f} {verdict}",
                flush=True,
            )
        measured.append(each)
    return measured


if __name__ == "__main__":
    main()
