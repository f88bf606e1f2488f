"""`cbor_model.py FOLDER` writes a model of CodeConnections that allows only CBOR, for AWS_DATA_PATH."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from botocore.loaders import Loader

# botocore prefers JSON if a service supports both protocols, and has no setting for it, so JSON is removed from the
# model.
model = Loader().load_service_model("codeconnections", "service-2")
model["metadata"]["protocols"] = ["smithy-rpc-v2-cbor"]
folder = Path(sys.argv[1], "codeconnections", model["metadata"]["apiVersion"])
folder.mkdir(parents=True, exist_ok=True)
(folder / "service-2.json").write_text(json.dumps(model))
