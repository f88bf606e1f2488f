"""What the scripts beside this share: a page is written from the code, or checked against it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def written_or_checked(path: Path, page: Callable[[], str], script: str, description: str | None) -> int:
    """Do what the arguments of this process say; what it ends with.

    Args:
        path: The page's.
        page: What it should be.
        script: The script that writes it.
        description: What the script says of itself.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, say whether the page is what it should be")
    if not parser.parse_args().check:
        path.write_text(page(), encoding="utf-8")
    elif path.read_text(encoding="utf-8") != page():
        print(f"{path.name} is not what {script} writes")
        return 1
    return 0
