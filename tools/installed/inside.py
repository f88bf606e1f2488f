"""Checks of an environment with the wheel and its dependencies only. Run by its Python, with warnings as errors."""

import re
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path


def requirements(name: str) -> set[str]:
    """The distributions that a distribution depends on, directly or not, without extras."""
    found = {name}
    for line in metadata.requires(name) or ():
        if "extra ==" not in line:
            found |= requirements(re.split(r"[^\w.-]", line)[0])
    return {each.lower().replace("_", "-") for each in found}


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

# Every public name exists.
print(f"{len([getattr(unisync, name) for name in unisync.__all__])} public names")
