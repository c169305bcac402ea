"""The anatomy of a synthetic male pelvis: which tissue is where, and the three organs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data.volume import Geometry
from napari_boundaryseg.phantom import hard, organs, surroundings
from napari_boundaryseg.phantom.fields import smooth_noise
from napari_boundaryseg.phantom.prostate import paint_prostate
from napari_boundaryseg.phantom.shapes import Canvas
from napari_boundaryseg.phantom.tissues import Difficulty, Tissues, check_difficulty

SHAPE = (320, 320, 30)
"""The default grid: a full pelvic field of 224 x 224 x 90 mm."""
SPACING_MM = (0.7, 0.7, 3.0)


class Spread(NamedTuple):
    """How differently patients lie in the scanner, and how they differ in size."""

    shift_mm: tuple[float, float, float]
    tilt_deg: tuple[float, float, float]
    turn_deg: tuple[float, float, float]
    size: tuple[float, float]


SPREAD = {
    "standard": Spread((17.0, 16.0, 12.0), (0.0, 0.0, 0.0), (2.5, 2.0, 3.0), (0.92, 1.08)),
    "hard": Spread((17.0, 20.0, 13.0), (0.0, 0.0, 0.0), (9.0, 3.0, 4.0), (0.88, 1.14)),
}
"""By difficulty. Many real stacks lie across the prostate, as these do, tilted to either side."""


def scanner_affine(
    shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], tilt_deg: float = 0.0
) -> np.ndarray:
    """Affine of an axial stack around the point 0, 0, 0: i to the left, j to the back, k upwards, tilted about x."""
    cos, sin = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    directions = np.array([[-1.0, 0, 0], [0, -cos, -sin], [0, -sin, cos]])
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing_mm
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def anatomy(
    seed: int,
    shape: tuple[int, int, int] = SHAPE,
    spacing_mm: tuple[float, float, float] = SPACING_MM,
    *,
    affine: np.ndarray | None = None,
    shift_mm: tuple[float, float, float] | None = None,
    femoral_heads: bool = False,
    difficulty: Difficulty = "standard",
) -> Tissues:
    """Random anatomy of a male pelvis on a scan's grid.

    Parameters
    ----------
    seed : int
        The same seed gives the same anatomy.
    shape : tuple of int
        (I, J, K). Without an affine, i runs to the patient's left, j to the back, k upwards.
    spacing_mm : tuple of float
        Ignored when an affine is given.
    affine : (4, 4) array, optional
        Voxels to mm, RAS+; the prostate lies near 0, 0, 0, apart from ``shift_mm``.
    shift_mm : tuple of float, optional
        The largest displacement of the patient along x, y, z; of the difficulty by default.
    femoral_heads : bool
        Label them too: 4 left, 5 right (scheme ``pelvis-ct``).
    difficulty : {"standard", "hard"}
        Hard: patients of all sizes, more tilted; bladders from nearly empty to very full under loops of bowel,
        prostates of 20 to 100 mL, leaning, with median lobes, close between levator and rectum; rectums collapsed,
        contracted or filled, upright or leaning back.

    Returns
    -------
    Tissues
        Labels: 1 bladder with its wall, 2 prostate, 3 rectum with its content; plus the femoral heads on request.
    """
    check_difficulty(difficulty)
    rng = np.random.default_rng([seed, 1])
    geometry = Geometry(shape, scanner_affine(shape, spacing_mm) if affine is None else affine)
    sub = 2 if geometry.spacing_mm[2] >= 1.8 else 1
    fine = (*geometry.spacing_mm[:2], geometry.spacing_mm[2] / sub)
    canvas = Canvas(*_patient_space(rng, geometry, sub, _spread(difficulty, geometry, shift_mm)))
    parts = _paint(canvas, rng, fine) if difficulty == "standard" else hard.paint(canvas, rng, fine)
    labels = _labels(parts, geometry.shape, sub)
    if femoral_heads:
        _label_heads(canvas, labels, sub)
    return Tissues(canvas.map, labels, geometry, sub)


def _spread(difficulty: Difficulty, geometry: Geometry, shift_mm: tuple[float, float, float] | None) -> Spread:
    """A hard scan of few slices is centred better, or it would miss the bladder."""
    spread = SPREAD[difficulty]
    if shift_mm is not None:
        return spread._replace(shift_mm=shift_mm)
    if difficulty == "standard":
        return spread
    x, y, z = spread.shift_mm
    return spread._replace(shift_mm=(x, y, min(z, max(0.0, geometry.shape[2] * geometry.spacing_mm[2] / 2 - 26))))


def _paint(canvas: Canvas, rng: np.random.Generator, fine: tuple[float, float, float]) -> dict[int, organs.Organ]:
    sizes = organs.draw_sizes(rng)
    surroundings.paint_body(canvas, rng)
    surroundings.paint_soft_tissue(canvas, rng)
    surroundings.paint_bones(canvas, rng)
    surroundings.paint_clutter(canvas, rng, fine)
    surroundings.paint_bowel(canvas, rng)
    surroundings.paint_floor(canvas, rng, sizes.apex)
    organs.paint_vesicles(canvas, rng, sizes, fine)
    bladder = organs.paint_bladder(canvas, rng, sizes)
    rectum = organs.paint_rectum(canvas, rng, sizes)
    prostate = paint_prostate(canvas, rng, sizes, rectum)
    return {1: bladder, 3: rectum, 2: prostate}


def _patient_space(rng: np.random.Generator, geometry: Geometry, sub: int, spread: Spread) -> list[np.ndarray]:
    """Where each (thin) voxel lies in the undeformed patient: moved, turned, scaled, smoothly deformed."""
    to_patient = np.eye(4)
    to_patient[:3, :3] = _turn(rng.normal(spread.tilt_deg, spread.turn_deg)) / rng.uniform(*spread.size, 3)[:, None]
    to_patient[:3, 3] = -to_patient[:3, :3] @ (rng.uniform(-1, 1, 3) * spread.shift_mm)
    matrix = to_patient @ geometry.affine
    i, j, k = (np.arange(n, dtype=np.float32) for n in geometry.shape)
    k = ((np.arange(geometry.shape[2] * sub) + 0.5) / sub - 0.5).astype(np.float32)
    fine_shape = (*geometry.shape[:2], k.size)
    fine = (*geometry.spacing_mm[:2], geometry.spacing_mm[2] / sub)
    return [
        (m[0] * i[:, None, None] + m[1] * j[:, None] + m[2] * k + m[3]).astype(np.float32)
        + smooth_noise(rng, fine_shape, fine, 32.0) * np.float32(2.6)
        for m in matrix[:3].astype(np.float32)
    ]


def _turn(degrees: np.ndarray) -> np.ndarray:
    """Rotation about x, y, z, one after the other."""
    matrix = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        p, q = (axis + 1) % 3, (axis + 2) % 3
        step = np.eye(3)
        step[p, p] = step[q, q] = np.cos(angle)
        step[p, q], step[q, p] = -np.sin(angle), np.sin(angle)
        matrix = step @ matrix
    return matrix


def _thick(distance: np.ndarray, sub: int) -> np.ndarray:
    """Average thin slices: (I, J, K * sub) to (I, J, K)."""
    return distance.reshape(*distance.shape[:2], -1, sub).mean(axis=-1)


def _labels(parts: dict[int, organs.Organ], shape: tuple[int, int, int], sub: int) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    for organ_id, organ in parts.items():
        labels[_thick(organ.whole, sub) < 0] = organ_id
    return labels


def _label_heads(canvas: Canvas, labels: np.ndarray, sub: int) -> None:
    for side, organ_id in zip(surroundings.SIDES, (5, 4)):
        head = surroundings.femoral_head(side).distance(canvas.x, canvas.y, canvas.z)
        labels[(_thick(head, sub) < 0) & (labels == 0)] = organ_id
