"""Modules that are imported when they are first used, so that a process pays only for what it calls.

Annotations may name what is in such a module, and can be resolved at run time. Type checkers see a usual import. A test
in `tests/contracts` lists the files that import in this way, with the reason for each.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from typing_extensions import override


class _LazyModule(ModuleType):
    """Stands for a module, and imports it when an attribute is first read; import locks make that thread-safe."""

    @override
    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self.__name__), name)
        self.__dict__[name] = value
        return value


def lazy_module(name: str) -> Any:
    """The module with a name, which need not be imported yet."""
    return _LazyModule(name)
