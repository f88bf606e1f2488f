from dataclasses import dataclass, field

@dataclass
class ClientContext:
    features: set[str] = field(default_factory=set)

def get_context() -> ClientContext | None: ...
