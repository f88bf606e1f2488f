"""How Git sync reports that a resource was changed by hand: the reason and the contexts of a blocker."""

from __future__ import annotations

from datetime import UTC, datetime

# Not by strftime, whose names depend on the process's locale.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def reason_for(arn: str, tool: str, modified_on: float) -> str:
    """AWS's reason of a blocker. `tool` is "StackSync" or "ServiceSync", `modified_on` is in seconds since 1970."""
    return (
        f"Target {arn} was modified at time {java_date(modified_on)} by something besides {tool}. "
        "Disabling syncing to ensure we don't overwrite an important deployment."
    )


def contexts_for(created_on: float) -> dict[str, str]:
    """AWS's contexts of a blocker that was created at a date, in seconds since 1970."""
    return {"AUTOMATED": java_date(created_on)}


def java_date(seconds: float) -> str:
    """A date as Java's `Date.toString` writes it, such as "Wed Apr 12 08:13:41 UTC 2023"."""
    date = datetime.fromtimestamp(seconds, UTC)
    return f"{_DAYS[date.weekday()]} {_MONTHS[date.month - 1]} {date:%d %H:%M:%S} UTC {date.year}"
