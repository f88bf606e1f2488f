"""TLS: a bundle of CA certificates is read once, however many clients connect, and again when it is replaced."""

from __future__ import annotations

import os
import ssl
import threading

from botocore.httpsession import create_urllib3_context, get_cert_path

from unisync._botocore.connection import BoundedTlsSocket

ClientCertificate = str | tuple[str, str] | None
"""The path of a file with a certificate and its key, or of one file for each."""

UNVERIFIED = "Unverified HTTPS requests are being made: `verify` is False."
"""What a sender warns of."""

_lock = threading.Lock()
_contexts: dict[tuple[object, ...], tuple[object, ssl.SSLContext]] = {}


def context_of(verify: bool | str, certificate: ClientCertificate = None) -> ssl.SSLContext:
    """The context of connections, as botocore makes it; all that need the same one share it.

    Args:
        verify: Whether to verify certificates, or the path of a file with those to trust.
        certificate: The client's own certificate.

    Raises:
        OSError: A file cannot be read.
        ssl.SSLError: There is no certificate in it.
    """
    bundle = get_cert_path(verify)
    chain = (certificate,) if isinstance(certificate, str) else tuple(certificate or ())
    files = (bundle, *chain) if isinstance(bundle, str) else chain
    versions = [_version_of(file) for file in files]
    with _lock:
        known, context = _contexts.get((bundle, *chain), (None, None))
        if context is None or known != versions:
            context = create_urllib3_context()
            context.sslsocket_class = BoundedTlsSocket
            if isinstance(bundle, str):
                context.check_hostname = True
                context.load_verify_locations(bundle)
            else:
                context.verify_mode = ssl.CERT_NONE
            if chain:
                context.load_cert_chain(*chain)
            _contexts[bundle, *chain] = versions, context
    return context


def _version_of(file: str) -> object:
    found = os.stat(file)
    return found.st_mtime_ns, found.st_size, found.st_ino
