"""Syncs in the OpenMetrics text format, which Prometheus and node_exporter's textfile collector read.

The collector reads the older text format of Prometheus, for which a line such as `# UNIT` is a comment. So everything
here is valid in both: gauges alone, no timestamps of samples, and no type that only OpenMetrics has, such as StateSet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from unisync._render.metrics import (
    BLOCKERS,
    LAG,
    LAST_SUCCESS,
    READ_SUCCESS,
    SEARCH_ERRORS,
    STATE,
    STATES,
    Metric,
    SyncMetrics,
)

_Labels = tuple[tuple[str, str | None], ...]
_Samples = Iterable[tuple[_Labels, float | None]]


def openmetrics(syncs: Sequence[SyncMetrics], search_errors: int = 0) -> str:
    """The metrics of syncs, as text.

    Args:
        syncs: The syncs, each once.
        search_errors: How many searches for syncs failed, so that syncs may be missing.
    """
    labelled = [(_labels(sync), sync) for sync in syncs]
    states = [((*labels, ("state", state)), int(sync.state == state)) for labels, sync in labelled for state in STATES]
    successes = [(labels, sync.last_success.timestamp() if sync.last_success else None) for labels, sync in labelled]
    families: list[tuple[Metric, _Samples]] = [
        (STATE, states),
        (READ_SUCCESS, [(labels, int(sync.is_read)) for labels, sync in labelled]),
        (LAG, [(labels, sync.lag) for labels, sync in labelled]),
        (LAST_SUCCESS, successes),
        (BLOCKERS, [(labels, sync.blockers) for labels, sync in labelled]),
        (SEARCH_ERRORS, [((), search_errors)]),
    ]
    lines = (line for metric, samples in families for line in _family(metric, samples))
    return "".join(f"{line}\n" for line in (*lines, "# EOF"))


def _labels(sync: SyncMetrics) -> _Labels:
    return ("ref", sync.ref), ("service", sync.service), ("account", sync.account), ("region", sync.region)


def _family(metric: Metric, samples: _Samples) -> Iterator[str]:
    name = metric.name.replace(".", "_")
    if metric.unit == "s":
        name = f"{name}_seconds"
    yield f"# TYPE {name} gauge"
    if metric.unit == "s":
        yield f"# UNIT {name} seconds"
    yield f"# HELP {name} {metric.description}"
    for labels, value in samples:
        if value is not None:
            pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels if text is not None)
            # To the millisecond: digits beyond are those of binary fractions.
            yield f"{name}{{{pairs}}} {round(value, 3)!r}" if pairs else f"{name} {round(value, 3)!r}"


def _escaped(text: str) -> str:
    # The encoding would escape a surrogate, which only a reference on the command line can have, with a backslash.
    encodable = text.encode("utf-8", "replace").decode("utf-8")
    return encodable.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
