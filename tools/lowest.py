"""The oldest versions that pyproject.toml allows, as constraints for pip.

`python tools/lowest.py [LIBRARY ...]`: the libraries that are named stay at the version of constraints.txt.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("dicom",)
"""Besides what is always needed; tools for development may be new."""


def lowest(requirements: Iterable[str]) -> dict[str, str]:
    """Name and version of each requirement with a lower bound."""
    found = (re.match(r"([\w.-]+)(?:\[[^]]*\])?\s*>=\s*([\w.]+)", requirement) for requirement in requirements)
    return {match[1]: match[2] for match in found if match}


def tested() -> dict[str, str]:
    """Name and version of each line of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def requirements() -> list[str]:
    """What pyproject.toml declares for the program below the window and its file formats."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]


if __name__ == "__main__":
    for name, version in lowest(requirements()).items():
        print(f"{name}=={tested()[name] if name in sys.argv[1:] else version}")
