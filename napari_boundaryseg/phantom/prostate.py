"""The prostate of the synthetic pelvis: its zones, and a border that fades over most of its surface."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.phantom.fields import waves
from napari_boundaryseg.phantom.organs import Organ, Sizes, local
from napari_boundaryseg.phantom.shapes import Canvas, Ellipsoid
from napari_boundaryseg.phantom.tissues import EDGES, Tissue

FADED_SHARE = 0.72
"""Part of the prostate's surface where the same tissue lies on both sides (before anything else lies against it)."""

_EVEN_MM = 6.0
_REACH_MM = 13.0
_FADES_OVER = (
    Tissue.FAT, Tissue.SUBCUTANEOUS_FAT, Tissue.MUSCLE, Tissue.FLOW_VOID, Tissue.VEIN, Tissue.FASCIA,
    Tissue.BLADDER_WALL, Tissue.CAPSULE, Tissue.VESICLE, Tissue.VESICLE_WALL, Tissue.RECTAL_WALL,
    Tissue.LEVATOR, Tissue.SPHINCTER, Tissue.NERVE, Tissue.BULB, Tissue.CARTILAGE,
)  # fmt: skip
_INSIDE = (
    Tissue.TRANSITION_ZONE, Tissue.PERIPHERAL_ZONE, Tissue.STROMA, Tissue.CAPSULE, Tissue.NODULE_BRIGHT,
    Tissue.NODULE_DARK,
)  # fmt: skip


def paint_prostate(canvas: Canvas, rng: np.random.Generator, sizes: Sizes, rectum: Organ) -> Organ:
    """The prostate with its zones; over most of its surface an even tissue continues past the border."""
    box = canvas.box(*(np.array(sizes.prostate) + s * (np.array(sizes.radii) + 16) for s in (-1, 1)))
    u, v, w = local(canvas.at(box), sizes.prostate, sizes.radii)
    rho = bumpy_rho(rng, u, v, w)
    length = np.sqrt(sum((q * r) ** 2 for q, r in zip((u, v, w), sizes.radii)))
    ray = length * (1 - 1 / np.maximum(rho, np.float32(0.05)))
    distance = np.maximum(ray, 1.0 - rectum.whole[box])
    inside = distance < 0
    canvas.fill(box, inside, _zone(u, v, w))
    _paint_nodules(canvas, rng, sizes)
    canvas.fill(box, inside & (distance > -0.9), Tissue.CAPSULE)
    canvas.fill(box, ~inside & (distance < 0.7 * sizes.wall), Tissue.BLADDER_WALL, over=(Tissue.URINE,))
    shell = (distance > -_EVEN_MM) & (distance < _REACH_MM)
    edge = np.zeros(shell.shape, np.uint8)
    edge[shell] = _faded_edge(rng, distance[shell], rho[shell], (u[shell], v[shell], w[shell]))
    canvas.fill(box, (edge > 0) & inside, edge, over=_INSIDE)
    canvas.fill(box, (edge > 0) & ~inside, edge, over=_FADES_OVER)
    return Organ(canvas, box, distance)


def bumpy_rho(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """1 on the surface: an ellipsoid, narrower towards the apex, flatter behind, slightly bumpy."""
    narrow = 1 + np.float32(rng.uniform(0.1, 0.3)) * np.clip(-w, 0, 1.2) ** 2
    flat = np.where(v < 0, np.float32(rng.uniform(1.0, 1.2)), np.float32(1))
    rho = np.sqrt((u * narrow) ** 2 + (v * flat * narrow) ** 2 + w * w)
    return rho * (1 + np.float32(0.035) * waves(rng, u, v, w, 2.6))


def _zone(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Which zone lies where: transition zone in the middle and front, stroma in front, peripheral zone behind."""
    middle = (u / 0.66) ** 2 + ((v - 0.14) / 0.62) ** 2 + ((w - 0.14) / 0.8) ** 2 < 1
    front = v > 0.42 + 0.25 * np.abs(u)
    base = (w > 0.42) & (v > -0.55) & (np.abs(u) < 0.75)
    zone = np.full(u.shape, Tissue.PERIPHERAL_ZONE, np.uint8)
    zone[middle | base | (v > 0.3)] = Tissue.TRANSITION_ZONE
    zone[front & (np.abs(u) < 0.6)] = Tissue.STROMA
    return zone


def _paint_nodules(canvas: Canvas, rng: np.random.Generator, sizes: Sizes) -> None:
    for _ in range(int(rng.integers(2, 9))):
        place = tuple(p + r * rng.uniform(-0.4, 0.4) for p, r in zip(sizes.prostate, sizes.radii))
        kind = Tissue.NODULE_BRIGHT if rng.random() < 0.5 else Tissue.NODULE_DARK
        size = tuple(float(s) for s in rng.uniform(2, 7, 3))
        canvas.paint(Ellipsoid(place, size), kind, over=(Tissue.TRANSITION_ZONE,))  # type: ignore[arg-type]
    if rng.random() < 0.4:
        place = tuple(p + r * q for p, r, q in zip(sizes.prostate, sizes.radii, (rng.uniform(-0.6, 0.6), -0.6, -0.1)))
        canvas.paint(Ellipsoid(place, (5, 3.5, 6)), Tissue.NODULE_DARK, over=(Tissue.PERIPHERAL_ZONE,))  # type: ignore[arg-type]


def _faded_edge(
    rng: np.random.Generator,
    distance: np.ndarray,
    rho: np.ndarray,
    at: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """For points near the surface: the even tissue that hides it there, or 0 where the border shows.

    The tissue under the surface continues 6 to 13 mm beyond it, over `FADED_SHARE` of the surface.
    """
    u, v, w = at
    unit = 1 / np.maximum(np.sqrt(u * u + v * v + w * w), np.float32(1e-3))
    direction = u * unit, v * unit, w * unit
    field = waves(rng, *direction, 2.0, 6)
    surface = np.abs(distance) < 1.5
    limit = np.quantile(field[surface], 1 - FADED_SHARE) if surface.any() else 0
    reach = np.clip(8 + 2.5 * waves(rng, *direction, 1.6), 6, _REACH_MM)
    rim = np.float32(0.9) / np.maximum(rho, np.float32(0.3))
    zone = _zone(u * rim, v * rim, w * rim)
    edge = np.zeros(256, np.uint8)
    edge[list(EDGES.values())] = list(EDGES)
    return np.where((field > limit) & (distance < reach), edge[zone], 0).astype(np.uint8)
