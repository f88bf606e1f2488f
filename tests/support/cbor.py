"""CodeConnections over CBOR: botocore speaks it when AWS's model leaves it no choice."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from botocore.loaders import Loader

CBOR = "smithy-rpc-v2-cbor"
NO_CBOR = CBOR not in Loader().load_service_model("codeconnections", "service-2")["metadata"].get("protocols", [])
"""Whether the installed botocore knows nothing of it."""


def leave_only_cbor(folder: Path) -> None:
    """Put a model into a folder, for AWS_DATA_PATH, that knows no other protocol."""
    model = Loader().load_service_model("codeconnections", "service-2")
    model["metadata"]["protocols"] = [CBOR]
    place = folder / "codeconnections" / model["metadata"]["apiVersion"]
    place.mkdir(parents=True)
    (place / "service-2.json").write_text(json.dumps(model))
    source = Path(Loader.BUILTIN_DATA_PATH, "codeconnections", place.name, "endpoint-rule-set-1.json.gz")
    (place / "endpoint-rule-set-1.json").write_bytes(gzip.decompress(source.read_bytes()))
