"""``python -m napari_boundaryseg.phantom OUT`` writes the sample data into the folder OUT."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from napari_boundaryseg.errors import BoundarySegError
from napari_boundaryseg.phantom.samples import write_samples


def main(arguments: list[str] | None = None) -> int:
    """Write the sample data; 0, or 1 after an error."""
    parser = argparse.ArgumentParser(prog="python -m napari_boundaryseg.phantom", description=__doc__)
    parser.add_argument("out", type=Path, help="folder that gets the samples")
    out = parser.parse_args(arguments).out
    try:
        write_samples(out, progress=lambda fraction, text: print(f"{fraction:4.0%} {text}", file=sys.stderr))
    except BoundarySegError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
