"""What botocore works out anew for each call, and what is the same each time: remembered.

Each hook gives up, and leaves all as botocore has it, where this botocore is not as it knows it.
"""

from __future__ import annotations

from functools import cache, lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.client import BaseClient
    from botocore.model import OperationModel

_SETTLED = frozenset({"AWS::Region", "AWS::UseDualStack", "AWS::UseFIPS", "SDK::Endpoint"})
"""What an endpoint may depend on and still be the same for each call of an operation."""


def remember_user_agent(client: BaseClient) -> bool:
    """Have `client` put its User-Agent together once for each set of features; botocore does so twice a call.

    Returns:
        False if this botocore makes it otherwise: then all is as botocore has it.
    """
    creator = getattr(client, "_user_agent_creator", None)
    build = getattr(creator, "to_string", None)
    try:
        from botocore.context import get_context
    except ImportError:
        return False
    if creator is None or build is None or build() != build():
        return False
    known: dict[frozenset[str], str] = {}

    def to_string() -> str:
        context = get_context()
        features = frozenset(context.features) if context else frozenset[str]()
        if features not in known:
            known[features] = build()
        return known[features]

    creator.to_string = to_string
    return True


def remember_endpoints(client: BaseClient) -> bool:
    """Have `client` look the endpoint of an operation up in its rules once; botocore prepares to do so for each call.

    Returns:
        False if this botocore has its rules elsewhere, or if they look at more than a client's settings.
    """
    resolver = getattr(client, "_ruleset_resolver", None)
    construct = getattr(resolver, "construct_endpoint", None)
    customized = getattr(resolver, "_get_customized_builtins", None)
    parameters: dict[str, Any] = getattr(resolver, "_param_definitions", None) or {}
    names = [getattr(parameter, "builtin", None) for parameter in parameters.values()]
    if resolver is None or construct is None or customized is None or not names or not _SETTLED.issuperset(names):
        return False
    known: dict[str, tuple[list[object], object]] = {}

    def construct_endpoint(operation_model: OperationModel, call_args: object, request_context: object) -> object:
        # A handler of the caller's may set each of them otherwise for each call.
        builtins = customized(operation_model, call_args, request_context)
        values = [builtins.get(name) for name in names]
        before, endpoint = known.get(operation_model.name, (None, None))
        if values != before:
            endpoint = construct(operation_model, call_args, request_context)
            if not _has_parameters(operation_model):
                known[operation_model.name] = values, endpoint
        return endpoint

    resolver.construct_endpoint = construct_endpoint
    return True


def _has_parameters(operation: OperationModel) -> bool:
    """Whether the endpoint depends on the operation, or on what it is given."""
    kinds = ("static_context_parameters", "context_parameters", "operation_context_parameters")
    return any(getattr(operation, kind, True) for kind in kinds)


def remember_signing(client: BaseClient) -> bool:
    """Have `client` derive its key once a day, and choose what to sign once a call.

    Returns:
        False if this botocore signs otherwise.
    """
    from botocore.auth import SigV4Auth

    signer = getattr(client, "_request_signer", None)
    make = getattr(signer, "get_auth_instance", None)
    quick = _quick_signature()
    if signer is None or make is None or quick is None:
        return False

    def get_auth_instance(*args: object, **kwargs: object) -> object:
        auth = make(*args, **kwargs)
        if type(auth) is SigV4Auth:
            auth.__class__ = quick
        return auth

    signer.get_auth_instance = get_auth_instance
    return True


@cache
def _quick_signature() -> type[SigV4Auth] | None:
    """A SigV4Auth that remembers; None if it does not sign as botocore's own."""
    from botocore.auth import SigV4Auth

    plain: Any = SigV4Auth

    @lru_cache(maxsize=64)
    def derived(key: bytes, msg: str) -> object:
        return plain._sign(None, key, msg)

    class Quick(SigV4Auth):
        _chosen: tuple[AWSRequest | None, Any] = (None, None)

        def headers_to_sign(self, request: AWSRequest) -> dict[str, str]:
            if self._chosen[0] is not request:
                self._chosen = request, super().headers_to_sign(request)
            return cast("dict[str, str]", self._chosen[1])

        def payload(self, request: AWSRequest) -> object:
            # To look at its body, botocore prepares the whole request as if to send it.
            data = request.data
            if isinstance(data, bytes):
                return plain.payload(self, SimpleNamespace(url=request.url, context=request.context, body=data))
            return plain.payload(self, request)

        def _sign(self, key: bytes, msg: str, hex: bool = False) -> object:
            return plain._sign(self, key, msg, hex) if hex else derived(key, msg)

    try:
        # Twice, as the clock may have gone on to the next second in between.
        return Quick if any(_signed(Quick) == _signed(SigV4Auth) for _ in range(2)) else None
    except Exception:  # whatever such a botocore stumbles over
        return None


def _signed(kind: type[SigV4Auth]) -> list[tuple[str, str]]:
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import ReadOnlyCredentials

    request = AWSRequest("POST", "https://example.com/a?b=c", {"X-Amz-Target": "Do", "User-Agent": "self-test"}, b"{}")
    kind(ReadOnlyCredentials("key", "secret", "token"), "service", "region").add_auth(request)
    return request.headers.items()


def forget_retries(client: BaseClient) -> None:
    """Have `client` not ask whether a call is to be made again, where the answer is always no."""
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
