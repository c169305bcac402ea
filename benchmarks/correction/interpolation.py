"""Organs that people drew, known on every second, third or fifth slice: how far off are the slices between?

    python benchmarks/correction/interpolation.py hippocampus
    python benchmarks/correction/interpolation.py sarcoma_t1

Mean distance between the borders in the slice (both directions, at most 20 mm) on the slices left out, in mm: for
linear interpolation of signed distances, and for what the program does. Coronal slices of the hippocampus, axial ones
of the sarcoma. Differences are paired by organ, their 95 % intervals by a bootstrap over cases.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from borders import interval, over

from napari_boundaryseg.data.datasets import load_labelled, read_dataset
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.shapes.slice_distance import slice_distance
from napari_boundaryseg.editing.tools.propagate.interpolate import FAR_MM, interpolated

SETS = {"hippocampus": ("hippocampus", "PRS", ("val",)), "sarcoma_t1": ("sarcoma", "SRA", ("train", "val"))}
EVERY = (2, 3, 5)
MARGIN = 12
"""Voxels round an organ that shapes may reach into."""

Known = dict[int, np.ndarray]


def organs(data: Path, folder: str) -> Iterator[tuple[str, np.ndarray, tuple[float, ...]]]:
    """Case, mask with slices first, spacing."""
    scheme, axes, rows = SETS[folder]
    cases = [c for c in read_dataset(data / folder, data / folder / "splits.csv") if c.split in rows]
    for case, (_, labels) in zip(cases, load_labelled(cases, preset(scheme)), strict=True):
        turned = AxisMap(labels.affine, labels.array.shape, axes)
        spacing = tuple(float(np.linalg.norm(turned.new_affine[:3, n])) for n in range(3))
        array = turned.to_axes(labels.array)
        for organ in labels.scheme.ids:
            where = np.argwhere(array == organ)
            if len(where):
                room = np.array((0, MARGIN, MARGIN))
                low, high = np.maximum(where.min(0) - room, 0), where.max(0) + 1 + room
                yield case.group or case.name, (array == organ)[tuple(map(slice, low, high))], spacing


def straight(drawn: Known, spacing: tuple[float, ...]) -> Known:
    """Linear interpolation of the signed distances of the two known neighbours."""
    known = sorted(drawn)
    distance = slice_distance(np.stack([drawn[n] for n in known]), spacing[1:], FAR_MM)
    found = {}
    for place, (a, b) in enumerate(pairwise(known)):
        for n in range(a + 1, b):
            share = (n - a) / (b - a)
            found[n] = (1 - share) * distance[place] + share * distance[place + 1] > 0
    return found


def off_mm(made: Known, mask: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Mean distance on the slices that were made."""
    slices = sorted(made)
    return over(np.stack([made[n] for n in slices]), mask[slices], spacing[1:], 1.0).mean_mm


def main() -> None:
    """Measure one set and print its table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("set", choices=SETS)
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    chosen = options.parse_args()
    found: dict[int, list[tuple[str, float, float]]] = {every: [] for every in EVERY}
    for case, mask, spacing in organs(chosen.data, chosen.set):
        for every, rows in found.items():
            drawn = {n: mask[n] for n in sorted({*range(0, len(mask), every), len(mask) - 1})}
            if len(drawn) > 1 and len(drawn) < len(mask):
                lines, ours = straight(drawn, spacing), interpolated(drawn, spacing)
                rows.append((case, off_mm(lines, mask, spacing), off_mm(ours, mask, spacing)))
    print("| every | organs | linear (mm) | ours (mm) | ours − linear |\n|---|---|---|---|---|")
    for every, rows in found.items():
        cases, line, our = zip(*rows, strict=True)
        change = np.array(our) - np.array(line)
        low, high = interval(change, list(cases))
        means = f"{np.mean(line):.3f} | {np.mean(our):.3f} | {change.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
        print(f"| {every} | {len(rows)} | {means} |")


if __name__ == "__main__":
    main()
