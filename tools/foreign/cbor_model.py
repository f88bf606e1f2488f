"""`cbor_model.py FOLDER`: for AWS_DATA_PATH, AWS's own model of CodeConnections with no protocol left but CBOR."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from botocore.loaders import Loader

# botocore prefers JSON wherever a service speaks both, and has no setting for it: so the model no longer says "both".
model = Loader().load_service_model("codeconnections", "service-2")
model["metadata"]["protocols"] = ["smithy-rpc-v2-cbor"]
folder = Path(sys.argv[1], "codeconnections", model["metadata"]["apiVersion"])
folder.mkdir(parents=True, exist_ok=True)
(folder / "service-2.json").write_text(json.dumps(model))
