"""Refuse files that do not belong into a repository of code: larger than 12 MB, or all samples together."""

from __future__ import annotations

import sys
from pathlib import Path

LARGEST = 12_000_000


def main() -> int:
    """Check the files that are named on the command line."""
    large = [name for name in sys.argv[1:] if Path(name).is_file() and Path(name).stat().st_size > LARGEST]
    for name in large:
        print(f"{name}: {Path(name).stat().st_size / 1e6:.1f} MB is more than {LARGEST / 1e6:.0f} MB.")
    return bool(large)


if __name__ == "__main__":
    raise SystemExit(main())
