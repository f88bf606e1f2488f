"""The base of the models: no validator is built before it is needed."""

from __future__ import annotations

import subprocess
import sys

IMPORT_ALL = """
import importlib, pkgutil
import unisync._models, unisync._services
from unisync._models.base import Model

for package in (unisync._models, unisync._services):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def subclasses(kind):
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


models = set(subclasses(Model))
assert len(models) > 50, models
print([kind.__name__ for kind in models if kind.__pydantic_complete__])
"""


def test_importing_the_models_builds_no_validator() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
