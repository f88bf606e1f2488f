"""CodeConnections over CBOR, which botocore uses only if the service model lists no other protocol."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from botocore.loaders import Loader

CBOR = "smithy-rpc-v2-cbor"
NO_CBOR = CBOR not in Loader().load_service_model("codeconnections", "service-2")["metadata"].get("protocols", [])
"""Whether the installed botocore does not support it."""


def leave_only_cbor(folder: Path) -> None:
    """Write a service model that lists CBOR alone into a folder, for AWS_DATA_PATH."""
    model = Loader().load_service_model("codeconnections", "service-2")
    model["metadata"]["protocols"] = [CBOR]
    version = folder / "codeconnections" / model["metadata"]["apiVersion"]
    version.mkdir(parents=True)
    (version / "service-2.json").write_text(json.dumps(model))
    source = Path(Loader.BUILTIN_DATA_PATH, "codeconnections", version.name, "endpoint-rule-set-1.json.gz")
    (version / "endpoint-rule-set-1.json").write_bytes(gzip.decompress(source.read_bytes()))
