"""In which account, and where, the calls of a client count towards AWS's limits, as far as it shows without asking."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.client import BaseClient

Place = tuple[str, str]
"""An endpoint, which names the region, and an account."""


def place_of(client: BaseClient) -> Place:
    """Where the calls of a client count."""
    credentials: object = getattr(getattr(client, "_request_signer", None), "_credentials", None)
    # Not `access_key`: that may fetch credentials.
    key = getattr(credentials, "_access_key", None) or getattr(credentials, "__dict__", {}).get("access_key")
    return client.meta.endpoint_url, account_of(key) if isinstance(key, str) else f"credentials {id(credentials)}"


def account_of(access_key_id: str) -> str:
    """The account of an access key, which its own letters tell; of a key that does not, the key."""
    if not re.fullmatch(r"A[KS]IA[Q-Z2-7][A-Z2-7]{15}", access_key_id):
        return access_key_id
    bits = int.from_bytes(base64.b32decode(access_key_id[4:])[:6], "big")
    return f"{(bits & 0x7FFFFFFFFF80) >> 7:012d}"
