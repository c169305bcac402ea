"""Whether an organ can be closed beyond the last slice that was drawn, by the curvature of what was drawn.

    python benchmarks/correction/ends.py hippocampus
    python benchmarks/correction/ends.py sarcoma_t1

Every second, third or fifth slice of an organ is drawn, so that it goes on for less than that many slices beyond the
last one. A ball through the sizes of the last two drawn slices says where it ends; its slices are the last drawn shape,
smaller and smaller. What is wrong then on those slices, in mL, against leaving them empty; an interval of the
difference by a bootstrap over cases.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from borders import interval
from interpolation import EVERY, SETS, organs

from napari_boundaryseg.data.shapes.slice_distance import slice_distance
from napari_boundaryseg.editing.tools.propagate.interpolate import FAR_MM

Spacing = tuple[float, ...]


def closed(last: np.ndarray, inner: np.ndarray, apart: int, spacing: Spacing) -> np.ndarray:
    """The slices beyond the last drawn one, (apart - 1, R, C): the ball whose radii the two drawn slices have."""
    step = apart * spacing[0]
    ours, theirs = (np.sqrt(mask.sum() * spacing[1] * spacing[2] / np.pi) for mask in (last, inner))
    back = max((theirs**2 - ours**2 - step**2) / (2 * step), 0.0)  # from the ball's middle to the last slice
    depth = slice_distance(last[None], spacing[1:], FAR_MM)[0]
    found = np.zeros((apart - 1, *last.shape), bool)
    for n, mask in enumerate(found, start=1):
        radius = np.sqrt(max(0.0, ours**2 + back**2 - (back + n * spacing[0]) ** 2))
        mask[:] = depth - float(depth.max()) * (1 - radius / ours) > 0 if radius > 0 else False
    return found


def ends(mask: np.ndarray, every: int, spacing: Spacing) -> Iterator[tuple[float, float]]:
    """What is wrong beyond each end, in mL, left empty and closed, wherever drawing begins."""
    voxel_ml = float(np.prod(spacing)) / 1000
    room = np.pad(mask, ((every, every), (0, 0), (0, 0)))
    for first in range(every + 1, 2 * every):
        drawn = list(range(first, every + len(mask), every))
        for last, inner, way in ((drawn[0], drawn[1], -1), (drawn[-1], drawn[-2], 1)) if len(drawn) > 1 else ():
            wanted = np.stack([room[last + way * n] for n in range(1, every)])
            yield wanted.sum() * voxel_ml, (closed(room[last], room[inner], every, spacing) ^ wanted).sum() * voxel_ml


def main() -> None:
    """Measure one set and print its table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("set", choices=SETS)
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    chosen = options.parse_args()
    print("| every | ends | empty (mL) | closed (mL) | closed − empty |\n|---|---|---|---|---|")
    for every in EVERY:
        found = [
            (case, *one)
            for case, mask, spacing in organs(chosen.data, chosen.set)
            for one in ends(mask, every, spacing)
        ]
        cases, empty, filled = zip(*found, strict=True)
        change = np.array(filled) - np.array(empty)
        low, high = interval(change, list(cases))
        means = f"{np.mean(empty):.3f} | {np.mean(filled):.3f} | {change.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
        print(f"| {every} | {len(found)} | {means} |")


if __name__ == "__main__":
    main()
