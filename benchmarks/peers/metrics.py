"""Metrics and boundary targets beside MONAI, scikit-image and SciPy: processor time, in turn, on one thread.

    OMP_NUM_THREADS=1 python benchmarks/peers/metrics.py
    OMP_NUM_THREADS=1 python benchmarks/peers/metrics.py --rounds 9

On 256 × 256 × 120 voxels of 0.8 × 0.8 × 2 mm. Ours is `evaluate`, from two label maps to every metric; MONAI is given
each object as a mask of its own and asked for HD95, average surface distance and surface Dice. Boundaries are those of
a mask of the whole scan. The soft contour is that of 3 mm, from distances: SciPy's are taken over the whole scan.

Values are compared first: no row where they differ. Only MONAI's `LabelToContour` finds other voxels, also those that
touch the outside by an edge or a corner: there every voxel of ours must be one of theirs. Ratios are theirs divided by
ours in the same round, so that more is better: the median, and from the least to the most.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice
from monai.transforms import LabelToContour
from scipy import ndimage
from skimage.segmentation import find_boundaries

from napari_boundaryseg.data.boundaries import inner_boundary, thick_boundary
from napari_boundaryseg.data.contour_targets import TRUNCATE, soft_contour
from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import Geometry, LabelMap

Three = tuple[float, float, float]
Run = Callable[[], np.ndarray]
SHAPE = (256, 256, 120)
SPACING: Three = (0.8, 0.8, 2.0)
TOLERANCE_MM, SIGMA_MM = 2.0, 3.0
COMPARED = ("hd95_mm", "asd_mm", "surface_dice")


@dataclass(frozen=True)
class Row:
    """One thing made by them and by us, and how far the two may be apart."""

    what: str
    by: str
    theirs: Run
    ours: Run
    most: float = 0.0
    only_within: bool = False
    """Whether theirs may hold more than ours."""

    def apart(self) -> float:
        """The largest difference; of voxels, 1 for one that is another."""
        theirs, ours = (np.asarray(run(), float) for run in (self.theirs, self.ours))
        return float(np.max(ours - theirs if self.only_within else np.abs(ours - theirs)))


def ellipsoid(centre: Three, radii: Three) -> np.ndarray:
    """(I, J, K) bool."""
    axes = np.ogrid[tuple(slice(n) for n in SHAPE)]
    return np.asarray(sum(((at - middle) / r) ** 2 for at, middle, r in zip(axes, centre, radii)) <= 1)


def objects(count: int, moved: float = 0, thicker: float = 0) -> np.ndarray:
    """One large object or many of other sizes, along the first axis moved and thicker by so many voxels."""
    found = np.zeros(SHAPE, np.uint8)
    if count == 1:
        found[ellipsoid((128 + moved, 128, 60), (45 + thicker, 45, 34))] = 1
        return found
    for n in range(count):
        centre = 40 + 44 * (n % 5) + moved, 45 + 80 * (n // 5), 60
        found[ellipsoid(centre, (18 + thicker, 26, 30 - n))] = n + 1
    return found


def metrics(count: int) -> Row:
    """Every metric of so many objects."""
    organs = tuple(Organ(id=n, name=f"object {n}", colour=f"#{n:02x}8844") for n in range(1, count + 1))
    scheme = LabelScheme(name="objects", organs=organs)
    arrays = objects(count, 3, 2), objects(count)
    found, wanted = (LabelMap(array, Geometry(SHAPE, np.diag([*SPACING, 1.0])), scheme) for array in arrays)
    masks = [torch.from_numpy(np.stack([array == organ.id for organ in organs]))[None].float() for array in arrays]

    def theirs() -> np.ndarray:
        asked = {"include_background": True, "spacing": SPACING}
        return np.stack(
            [
                compute_hausdorff_distance(*masks, percentile=95, **asked)[0],
                compute_average_surface_distance(*masks, symmetric=True, **asked)[0],
                compute_surface_dice(*masks, [TOLERANCE_MM] * count, **asked)[0],
            ]
        )

    def ours() -> np.ndarray:
        scores = evaluate(found, wanted, TOLERANCE_MM)
        return np.array([[scores[organ.name][name] for organ in organs] for name in COMPARED])

    what = (
        f"metrics, {count} objects" if count > 1 else f"metrics, one object of {np.count_nonzero(arrays[1]):,} voxels"
    )
    return Row(what, "MONAI", theirs, ours, most=1e-4)


def boundaries() -> list[Row]:
    """The voxels at a mask's border."""
    mask = objects(1) == 1
    tensor, contour = torch.from_numpy(mask[None]).float(), LabelToContour()

    def inner() -> np.ndarray:
        return inner_boundary(mask)

    def thick() -> np.ndarray:
        return thick_boundary(mask)

    return [
        Row("boundary, inner", "scikit-image", lambda: find_boundaries(mask, mode="inner"), inner),
        Row("boundary, thick", "scikit-image", lambda: find_boundaries(mask, mode="thick"), thick),
        Row("boundary, inner", "MONAI LabelToContour", lambda: contour(tensor)[0].numpy(), inner, only_within=True),
    ]


def contour() -> Row:
    """The soft contour of a boundary, from distances."""
    boundary = inner_boundary(objects(1) == 1)
    sigmas = [SIGMA_MM / mm for mm in SPACING]

    def theirs() -> np.ndarray:
        distance = ndimage.distance_transform_edt(~boundary, sampling=[1 / sigma for sigma in sigmas])
        return np.where(distance <= TRUNCATE, np.exp(-0.5 * distance**2), 0).astype(np.float32)

    return Row("soft contour", "SciPy", theirs, lambda: soft_contour(boundary, sigmas, "distance"))


def seconds(run: Run) -> float:
    """Processor time."""
    began = time.process_time()
    run()
    return time.process_time() - began


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    print(f"One thread, processor time, n = {chosen.rounds}\n")
    print("| what | beside | largest difference | theirs (ms) | ours (ms) | theirs ÷ ours | least to most |")
    print("|---|---|---|---|---|---|---|")
    for row in (metrics(1), metrics(14), *boundaries(), contour()):
        apart = row.apart()
        if not apart <= row.most:
            raise SystemExit(f"{row.what}: ours and that of {row.by} are {apart:.1e} apart")
        rounds = [(seconds(row.theirs), seconds(row.ours)) for _ in range(chosen.rounds)]
        times = " | ".join(f"{1000 * statistics.median(one):.1f}" for one in zip(*rounds))
        ratios = sorted(theirs / ours for theirs, ours in rounds)
        difference = "ours lie in theirs" if row.only_within else f"{apart:.1e}" if apart else "none"
        spread = f"{ratios[0]:.1f} to {ratios[-1]:.1f}"
        print(
            f"| {row.what} | {row.by} | {difference} | {times} | {statistics.median(ratios):.1f} | {spread} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
