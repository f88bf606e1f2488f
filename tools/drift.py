"""Name what the installed boto3 has that unisync does not know yet; fail only if unisync cannot use that boto3.

    python -m tools.drift

`make drift` runs this with the newest boto3. What AWS adds breaks nothing: unknown fields and values are kept, and a
new parameter cannot be passed yet. What AWS takes back may: a request that it no longer accepts, or a field that a
model requires and that a response may now lack.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import botocore

from tests.support.drift import ADDITIONS, LOSSES, NOT_SENT, Drift
from tests.support.operations import models_of_botocore


def named(drifts: Mapping[str, Drift], descriptions: Mapping[str, Any]) -> Iterator[str]:
    for service, description in descriptions.items():
        for kind, drift in drifts.items():
            yield from (f"  {service}: {kind}: {name}" for name in drift(description, service) if name not in NOT_SENT)


def main() -> int:
    descriptions = dict(models_of_botocore())
    added, lost = list(named(ADDITIONS, descriptions)), list(named(LOSSES, descriptions))
    print(f"boto3 {boto3.__version__}, botocore {botocore.__version__}")
    print("\n".join(["New in AWS's models, and not in unisync:", *added]) if added else "unisync knows all of it.")
    if lost:
        print("\n".join(["unisync needs, and AWS's models no longer have:", *lost]))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
