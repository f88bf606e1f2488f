"""Write an SBOM of the built wheel with all extras for use: dist/sbom.cdx.json, in CycloneDX.

    python -m tools.release.sbom

It names each package that the wheel needs, directly or not, in the version that the tests run with.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tools.installed.__main__ import run
from tools.release.installs import environment
from tools.release.package import PROJECT
from tools.release.repository import ROOT

OUTPUT = ROOT / "dist" / "sbom.cdx.json"
EXTRAS = "aio,cli,emulator,otel"


def main() -> int:
    with tempfile.TemporaryDirectory() as work:
        python, version = environment(EXTRAS, Path(work, "environment"))
        options = ("--output-reproducible", "--output-format", "JSON", "--output-file", str(OUTPUT))
        run(sys.executable, "-m", "cyclonedx_py", "environment", *options, python)
    document = json.loads(OUTPUT.read_text("utf-8"))
    components = document["components"]
    (subject,) = (each for each in components if each["name"] == PROJECT["project"]["name"])
    assert subject["version"] == version
    # It is what the SBOM describes, and came from a file of this machine.
    components.remove(subject)
    del subject["externalReferences"]
    document["metadata"]["component"] = subject
    OUTPUT.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    print(f"{OUTPUT.relative_to(ROOT)}: {len(components)} packages that unisync {version} needs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
