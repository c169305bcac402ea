"""The walls of a harder pelvis: fat with few septa, muscles that fill what lies beside it, bones within them."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.phantom import surroundings
from napari_boundaryseg.phantom.fields import smooth_noise
from napari_boundaryseg.phantom.organs import Sizes
from napari_boundaryseg.phantom.shapes import Canvas, Capsule, Ellipsoid, Solid
from napari_boundaryseg.phantom.tissues import Tissue

Spacing = tuple[float, float, float]
_FATS = (Tissue.FAT, Tissue.SUBCUTANEOUS_FAT)
_SOFT = (*_FATS, Tissue.FASCIA, Tissue.MUSCLE)


def paint_body(canvas: Canvas, rng: np.random.Generator) -> None:
    """Air, skin, a layer of fat that is thin or thick, fat inside."""
    wide, deep = rng.uniform(150, 215), rng.uniform(100, 140)
    middle = rng.uniform(76, 122) - deep
    x, y = np.abs(canvas.x) / np.float32(wide), np.abs(canvas.y - np.float32(middle)) / np.float32(deep)
    depth = np.float32(deep) * (1 - np.sqrt(np.sqrt(x * x * x * x + y * y * y * y)))
    layers = np.array([Tissue.AIR, Tissue.SKIN, Tissue.SUBCUTANEOUS_FAT, Tissue.FAT], np.uint8)
    canvas.map[...] = layers[np.searchsorted(np.array([0, 2.2, rng.uniform(12, 26)], np.float32), depth)]


def paint_fat(canvas: Canvas, rng: np.random.Generator, spacing_mm: Spacing) -> None:
    """A few septa, and small vessels where two sheets meet."""
    shape: tuple[int, int, int] = canvas.x.shape
    sheets = smooth_noise(rng, shape, spacing_mm, rng.uniform(9, 16))
    dots = smooth_noise(rng, shape, spacing_mm, rng.uniform(3.5, 6))
    fat = canvas.map == Tissue.FAT
    fat |= canvas.map == Tissue.SUBCUTANEOUS_FAT
    canvas.map[fat & (np.abs(sheets) < rng.uniform(0.015, 0.04))] = Tissue.FASCIA
    canvas.map[fat & (dots > rng.uniform(2.3, 3.0))] = Tissue.FLOW_VOID
    canvas.map[fat & (dots < -rng.uniform(2.4, 3.2))] = Tissue.VEIN


def paint_muscles(canvas: Canvas, rng: np.random.Generator, sizes: Sizes, spacing_mm: Spacing) -> None:
    """The obturators close beside the organs, all that lies outside of them, buttocks, the muscles in front."""
    shape: tuple[int, int, int] = canvas.x.shape
    bundles = smooth_noise(rng, shape, (spacing_mm[0], spacing_mm[1] / 2.5, spacing_mm[2]), rng.uniform(10, 15))
    bulge = smooth_noise(rng, shape, spacing_mm, rng.uniform(18, 26)) * np.float32(rng.uniform(2, 4))
    far, z = np.abs(canvas.x), canvas.z
    y = canvas.y + bulge
    inner = max(29.0, sizes.radii[0] + rng.uniform(1, 7)) + np.float32(rng.uniform(0.45, 0.7)) * np.clip(z + 8, -6, 45)
    inner += np.float32(rng.uniform(0.3, 0.55)) * np.clip(-y - 12, 0, 40)
    beyond = far - inner + np.float32(0.3) * bulge
    thick = np.float32(rng.uniform(0.75, 1.15)) * np.clip(15 - np.float32(0.2) * (z + 5), 6, 17)
    back = np.float32(rng.uniform(-74, -50)) + (far - 10) * np.clip(np.float32(0.012) * (z + 10), 0, 0.5)
    front = np.float32(rng.uniform(48, 64)) - np.float32(rng.uniform(0, 0.2)) * far
    body = np.isin(canvas.map, (*_FATS, Tissue.FASCIA, Tissue.VEIN, Tissue.FLOW_VOID))
    apart = np.abs(bundles - np.float32(0.3)) > rng.uniform(0.04, 0.12)
    lateral = (beyond > thick) & apart | (beyond > 0) & (beyond < thick - rng.uniform(0.5, 2)) & (z < 50)
    lateral &= (y > back) & (y < front)
    # Behind the rectum lies fat, a little of it or a hand's breadth.
    buttock = back - rng.choice((rng.uniform(3, 10), rng.uniform(10, 45)))
    buttock = (y < buttock) & (y > buttock - rng.uniform(30, 55)) & (far > rng.uniform(2, 14)) & apart
    canvas.map[body & (lateral | buttock)] = Tissue.MUSCLE
    for s in surroundings.SIDES:
        canvas.paint(Ellipsoid((23 * s, 68, 32), (22, rng.uniform(4.5, 8), 74), -6 * s), Tissue.MUSCLE, over=_SOFT)
        canvas.paint(Capsule((20 * s, -84, 44), (88 * s, -46, 24), 10, 7), Tissue.MUSCLE, over=_SOFT)
        for tube, tissue in surroundings.vessels(s, rng):
            canvas.paint(tube, tissue, over=_SOFT)


def _hip(s: int) -> list[Solid]:
    return [
        Ellipsoid((17 * s, 48, -20), (16, 16, 22), 20 * s),
        Capsule((62 * s, 30, 0), (18 * s, 50, -12), 10, 9),
        Capsule((13 * s, 42, -34), (46 * s, -18, -50), 6.5, 8.5),
        Capsule((70 * s, -24, 4), (56 * s, -36, -46), 13, 14),
        Capsule((74 * s, 24, 14), (64 * s, 30, 0), 13, 10.5),
        Ellipsoid((66 * s, -2, 10), (8, 31, 30), -4 * s),
        Ellipsoid((92 * s, -4, 34), (20, 25, 14)),
        Capsule((80 * s, -8, 36), (98 * s, -30, 92), 17, 20),
    ]


def paint_bones(canvas: Canvas, rng: np.random.Generator) -> None:
    """Hip bones of red marrow, thighs of yellow, sacrum, symphysis; thin cortex."""
    cortex = rng.uniform(0.8, 1.7)
    yellow = Tissue.SUBCUTANEOUS_FAT if rng.random() < 0.7 else Tissue.MARROW
    for s in surroundings.SIDES:
        _bone(canvas, _hip(s), cortex, Tissue.MARROW)
        head = surroundings.femoral_head(s)
        canvas.paint(Ellipsoid(head.centre, (26.0, 26.0, 26.0)), Tissue.CARTILAGE)
        _bone(canvas, surroundings.femur(s), cortex, yellow)
    _bone(canvas, surroundings.SACRUM, cortex, Tissue.MARROW)
    canvas.paint(Ellipsoid((0, 49, -19), (rng.uniform(1.5, 4), 14, 19)), Tissue.CARTILAGE)


def _bone(canvas: Canvas, parts: list[Solid], cortex_mm: float, marrow: Tissue) -> None:
    solids = [canvas.distance(part) for part in parts]
    for box, distance in solids:
        canvas.fill(box, distance < 0, Tissue.CORTEX)
    for box, distance in solids:
        canvas.fill(box, distance < -cortex_mm, marrow)
