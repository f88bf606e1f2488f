"""The OpenMetrics text format, read strictly, and as the older format of Prometheus restricts it."""

from __future__ import annotations

import re
from typing import NamedTuple

Labels = frozenset[tuple[str, str]]

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_DESCRIPTOR = re.compile(rf"# (TYPE|UNIT|HELP) ({_NAME}) (.*)")
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
# Without a timestamp, which node_exporter's textfile collector rejects.
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)")
_PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Family(NamedTuple):
    """A metric with its samples."""

    type: str
    unit: str
    help: str
    samples: dict[Labels, float]

    def value(self, **labels: str) -> float | None:
        """The only sample that has these labels; None if there is none."""
        found = [value for key, value in self.samples.items() if labels.items() <= dict(key).items()]
        assert len(found) <= 1
        return found[0] if found else None


def parse(text: str) -> dict[str, Family]:
    """Read the text, and raise AssertionError where it breaks a rule of the specification."""
    text.encode("utf-8")
    *lines, last, rest = text.split("\n")
    assert (last, rest) == ("# EOF", "")
    descriptors: dict[str, dict[str, str]] = {}
    samples: dict[str, dict[Labels, float]] = {}
    for line in lines:
        if (descriptor := _DESCRIPTOR.fullmatch(line)) is not None:
            kind, name, value = descriptor.groups()
            assert name == next(reversed(descriptors), name) or name not in descriptors, f"not together: {line}"
            assert name not in samples, f"after the samples: {line}"
            assert kind not in descriptors.setdefault(name, {}), f"twice: {line}"
            assert not re.search(r'[\\"]', value), f"needs escapes: {line}"
            descriptors[name][kind] = value
            continue
        sample = _SAMPLE.fullmatch(line)
        assert sample is not None, f"no sample: {line}"
        name = sample[1]
        assert name == next(reversed(descriptors), None), f"not together: {line}"
        pairs = _PAIR.findall(sample[2] or "")
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names), f"a label twice: {line}"
        labels = frozenset((name, re.sub(r"\\.", lambda found: _ESCAPES[found[0]], value)) for name, value in pairs)
        assert labels not in samples.setdefault(name, {}), f"twice: {line}"
        samples[name][labels] = float(sample[3])
    families = {
        name: Family(each["TYPE"], each.get("UNIT", ""), each["HELP"], samples.get(name, {}))
        for name, each in descriptors.items()
    }
    for name, family in families.items():
        assert family.type == "gauge", f"{name}: the older format knows no {family.type}"
        assert not family.unit or name.endswith(f"_{family.unit}"), f"{name}: the name lacks its unit"
    return families
