"""Error map, worst places and observers: time on large organs, and spheres whose middle and spread are known.

    OMP_NUM_THREADS=1 python benchmarks/metrics/surfaces.py

Writes surfaces.csv beside this file, and the table of docs/evidence/metrics.md; with --table only that, from the file.
Spheres: three or four of one centre, of 8 to 14 mm and up to 4 mm apart, at 60 random places of the grid, voxels of
1 mm and of 0.8 × 0.8 × 2 mm. Times are seconds of the processor, five each, on balls of 80 voxels radius in 192³
(50,000 to 75,000 border voxels).
"""

from __future__ import annotations

import csv
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from evidence_page import into_page
from scipy import ndimage

from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.review.error_map import error_map
from napari_boundaryseg.review.observers import observed
from napari_boundaryseg.review.worst_places import worst_places

TABLE = Path(__file__).with_suffix(".csv")
SPACINGS = ((1.0, 1.0, 1.0), (0.8, 0.8, 2.0))
PLACES = 60
SIDE = 192
ROUNDS = 5
Row = dict[str, str]


def main() -> None:
    """Measure, or read what was measured, and write the page's table."""
    if "--table" not in sys.argv:
        rows = [*spheres(), *times()]
        with TABLE.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["what", "of", "number", "value"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    with TABLE.open() as file:
        into_page("surfaces", as_markdown(list(csv.DictReader(file))))


def as_markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Mean, SD and extremes of each row."""
    lines = ["| what | of | mean | SD | least to most |", "|---|---|---|---|---|"]
    for what, of in dict.fromkeys((row["what"], row["of"]) for row in rows):
        values = [float(row["value"]) for row in rows if (row["what"], row["of"]) == (what, of)]
        mean, sd = mean_sd(values).text(2).split(" ± ")
        lines.append(f"| {what} | {of} | {mean} | {sd} | {min(values):.2f} to {max(values):.2f} |")
    return "\n".join(lines)


def spheres() -> Iterator[Row]:
    """How far radius, SD and range of the middle are from what is known, in mm."""
    rng = np.random.default_rng(0)
    for spacing in SPACINGS:
        of = " × ".join(f"{mm:g}" for mm in spacing) + " mm"
        shape = [math.ceil(34 / mm) for mm in spacing]
        for number in range(PLACES):
            at = np.moveaxis(np.indices(shape), 0, -1) * np.array(spacing) - 17 + rng.uniform(-1, 1, 3)
            r = np.linalg.norm(at, axis=-1)
            drawn = 8 + rng.uniform(0, 2) + np.sort(rng.uniform(0, 4, rng.integers(3, 5)))
            for middle, wanted in (("median", np.median(drawn)), ("mean", np.mean(drawn))):
                found = observed([r < mm for mm in drawn], spacing, middle)  # type: ignore[arg-type]
                beside = ~np.isnan(found.distance_mm)
                level = r[beside] + found.distance_mm[beside]  # the radius of the zero level, from each voxel beside it
                yield row(f"{middle}: radius", of, number, level.mean() - wanted)
            on = ~np.isnan(found.sd_mm)
            for what, values, known in (
                ("SD", found.sd_mm, mean_sd(drawn).sd or 0.0),
                ("range", found.range_mm, np.ptp(drawn)),
            ):
                yield row(what, of, number, values[on].mean() - known)


def times() -> Iterator[Row]:
    """Seconds of the processor."""
    at = np.indices((SIDE,) * 3).astype(np.float32) - SIDE / 2
    r = np.sqrt((at**2).sum(axis=0))
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=r.shape).astype(np.float32), 8)
    reference, wobbly = r < 80, r < 80 + 4 * noise / np.sqrt(np.mean(noise**2))
    cases = {
        "border off by 4 mm (SD)": wobbly,
        "shifted by 8 mm": np.roll(reference, 8, 0),
        "half of it": reference & (at[0] < 0),
    }
    mm = (1.0, 1.0, 1.0)
    for name, judged in cases.items():
        runs: dict[str, Callable[[], object]] = {
            "error map, s": lambda judged=judged: error_map(judged, reference, mm),  # type: ignore[misc]
            "worst places at 2 mm, s": lambda judged=judged: worst_places(judged, reference, mm, 2.0),  # type: ignore[misc]
        }
        for what, run in runs.items():
            for number in range(ROUNDS):
                yield row(what, name, number, _seconds(run))
    three = [r < mm for mm in (76, 80, 83)]
    for number in range(ROUNDS):
        yield row("three observers, s", "balls", number, _seconds(lambda: observed(three, mm)))


def row(what: str, of: str, number: int, value: float) -> Row:
    """One line of the file."""
    return {"what": what, "of": of, "number": str(number), "value": f"{value:.6f}"}


def _seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


if __name__ == "__main__":
    main()
