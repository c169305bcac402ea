"""What lies around the organs of a male pelvis: body wall, bones, muscles, vessels. RAS+ mm, prostate near 0, 0, 0."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.phantom.fields import smooth_noise
from napari_boundaryseg.phantom.shapes import Canvas, Capsule, Ellipsoid, Solid
from napari_boundaryseg.phantom.tissues import Tissue

SIDES = (1, -1)
"""Right (x grows towards it), left."""

_SPACES = (Tissue.FAT, Tissue.SUBCUTANEOUS_FAT)


def paint_body(canvas: Canvas, rng: np.random.Generator) -> None:
    """Air, skin, fat under the skin, and fat wherever nothing else will be."""
    wide, deep = rng.uniform(168, 198), rng.uniform(106, 126)
    middle = rng.uniform(84, 106) - deep
    x, y = np.abs(canvas.x) / np.float32(wide), np.abs(canvas.y - np.float32(middle)) / np.float32(deep)
    depth = np.float32(deep) * (np.float32(1) - np.sqrt(np.sqrt(x * x * x * x + y * y * y * y)))
    canvas.map[depth > 0] = Tissue.SKIN
    canvas.map[depth > 2.2] = Tissue.SUBCUTANEOUS_FAT
    canvas.map[depth > rng.uniform(12, 22)] = Tissue.FAT


def femoral_head(side: int) -> Ellipsoid:
    """The ball of the hip joint on one side."""
    return Ellipsoid((94.0 * side, -2, 4), (23.5, 23.5, 23.5))


def _hip_bone(s: int) -> list[Solid]:
    return [
        Capsule((66 * s, 30, 2), (14 * s, 52, -14), 10, 12),
        Ellipsoid((15 * s, 50, -20), (13, 10, 19), 12 * s),
        Capsule((11 * s, 43, -32), (48 * s, -22, -50), 7.5, 8),
        Capsule((78 * s, -27, 2), (57 * s, -37, -48), 14, 15),
        Capsule((78 * s, 22, 14), (68 * s, 30, 2), 13, 11),
        Ellipsoid((70 * s, -3, 8), (7, 29, 27), -4 * s),
        Ellipsoid((92 * s, -4, 34), (19, 24, 14)),
        Capsule((84 * s, -8, 36), (100 * s, -30, 92), 17, 20),
    ]


def femur(s: int) -> list[Solid]:
    """Head, neck and shaft on one side."""
    return [
        femoral_head(s),
        Capsule((98 * s, -4, 2), (136 * s, -12, -18), 15, 18),
        Capsule((138 * s, -14, -12), (134 * s, -8, -95), 17, 15),
    ]


SACRUM: list[Solid] = [
    Ellipsoid((0, -98, 80), (50, 17, 38)),
    Ellipsoid((0, -104, 38), (27, 10, 30)),
    Capsule((0, -101, 14), (0, -84, -14), 7, 4),
]


def paint_bones(canvas: Canvas, rng: np.random.Generator) -> None:
    """Hip bones, femora, sacrum: marrow within cortex; joint and symphysis of cartilage."""
    cortex = rng.uniform(1.4, 2.4)
    for s in SIDES:
        _paint_bone(canvas, _hip_bone(s), cortex)
        head = femoral_head(s)
        canvas.paint(Ellipsoid(head.centre, (27.0, 27.0, 27.0)), Tissue.CARTILAGE)
        _paint_bone(canvas, femur(s), cortex)
    _paint_bone(canvas, SACRUM, cortex)
    canvas.paint(Ellipsoid((0, 49, -19), (rng.uniform(2.5, 4.5), 12, 19)), Tissue.CARTILAGE)


def _paint_bone(canvas: Canvas, parts: list[Solid], cortex_mm: float) -> None:
    solids = [canvas.distance(part) for part in parts]
    for depth, tissue in ((0.0, Tissue.CORTEX), (cortex_mm, Tissue.MARROW)):
        for box, distance in solids:
            canvas.fill(box, distance < -depth, tissue)


def _muscles(s: int, rng: np.random.Generator) -> list[Solid]:
    bulk = rng.uniform(0.85, 1.12)
    return [
        Ellipsoid((54 * s, -2, -4), (11.5 * bulk, 46, 42), 6 * s),
        Ellipsoid((66 * s, -44, 0), (10 * bulk, 24, 30), 30 * s),
        Ellipsoid((60 * s, 22, -38), (42, 20 * bulk, 26), -28 * s),
        Ellipsoid((52 * s, 32, -58), (44, 24 * bulk, 28), -25 * s),
        Ellipsoid((96 * s, -30, -62), (34, 30, 44)),
        Ellipsoid((48 * s, 58, -32), (30, 13 * bulk, 30), -20 * s),
        Ellipsoid((62 * s, -2, -82), (48, 48, 26)),
        Ellipsoid((80 * s, -98, -2), (70, 22 * bulk, 95), 22 * s),
        Ellipsoid((128 * s, -22, 42), (22, 48, 48)),
        Capsule((62 * s, 36, 75), (92 * s, 46, -22), 20 * bulk, 15 * bulk),
        Ellipsoid((116 * s, 52, -8), (24, 17 * bulk, 65)),
        Ellipsoid((96 * s, -44, -36), (30, 11, 22), 10 * s),
        Ellipsoid((23 * s, 72, 32), (23, 6.5 * bulk, 72), -6 * s),
        Capsule((20 * s, -84, 44), (88 * s, -46, 24), 10, 7),
    ]


def vessels(s: int, rng: np.random.Generator) -> list[tuple[Solid, Tissue]]:
    """Vessels and nerves on one side."""
    vein = Tissue.VEIN if rng.random() < 0.4 else Tissue.FLOW_VOID
    shift = rng.uniform(-4, 4, 3)
    tubes: list[tuple[Solid, Tissue]] = [
        (Capsule((80 * s + shift[0], 64, -70), (70 * s, 58, 30), 5.0), Tissue.FLOW_VOID),
        (Capsule((70 * s, 58, 30), (54 * s, 20, 92), 5.0), Tissue.FLOW_VOID),
        (Capsule((68 * s + shift[1], 62, -70), (60 * s, 54, 30), 6.0), vein),
        (Capsule((60 * s, 54, 30), (50 * s, 10, 92), 6.0), vein),
        (Capsule((74 * s, -58 + shift[2], -60), (66 * s, -62, 60), 5.0), Tissue.NERVE),
        (Capsule((27 * s, 82, -40), (48 * s, 76, 25), 6.5), Tissue.NERVE),
    ]
    for _ in range(7):
        start = np.array([s * rng.uniform(36, 50), rng.uniform(-45, 35), rng.uniform(-20, 60)])
        stop = start + rng.normal(0, [5, 12, 22])
        kind = Tissue(int(rng.choice([Tissue.VEIN, Tissue.FLOW_VOID])))
        tubes.append((Capsule(tuple(start), tuple(stop), rng.uniform(1.2, 2.8)), kind))
    return tubes


def paint_soft_tissue(canvas: Canvas, rng: np.random.Generator) -> None:
    """Muscles, then vessels and nerves."""
    for s in SIDES:
        for muscle in _muscles(s, rng):
            canvas.paint(muscle, Tissue.MUSCLE, over=_SPACES)
    for s in SIDES:
        for tube, tissue in vessels(s, rng):
            canvas.paint(tube, tissue, over=(*_SPACES, Tissue.MUSCLE))


def paint_clutter(canvas: Canvas, rng: np.random.Generator, spacing_mm: tuple[float, float, float]) -> None:
    """Septa in fat, fat between muscle bundles, and a venous plexus around the middle of the pelvis."""
    i, j, k = canvas.x.shape
    sheets = smooth_noise(rng, (i, j, k), spacing_mm, 8.0)
    body = np.isin(canvas.map, _SPACES)
    canvas.map[body & (np.abs(sheets) < rng.uniform(0.03, 0.06))] = Tissue.FASCIA
    muscle = canvas.map == Tissue.MUSCLE
    canvas.map[muscle & (np.abs(sheets - 0.8) < rng.uniform(0.03, 0.08))] = Tissue.FAT
    box = canvas.box((-55, -60, -60), (55, 60, 80))
    x, y, z = canvas.at(box)
    rarer = (x * x + y * y) / np.float32(35**2) + (z - 5) * (z - 5) / np.float32(45**2)
    fat = canvas.map[box] == Tissue.FAT
    i, j, k = x.shape
    veins = smooth_noise(rng, (i, j, k), spacing_mm, rng.uniform(2.2, 3.4))
    canvas.fill(box, fat & (veins > rarer + np.float32(rng.uniform(0.8, 1.8))), Tissue.VEIN)
    canvas.fill(box, fat & (-veins > rarer + np.float32(rng.uniform(1.0, 2.0))), Tissue.FLOW_VOID)


def paint_bowel(canvas: Canvas, rng: np.random.Generator) -> None:
    """A few loops of bowel above the bladder."""
    for _ in range(int(rng.integers(4, 10))):
        centre = (rng.uniform(-50, 50), rng.uniform(-45, 50), rng.uniform(42, 90))
        radii = (rng.uniform(9, 22), rng.uniform(9, 16), rng.uniform(9, 18))
        loop = Ellipsoid(centre, radii, rng.uniform(-90, 90))
        content = Tissue(int(rng.choice([Tissue.BOWEL_CONTENT, Tissue.BOWEL_CONTENT, Tissue.GAS])))
        spaces = (*_SPACES, Tissue.FASCIA, Tissue.BOWEL_WALL, Tissue.VEIN, Tissue.FLOW_VOID)
        canvas.paint(loop, Tissue.BOWEL_WALL, over=spaces)
        canvas.paint(loop, content, over=(Tissue.BOWEL_WALL,), depth_mm=rng.uniform(1.5, 3))


def paint_floor(canvas: Canvas, rng: np.random.Generator, apex_mm: tuple[float, float, float]) -> None:
    """The levator's funnel below and beside the prostate, the sphincter below its apex, the bulb."""
    thick = rng.uniform(1.8, 3.2)
    box: Box = canvas.box((-48, -85, -60), (48, 25, 18))
    x, y, z = canvas.at(box)
    half = np.float32(rng.uniform(14, 18)) + np.float32(rng.uniform(0.3, 0.45)) * np.clip(z + 42, 0, 60)
    across = np.sqrt((x / half) ** 2 + ((y + 18) / (half + 9)) ** 2)
    sheet = (np.abs(across - 1) * half < thick) & (y < 22)
    canvas.fill(box, sheet & (z < 12), Tissue.LEVATOR, over=(*_SPACES, Tissue.FASCIA, Tissue.VEIN, Tissue.FLOW_VOID))
    ax, ay, az = apex_mm
    canvas.paint(Capsule((ax, ay, az + 8), (ax, ay + 3, az - 14), rng.uniform(6.5, 9)), Tissue.SPHINCTER)
    canvas.paint(Capsule((ax, ay, az + 4), (ax, ay + 3, az - 16), rng.uniform(1.5, 2.6)), Tissue.NERVE)
    canvas.paint(Ellipsoid((ax, ay + 8, az - 27), (11, 15, 11)), Tissue.BULB)
