"""CodeConnections over CBOR, which botocore uses if AWS's model has no other protocol."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import Loader
from typing_extensions import override

CBOR = "smithy-rpc-v2-cbor"
NO_CBOR = CBOR not in Loader().load_service_model("codeconnections", "service-2")["metadata"].get("protocols", [])
"""Whether the installed botocore lacks it."""


class CborLoader(Loader):
    """Loads AWS's own models, but that of CodeConnections with CBOR as its only protocol."""

    @override
    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> dict[str, Any]:
        model: dict[str, Any] = super().load_service_model(service_name, type_name, api_version)
        if (service_name, type_name) != ("codeconnections", "service-2"):
            return model
        return {**model, "metadata": {**model["metadata"], "protocols": [CBOR]}}


_loader = CborLoader()


def use_cbor(patch: pytest.MonkeyPatch) -> None:
    """Have the clients of emulators use CBOR with CodeConnections."""
    patch.setattr("unisync.emulator.emulator._model_loader", lambda: _loader)
