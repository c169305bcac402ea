"""The prostate of a harder pelvis: leaning, with a median lobe, swirls, nodules, and a border that comes and goes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.phantom.fields import smooth_noise, waves
from napari_boundaryseg.phantom.hard.sizes import HardSizes
from napari_boundaryseg.phantom.organs import Organ, local
from napari_boundaryseg.phantom.prostate import bumpy_rho
from napari_boundaryseg.phantom.shapes import Canvas, Ellipsoid
from napari_boundaryseg.phantom.tissues import EDGES, Tissue

_FADES_OVER = (
    Tissue.FAT, Tissue.SUBCUTANEOUS_FAT, Tissue.FASCIA, Tissue.VEIN, Tissue.FLOW_VOID, Tissue.VESICLE,
    Tissue.VESICLE_WALL, Tissue.BLADDER_WALL, Tissue.LEVATOR, Tissue.SPHINCTER, Tissue.RECTAL_WALL, Tissue.NERVE,
    Tissue.MUSCLE,
)  # fmt: skip


class Gland(NamedTuple):
    """The prostate before it is painted."""

    organ: Organ
    box: Box
    at: tuple[np.ndarray, np.ndarray, np.ndarray]
    """Offsets from its centre, in radii."""
    distance: np.ndarray


def shape(canvas: Canvas, rng: np.random.Generator, sizes: HardSizes, rectum: Organ) -> Gland:
    """Its surface: wider on one side, dented by the rectum, with or without a median lobe."""
    reach = np.array(sizes.radii) + 18
    box = canvas.box(*(np.array(sizes.prostate) + s * reach for s in (-1, 1)))
    at = canvas.at(box)
    u, v, w = local(at, sizes.prostate, sizes.radii)
    u = u * (1 - np.float32(sizes.lean) * np.tanh(2 * u))
    out = bumpy_rho(rng, u, v, w) * (1 + np.float32(rng.uniform(0.01, 0.05)) * waves(rng, u, v, w, 1.5))
    length = np.sqrt(sum((q * r) ** 2 for q, r in zip((u, v, w), sizes.radii, strict=True)))
    distance = length * (1 - 1 / np.maximum(out, np.float32(0.05)))
    if sizes.lobe is not None:
        distance = np.minimum(distance, sizes.lobe.distance(*at))
    distance = np.maximum(distance, np.float32(rng.uniform(0.3, 1.5)) - rectum.whole[box])
    return Gland(Organ(canvas, box, distance), box, (u, v, w), distance)


def paint_prostate(
    canvas: Canvas, rng: np.random.Generator, sizes: HardSizes, gland: Gland, spacing_mm: tuple[float, float, float]
) -> None:
    """Zones; then a capsule here, and there the same tissue inside and outside."""
    box, distance = gland.box, gland.distance
    inside = distance < 0
    swirls = smooth_noise(rng, distance.shape, spacing_mm, rng.uniform(3.0, 6.0))
    zone = _zones(rng, sizes, gland, swirls)
    tissue = _textured(rng, zone, swirls)
    if sizes.lobe is not None:
        canvas.fill(box, ~inside & (distance < 0.6 * sizes.wall), Tissue.BLADDER_WALL, over=(Tissue.URINE,))
    canvas.fill(box, inside, tissue)
    _paint_nodules(canvas, rng, sizes)
    u, v, w = gland.at
    unit = 1 / np.maximum(np.sqrt(u * u + v * v + w * w), np.float32(1e-3))
    hidden = waves(rng, u * unit, v * unit, w * unit, 1.6, 5) + np.float32(0.5) * waves(rng, u, v, w, 0.8, 4)
    limit = np.float32(rng.uniform(-1.1, 0.1))
    canvas.fill(box, inside & (distance > -rng.uniform(0.7, 1.4)) & (hidden < limit), Tissue.CAPSULE)
    same = np.arange(256, dtype=np.uint8)
    same[list(EDGES.values())] = list(EDGES)
    beyond = np.clip(np.float32(rng.uniform(2.0, 5.0)) * (1 + hidden - limit), 0, 9)
    canvas.fill(box, ~inside & (hidden > limit) & (distance < beyond), same[tissue], over=_FADES_OVER)


def _zones(rng: np.random.Generator, sizes: HardSizes, gland: Gland, swirls: np.ndarray) -> np.ndarray:
    """Transition zone (the larger, the larger its share), stroma in front, peripheral zone behind and at the apex."""
    u, v, w = gland.at
    v, w = v + np.float32(0.1) * swirls, w + np.float32(0.15) * np.roll(swirls, 5, axis=1)
    share = np.interp(sizes.radii[0], (20, 38), (0.58, 0.92)) * rng.uniform(0.9, 1.08)
    middle = (u / (0.95 * share)) ** 2 + ((v - 0.2) / share) ** 2 + ((w - 0.2) / (1.1 * share)) ** 2 < 1
    zone = np.full(u.shape, Tissue.PERIPHERAL_ZONE, np.uint8)
    zone[middle | ((w > 0.5) & (v > -0.5)) | ((v > 0.45) & (w > -0.4))] = Tissue.TRANSITION_ZONE
    zone[(v > 0.5 + 0.3 * np.abs(u)) & (np.abs(u) < 0.55)] = Tissue.STROMA
    zone[(u * u + (v - 0.1) ** 2 < 0.02) & (w < 0.4)] = Tissue.STROMA
    return zone


def _textured(rng: np.random.Generator, zone: np.ndarray, swirls: np.ndarray) -> np.ndarray:
    """Dark bands and bright patches in the transition zone, dark patches in the peripheral zone."""
    tissue = zone.copy()
    inner, outer = zone == Tissue.TRANSITION_ZONE, zone == Tissue.PERIPHERAL_ZONE
    tissue[inner & (np.abs(swirls) < rng.uniform(0.15, 0.5))] = Tissue.STROMA
    tissue[inner & (swirls > rng.uniform(0.9, 1.8))] = Tissue.NODULE_BRIGHT
    tissue[outer & (swirls < -rng.uniform(0.7, 2.2))] = Tissue.NODULE_DARK
    return tissue


def _paint_nodules(canvas: Canvas, rng: np.random.Generator, sizes: HardSizes) -> None:
    over = (Tissue.TRANSITION_ZONE, Tissue.STROMA, Tissue.NODULE_BRIGHT, Tissue.NODULE_DARK)
    for _ in range(int(rng.integers(2, 9))):
        place = [p + r * q for p, r, q in zip(sizes.prostate, sizes.radii, rng.uniform(-0.45, 0.5, 3), strict=True)]
        size = rng.uniform(2.5, 4 + 0.22 * sizes.radii[0], 3)
        nodule = Ellipsoid(tuple(place), tuple(size))
        kind = (Tissue.NODULE_BRIGHT, Tissue.NODULE_DARK, Tissue.TRANSITION_ZONE)[int(rng.integers(3))]
        canvas.paint(nodule, Tissue.STROMA, over=over)
        canvas.paint(nodule, kind, over=over, depth_mm=0.8)
