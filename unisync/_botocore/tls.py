"""TLS: a bundle of CA certificates is read once, however many clients connect, and how often."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

C = TypeVar("C")

_DEFAULTS: Mapping[str, object] = {
    "cert_reqs": "CERT_REQUIRED",
    "cert_file": None,
    "key_file": None,
    "ca_cert_dir": None,
    "ca_cert_data": None,
    "proxy": None,
    "assert_hostname": None,
    "assert_fingerprint": None,
}
"""Connections with these settings may share their context; all others are left as botocore makes them."""

_lock = threading.Lock()
_contexts: dict[str, tuple[object, ssl.SSLContext]] = {}


def reading_bundles_once(kind: type[C], make: Callable[[], Callable[[], ssl.SSLContext] | None]) -> type[C]:
    """The same class of connection, which reads no bundle twice; urllib3 reads it for each connection.

    Args:
        kind: The class.
        make: Returns a function that makes a context without certificates, or None.
    """
    default = cast("Any", kind).connect

    def connect(self: Any) -> None:
        bundle, making = getattr(self, "ca_certs", None), make()
        is_default = all(getattr(self, name, ...) == value for name, value in _DEFAULTS.items())
        if isinstance(bundle, str) and is_default and making is not None:
            self.ssl_context = _context_of(bundle, making)
        default(self)

    return cast("type[C]", type(kind.__name__, (kind,), {"connect": connect}))


def _context_of(bundle: str, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """The context of a bundle; a new one if it cannot be read: urllib3 then reports why."""
    try:
        file = os.stat(bundle)
        version = file.st_mtime_ns, file.st_size, file.st_ino
        with _lock:
            known, context = _contexts.get(bundle, (None, None))
            if context is None or known != version:
                context = make()
                context.load_verify_locations(bundle)
                _skip_loading(context, bundle)
                _contexts[bundle] = version, context
        return context
    except OSError:
        return make()


def _skip_loading(context: ssl.SSLContext, bundle: str) -> None:
    load = context.load_verify_locations

    def load_verify_locations(cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        if (cafile, capath, cadata) != (bundle, None, None):
            load(cafile, capath, cadata)

    vars(context)["load_verify_locations"] = load_verify_locations
