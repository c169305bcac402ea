"""Sizes of the organs of the synthetic pelvis; bladder, seminal vesicles and rectum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.phantom.fields import smooth_noise, waves
from napari_boundaryseg.phantom.shapes import Canvas, Ellipsoid
from napari_boundaryseg.phantom.tissues import Tissue


@dataclass(frozen=True)
class Sizes:
    """What was drawn at random for one patient's organs, in mm."""

    prostate: tuple[float, float, float]
    radii: tuple[float, float, float]
    bladder: Ellipsoid
    wall: float
    rectum_radius: float
    gap: float
    junction: float

    @property
    def apex(self) -> tuple[float, float, float]:
        """Lowest point of the prostate."""
        x, y, z = self.prostate
        return x, y, z - self.radii[2]


def draw_sizes(rng: np.random.Generator) -> Sizes:
    """Draw the sizes and places of the three organs: prostate 20 to 90 mL, bladder 50 to 300 mL."""
    px, py, pz = rng.normal(0, (2, 2.5, 3))
    grow = float(np.clip(np.exp(rng.normal(0, 0.13)), 0.78, 1.3))
    a, b, c = np.array([26.5, 20.0, 23.5]) * grow * rng.uniform(0.92, 1.08, 3)
    volume = 50 * (300 / 50) ** rng.random()
    r = (volume * 1000 * 3 / (4 * np.pi)) ** (1 / 3) * rng.uniform(0.94, 1.06, 3) * (1.14, 0.98, 0.9)
    mx, my = px + rng.normal(0, 3), py + rng.uniform(6, 14)
    mz = pz + 0.86 * c + r[2] - rng.uniform(1, 6)
    return Sizes(
        prostate=(float(px), float(py), float(pz)),
        radii=(float(a), float(b), float(c)),
        bladder=Ellipsoid((float(mx), float(my), float(mz)), (float(r[0]), float(r[1]), float(r[2]))),
        wall=float(np.clip(6.5 - volume / 80 + rng.normal(0, 0.5), 2.5, 6.5)),
        rectum_radius=rng.uniform(11, 18),
        gap=rng.uniform(2.0, 4.5),
        junction=float(pz - c - rng.uniform(2, 9)),
    )


class Organ:
    """Signed distance of one organ on the whole canvas, in mm; far outside its box it is 50."""

    def __init__(self, canvas: Canvas, box: Box, distance: np.ndarray) -> None:
        self.box = box
        self.whole = np.full(canvas.map.shape, 50, np.float32)
        self.whole[box] = distance


def paint_bladder(canvas: Canvas, rng: np.random.Generator, sizes: Sizes) -> Organ:
    """The bladder: urine within a wall that is thinner the fuller it is."""
    box, distance = canvas.distance(sizes.bladder, 8)
    u, v, w = local(canvas.at(box), sizes.bladder.centre, sizes.bladder.radii)
    distance = distance + waves(rng, u, v, w, 3.2) * np.float32(0.05 * max(sizes.bladder.radii))
    canvas.fill(box, distance < 0, Tissue.BLADDER_WALL)
    canvas.fill(box, distance + sizes.wall < 0, Tissue.URINE)
    return Organ(canvas, box, distance)


def paint_vesicles(canvas: Canvas, rng: np.random.Generator, sizes: Sizes, spacing: tuple[float, ...]) -> None:
    """Seminal vesicles: coiled tubes behind the bladder, above the prostate."""
    x, y, z = sizes.prostate
    _, b, c = sizes.radii
    for side in (1, -1):
        centre = (x + side * 15, y - 0.62 * b, z + c + rng.uniform(1, 6))
        radii = (rng.uniform(14, 19), rng.uniform(5, 7.5), rng.uniform(6, 10))
        lobe = Ellipsoid(centre, radii, -side * rng.uniform(5, 25))
        box, distance = canvas.distance(lobe)
        coils = smooth_noise(rng, distance.shape, spacing, 2.4) > -0.4  # type: ignore[arg-type]
        tissue = np.where(coils & (distance < -1), Tissue.VESICLE, Tissue.VESICLE_WALL).astype(np.uint8)
        canvas.fill(box, distance < 0, tissue)


def paint_rectum(canvas: Canvas, rng: np.random.Generator, sizes: Sizes) -> Organ:
    """A curved tube behind the prostate with gas, stool or hardly anything in it; below it the anal canal."""
    box = canvas.box((-45, -115, -95), (45, 10, 120))
    x, y, z = canvas.at(box)
    off, radius, canal = rectum_course(rng, sizes, x, y, z)
    wide = np.float32(rng.uniform(1.0, 1.25))
    across, deep = off[0] / wide, off[1]
    distance = np.sqrt(across * across + deep * deep) - radius
    canvas.fill(box, (distance < 0), Tissue.RECTAL_WALL)
    canvas.fill(box, canal & (distance < 0), Tissue.SPHINCTER)
    canvas.fill(box, canal & (distance < -radius * 0.55), Tissue.MUCOSA)
    _fill_lumen(canvas, rng, box, np.where(canal, np.float32(50), distance), deep, radius)
    return Organ(canvas, box, np.where(canal, np.float32(50), distance))


def rectum_course(
    rng: np.random.Generator,
    sizes: Sizes,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    slopes: tuple[float, float] = (0.1, 0.35),
    bend: float = 0.6,
    sacrum: float = -np.inf,
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """Offsets to the right and to the front of its axis, its radius, and where it is the anal canal.

    It leans back by one of the slopes from a height above the prostate's centre on, in parts of its radius, and stays
    in front of the sacrum.
    """
    (px, py, pz), (_, b, c) = sizes.prostate, sizes.radii
    level = np.linspace(-140, 160, 301)
    wave = np.interp(level, np.arange(-140, 180, 20), rng.normal(0, 0.14, 16))
    below = np.clip((sizes.junction - level) / 10, 0, 1)
    radius = (sizes.rectum_radius * (1 + wave)) * (1 - below) + rng.uniform(9, 12) * below
    back = np.clip(level - pz - bend * c, 0, 90) * rng.uniform(*slopes) + np.clip(pz - c - level, 0, 60) * 0.45
    yc = np.maximum(py - 0.93 * b - sizes.gap - radius - back, sacrum + radius)
    side = rng.choice([-1, 1]) * rng.uniform(2, 12)
    xc = px + side * np.sin(np.clip((level - pz) / 45, -0.5, 2.5)) + rng.normal(0, 1.5)
    radius_at, xc_at, yc_at = (np.interp(z, level, f).astype(np.float32) for f in (radius, xc, yc))
    return (x - xc_at, y - yc_at), radius_at, z < sizes.junction


def _fill_lumen(
    canvas: Canvas,
    rng: np.random.Generator,
    box: Box,
    distance: np.ndarray,
    deep: np.ndarray,
    radius: np.ndarray,
) -> None:
    """Mucosa lines the lumen; gas rises to the front, stool lies behind."""
    x, y, z = canvas.at(box)
    kind = rng.choice(["gas", "stool", "mixed", "collapsed"])
    wall = rng.uniform(2.2, 3.6)
    narrow = radius * np.float32(rng.uniform(0.5, 0.7) if kind == "collapsed" else 0) + np.float32(wall)
    narrow = narrow + waves(rng, x, y, z, 14) * np.float32(1.2 if kind == "collapsed" else 0.5)
    lumen = distance + narrow < 0
    canvas.fill(box, distance + narrow < 1.2, Tissue.MUCOSA, over=(Tissue.RECTAL_WALL,))
    gas = {"gas": -9.0, "stool": 2.0, "mixed": 0.1, "collapsed": 0.4}[str(kind)]
    front = deep / radius + np.float32(0.25) * waves(rng, x, y, z, 30) > gas
    canvas.fill(box, lumen, np.where(front, Tissue.GAS, Tissue.STOOL).astype(np.uint8))


def local(
    at: tuple[np.ndarray, np.ndarray, np.ndarray],
    centre: tuple[float, float, float],
    radii: tuple[float, ...],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offsets from a centre, in radii."""
    u, v, w = ((q - np.float32(c)) / np.float32(r) for q, c, r in zip(at, centre, radii))
    return u, v, w
