"""What hugs prostate and rectum in a harder pelvis: venous plexus, fascia, the levator's sling, the perineum."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.phantom.fields import smooth_noise
from napari_boundaryseg.phantom.hard.bowel import Tube
from napari_boundaryseg.phantom.hard.gland import Gland
from napari_boundaryseg.phantom.hard.sizes import HardSizes
from napari_boundaryseg.phantom.shapes import Canvas, Capsule, Ellipsoid
from napari_boundaryseg.phantom.tissues import Tissue

_SOFT = (Tissue.FAT, Tissue.SUBCUTANEOUS_FAT, Tissue.FASCIA, Tissue.VEIN, Tissue.FLOW_VOID)


def paint_floor(
    canvas: Canvas,
    rng: np.random.Generator,
    sizes: HardSizes,
    prostate: Gland,
    tube: Tube,
    spacing_mm: tuple[float, float, float],
) -> None:
    """Around both organs at once: the levator lies closer to them the lower it is."""
    (_, py, pz), (_, b, c) = sizes.prostate, sizes.radii
    box = canvas.box((-62, -95, -75), (62, 45, 48))
    x, y, z = canvas.at(box)
    whole = np.full(canvas.map.shape, 50, np.float32)
    whole[tube.box] = tube.distance
    ax, ay, az = sizes.apex
    urethra = Capsule((ax, ay, az + 8), (ax, ay + 3, az - 20), rng.uniform(7, 10))
    front = np.minimum(prostate.organ.whole[box], urethra.distance(x, y, z))
    rise = z - np.float32(pz)
    near = _union(front, whole[box], 9 + np.clip(-rise - np.float32(0.5 * c), 0, 9))
    gap = np.float32(rng.uniform(0.8, 3.5)) + np.clip(rise + 12, 0, 60) * np.float32(rng.uniform(0.12, 0.3))
    gap = np.where(rise > 0.3 * c, gap + (rise - np.float32(0.3 * c)) * np.float32(rng.uniform(0.4, 0.9)), gap)
    thick = np.clip(np.float32(rng.uniform(2.2, 4)) - np.float32(0.14) * (rise + 18), 2, rng.uniform(5, 10))
    behind = y < np.float32(py + rng.uniform(0.3, 0.7) * b)
    reach = np.where(y > py, np.float32(rng.uniform(4, 11)), np.minimum(gap, rng.uniform(3, 6)))
    reach *= np.clip(1 - (rise - np.float32(c)) / 14, 0, 1)
    _paint_plexus(canvas, rng, box, (near > 0) & (near < reach), spacing_mm)
    sling = behind & (near > gap) & (near < gap + thick) & (rise < rng.uniform(-0.5 * c, 0.3 * c + 20))
    sling |= (near < gap) & (rise < -c - rng.uniform(0, 6))
    canvas.fill(box, sling, Tissue.LEVATOR, over=_SOFT)
    _paint_perineum(canvas, rng, sizes)


def _union(a: np.ndarray, b: np.ndarray, smooth_mm: np.ndarray) -> np.ndarray:
    """Distance to two bodies with the groove between them filled."""
    mix = np.clip(np.float32(0.5) + (b - a) / (2 * smooth_mm), 0, 1)
    return b + (a - b) * mix - smooth_mm * mix * (1 - mix)


def _paint_plexus(
    canvas: Canvas,
    rng: np.random.Generator,
    box: Box,
    within: np.ndarray,
    spacing_mm: tuple[float, float, float],
) -> None:
    """Veins and fascia between the organs and the levator, most of them beside and before the prostate."""
    veins = smooth_noise(rng, within.shape, spacing_mm, rng.uniform(2.2, 3.6))
    dense = rng.uniform(0.1, 1.4)
    for low, tissue in ((dense - 0.8, Tissue.FASCIA), (dense, Tissue.VEIN)):
        canvas.fill(box, within & (veins > low), tissue, over=_SOFT)
    canvas.fill(box, within & (veins < -dense - 0.6), Tissue.FLOW_VOID, over=_SOFT)


def _paint_perineum(canvas: Canvas, rng: np.random.Generator, sizes: HardSizes) -> None:
    """Sphincter and urethra below the apex, bulb, crura, and the muscle across."""
    ax, ay, az = sizes.apex
    low = az - rng.uniform(16, 24)
    weak = (*_SOFT, Tissue.LEVATOR)
    across = Ellipsoid((ax, ay + 4, low), (rng.uniform(22, 34), rng.uniform(6, 13), 5))
    canvas.paint(across, Tissue.LEVATOR, over=_SOFT)
    canvas.paint(Capsule((ax, ay, az + 8), (ax, ay + 3, az - 14), rng.uniform(5.5, 9)), Tissue.SPHINCTER, over=weak)
    canvas.paint(Capsule((ax, ay, az + 4), (ax, ay + 3, az - 16), rng.uniform(1.5, 2.6)), Tissue.NERVE)
    canvas.paint(Ellipsoid((ax, ay + 9, low - 10), (11, 14, 9)), Tissue.BULB, over=weak)
    for s in (1, -1):
        crus = Capsule((ax + 10 * s, ay + 26, low - 4), (ax + 34 * s, ay - 14, low - 12), 5, 4)
        canvas.paint(crus, Tissue.BULB, over=_SOFT)
