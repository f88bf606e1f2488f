"""Checks of an environment with the wheel and its dependencies only. Run by its Python, with warnings as errors."""

import inspect
import re
import subprocess
import sys
import typing
from importlib import import_module, metadata
from pathlib import Path


def requirements(name: str) -> set[str]:
    """The distributions that a distribution depends on, directly or not, without extras."""
    found = {name}
    for line in metadata.requires(name) or ():
        if "extra ==" not in line:
            found |= requirements(re.split(r"[^\w.-]", line)[0])
    return {each.lower().replace("_", "-") for each in found}


def with_hints(value: object) -> typing.Iterator[object]:
    """A function, or a class and its public functions."""
    if inspect.isroutine(value):
        yield value
    if isinstance(value, type):
        kind = typing.cast("type[object]", value)
        if not issubclass(kind, Exception):
            yield kind
        for name in dir(kind):
            function: object = getattr(kind, name)
            ours = str(getattr(function, "__module__", "")).startswith("unisync")
            # Not isroutine: in Python 3.13 it is true for cached properties.
            if ours and not name.startswith("_") and (inspect.isfunction(function) or inspect.ismethod(function)):
                yield function


# Only the dependencies are installed.
installed = {each.name.lower().replace("_", "-") for each in metadata.distributions()}
assert installed == requirements("unisync-aws"), installed ^ requirements("unisync-aws")
direct = {re.split(r"[^\w.-]", line)[0] for line in metadata.requires("unisync-aws") or () if "extra ==" not in line}
assert direct == {"boto3", "pydantic", "typing-extensions"}, direct

# The wheel contains the package and nothing else.
files = [str(file) for file in metadata.files("unisync-aws") or ()]
tops = {file.split("/")[0] for file in files if not file.startswith("..")}
assert tops == {"unisync", f"unisync_aws-{metadata.version('unisync-aws')}.dist-info"}, tops
assert "unisync/py.typed" in files
assert not [file for file in files if "test_" in file or "/tests/" in file]

# The wheel is what is imported, and its import emits no warning.
import unisync  # noqa: E402

assert Path(unisync.__file__).is_relative_to(sys.prefix), unisync.__file__
subprocess.run([sys.executable, "-P", "-W", "error", "-c", "import unisync"], check=True)

# A module with an extra names it.
for module in ("unisync.emulator", "unisync.otel"):
    message = ""
    try:
        import_module(module)
    except ImportError as error:
        message = str(error)
    assert "needs its extra: pip install 'unisync-aws[" in message, module

# Every public name exists, and its type hints can be read.
hints = [typing.get_type_hints(each) for name in unisync.__all__ for each in with_hints(getattr(unisync, name))]
print(f"{len(unisync.__all__)} public names, {len(hints)} classes and functions whose hints can be read")
