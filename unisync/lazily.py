"""Modules that are loaded when one of their names is first used."""

from __future__ import annotations

from importlib import import_module

from unisync.collection import NoCollection


class Later:
    """Stands for a module until something of it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        with NoCollection():
            value: object = getattr(import_module(self._name), name)
        self.__dict__[name] = value
        return value
