"""The bladder of a harder pelvis, nearly empty to very full, and the seminal vesicles behind it."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.phantom.fields import smooth_noise, waves
from napari_boundaryseg.phantom.hard.sizes import HardSizes
from napari_boundaryseg.phantom.organs import Organ, local
from napari_boundaryseg.phantom.shapes import Canvas, Ellipsoid
from napari_boundaryseg.phantom.tissues import Tissue


def paint_bladder(
    canvas: Canvas, rng: np.random.Generator, sizes: HardSizes, spacing_mm: tuple[float, float, float]
) -> Organ:
    """Urine within a wall that is thick at the base and rough inside; the emptier, the less round."""
    box, distance = canvas.distance(sizes.bladder, 10)
    at = canvas.at(box)
    u, v, w = local(at, sizes.bladder.centre, sizes.bladder.radii)
    loose = rng.uniform(0.5, 1.2) * np.interp(sizes.urine_ml, (15, 150, 500), (4.5, 3.0, 3.5))
    distance = distance + waves(rng, u, v, w, rng.uniform(2.4, 3.6)) * np.float32(loose)
    rough = smooth_noise(rng, distance.shape, spacing_mm, rng.uniform(4, 7)) * np.float32(rng.uniform(0.03, 0.16))
    base = np.clip(-w - v * np.float32(0.5), 0, 1.2)
    wall = np.float32(sizes.wall) * (1 + np.float32(rng.uniform(0, 0.6)) * base + rough)
    canvas.fill(box, distance < 0, Tissue.BLADDER_WALL)
    canvas.fill(box, distance + wall < 0, Tissue.URINE)
    return Organ(canvas, box, distance)


def paint_vesicles(
    canvas: Canvas, rng: np.random.Generator, sizes: HardSizes, spacing_mm: tuple[float, float, float]
) -> None:
    """Seminal vesicles: coiled tubes, some shrunken, spread like a bow tie above the prostate."""
    x, y, z = sizes.prostate
    _, b, c = sizes.radii
    large = rng.uniform(0.55, 1.2)
    for side in (1, -1):
        centre = (x + side * rng.uniform(13, 20), y - rng.uniform(0.4, 0.8) * b, z + c + rng.uniform(0, 7))
        radii = tuple(float(large * r) for r in rng.uniform((15, 4.5, 6), (24, 8, 11)))
        lobe = Ellipsoid(centre, radii, -side * rng.uniform(0, 30))  # type: ignore[arg-type]
        box, distance = canvas.distance(lobe)
        coils = smooth_noise(rng, distance.shape, spacing_mm, rng.uniform(2.2, 3.4))
        tubes = (np.abs(coils) > rng.uniform(0.3, 0.9)) & (distance < -0.7)
        tissue = np.where(tubes, Tissue.VESICLE, Tissue.VESICLE_WALL)
        canvas.fill(box, distance < 0, tissue.astype(np.uint8))
