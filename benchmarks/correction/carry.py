"""What three corrected slices do to all the others of an organ, without any further action.

    python benchmarks/correction/carry.py phantoms pelvis-mr-sgm-synthetic
    python benchmarks/correction/carry.py hippocampus hippocampus-hmedn
    python benchmarks/correction/carry.py men sgm                           of studies/real_pelvis.py
    python benchmarks/correction/carry.py promise12 pelvis-mr-sgm
    python benchmarks/correction/carry.py sarcoma TRAINING-CONFIG           of studies/run.py --predictions

The slices a sixth, a half and five sixths of the way along the organ become what is wanted. On the others: the mean
distance between the borders in the slice (both directions, at most 20 mm), as a part of what it was, for carrying, for
copying the nearest corrected slice, and for interpolating between the three. Means over organs; intervals by a
bootstrap over cases. A row for each organ goes to a CSV beside this file.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from borders import interval, over
from starts import SETS, Organ

from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.editing.tools.propagate.carry import Carry
from napari_boundaryseg.editing.tools.propagate.interpolate import interpolated

CORRECTED = (1 / 6, 1 / 2, 5 / 6)
TOLERANCE_MM = {which: 1.0 if which.startswith("hippocampus") else 2.0 for which in SETS}
LENGTH_MM = {which: 3.0 if which.startswith("hippocampus") else 12.0 for which in SETS}
"""As in the window: six tolerances of the organ's scheme."""
REACH_MM = 6.0
"""In tolerances: how far a correction moves a border at most."""

Method = Callable[[Organ, list[int], str], np.ndarray]


def carried(organ: Organ, picked: list[int], which: str) -> np.ndarray:
    """The corrections spread over the start."""
    carry = Carry(organ.start, organ.spacing_mm, LENGTH_MM[which], REACH_MM * TOLERANCE_MM[which])
    for n in picked:
        carry.correct(n, organ.wanted[n])
    return carry.proposal(range(len(organ.start)))


def copied(organ: Organ, picked: list[int], which: str) -> np.ndarray:
    """Each slice as the nearest corrected one."""
    nearest = np.abs(np.subtract.outer(np.arange(len(organ.start)), picked)).argmin(1)
    return organ.wanted[np.asarray(picked)[nearest]]


def between(organ: Organ, picked: list[int], which: str) -> np.ndarray:
    """Interpolated between the corrected slices, the start beyond them."""
    found = organ.start.copy()
    for n, mask in interpolated({n: organ.wanted[n] for n in picked}, organ.spacing_mm).items():
        found[n] = mask
    return found


METHODS: dict[str, Method] = {"carry": carried, "copy": copied, "interpolate": between}


def measure(organ: Organ, which: str) -> dict[str, float] | None:
    """Mean distance on the slices that were not corrected, at the start and by each method."""
    there = np.flatnonzero(organ.wanted.any((1, 2)))
    picked = sorted({int(there[round(part * (len(there) - 1))]) for part in CORRECTED})
    if len(there) < 5 or len(picked) < 3:
        return None
    others = [n for n in range(len(organ.start)) if n not in picked and (organ.wanted[n] | organ.start[n]).any()]
    found = {"start": organ.start, **{name: method(organ, picked, which) for name, method in METHODS.items()}}
    plane, tolerance = organ.spacing_mm[1:], TOLERANCE_MM[which]
    return {name: over(masks[others], organ.wanted[others], plane, tolerance).mean_mm for name, masks in found.items()}


def main() -> None:
    """Measure one set, keep its rows, print its table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("set", choices=SETS)
    options.add_argument("model")
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    chosen = options.parse_args()
    rows = []
    for organ in SETS[chosen.set](chosen.data, chosen.model):
        found = measure(organ, chosen.set)
        if found is not None and found["start"] > 0:
            rows.append({"case": organ.case, "organ": organ.name, **{name: round(mm, 4) for name, mm in found.items()}})
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    atomic_text(Path(__file__).with_name(f"carry_{chosen.set}_{chosen.model}.csv"), text.getvalue())
    cases = [str(row["case"]) for row in rows]
    start = np.array([row["start"] for row in rows], float)
    print(f"{len(rows)} organs of {len(set(cases))} cases, {start.mean():.2f} mm at the start\n")
    print("| method | part of the start's distance | better in |\n|---|---|---|")
    for name in METHODS:
        now = np.array([row[name] for row in rows], float)
        part, (low, high) = now / start, interval(now / start, cases)
        print(f"| {name} | {part.mean():.2f} [{low:.2f}, {high:.2f}] | {(now < start).mean():.0%} |")


if __name__ == "__main__":
    main()
