from contextlib import AbstractContextManager
from dataclasses import dataclass, field

@dataclass
class ClientContext:
    features: set[str] = field(default_factory=set)

def get_context() -> ClientContext | None: ...
def start_as_current_context(ctx: ClientContext | None = None) -> AbstractContextManager[None]: ...
