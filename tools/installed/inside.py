"""What holds where the wheel is installed, and nothing but what it needs. Run by that Python, warnings being errors."""

import inspect
import re
import subprocess
import sys
import typing
from importlib import import_module, metadata
from pathlib import Path


def requirements(name: str) -> set[str]:
    """What a distribution needs, and what that needs, without extras."""
    found = {name}
    for line in metadata.requires(name) or ():
        if "extra ==" not in line:
            found |= requirements(re.split(r"[^\w.-]", line)[0])
    return {each.lower().replace("_", "-") for each in found}


def hinted(value: object) -> typing.Iterator[object]:
    """A class and its public functions, or a function: whatever has hints to be read."""
    if inspect.isroutine(value):
        yield value
    if isinstance(value, type):
        kind = typing.cast("type[object]", value)
        if not issubclass(kind, Exception):
            yield kind
        for name in dir(kind):
            function: object = getattr(kind, name)
            ours = str(getattr(function, "__module__", "")).startswith("unisync")
            # Not isroutine: for Python 3.13, that is a cached property too.
            if ours and not name.startswith("_") and (inspect.isfunction(function) or inspect.ismethod(function)):
                yield function


# Only what is needed is there.
installed = {each.name.lower().replace("_", "-") for each in metadata.distributions()}
assert installed == requirements("unisync-aws"), installed ^ requirements("unisync-aws")
direct = {re.split(r"[^\w.-]", line)[0] for line in metadata.requires("unisync-aws") or () if "extra ==" not in line}
assert direct == {"boto3", "pydantic", "typing-extensions"}, direct

# The wheel holds the package, and nothing beside it.
files = [str(file) for file in metadata.files("unisync-aws") or ()]
tops = {file.split("/")[0] for file in files if not file.startswith("..")}
assert tops == {"unisync", f"unisync_aws-{metadata.version('unisync-aws')}.dist-info"}, tops
assert "unisync/py.typed" in files
assert not [file for file in files if "test_" in file or "/tests/" in file]

# It is the one that is imported, and its import warns of nothing.
import unisync  # noqa: E402

assert Path(unisync.__file__).is_relative_to(sys.prefix), unisync.__file__
subprocess.run([sys.executable, "-P", "-W", "error", "-c", "import unisync"], check=True)

# What has an extra says which.
for module in ("unisync.emulator", "unisync.otel"):
    said = ""
    try:
        import_module(module)
    except ImportError as error:
        said = str(error)
    assert "needs its extra: pip install 'unisync-aws[" in said, module

# Every public name is there, and its hints can be read.
read = [typing.get_type_hints(each) for name in unisync.__all__ for each in hinted(getattr(unisync, name))]
print(f"{len(unisync.__all__)} public names, {len(read)} classes and functions whose hints can be read")
