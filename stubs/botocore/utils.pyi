from datetime import datetime

PRIORITY_ORDERED_SUPPORTED_PROTOCOLS: tuple[str, ...]

def parse_timestamp(value: str | float) -> datetime: ...
