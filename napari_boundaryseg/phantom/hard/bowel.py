"""A harder pelvis's rectum, collapsed, contracted, full of gas, stool, fluid; loops of bowel on the bladder's dome."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.phantom.fields import waves
from napari_boundaryseg.phantom.hard.sizes import HardSizes
from napari_boundaryseg.phantom.organs import Organ, rectum_course
from napari_boundaryseg.phantom.shapes import Canvas, Ellipsoid
from napari_boundaryseg.phantom.tissues import Tissue

KINDS = {"collapsed": 0.25, "contracted": 0.35, "gas": 0.12, "stool": 0.13, "mixed": 0.08, "fluid": 0.07}
"""What is in the rectum, and how often. Where its muscle is contracted it is dark almost throughout."""
GROWTH = {"collapsed": (0.85, 1.2), "contracted": (0.85, 1.35)} | dict.fromkeys(
    ("gas", "stool", "mixed", "fluid"), (0.95, 1.3)
)
"""How much wider or narrower it is for that."""
SLOPES = (0.1, 1.0)
"""How far back the rectum leans, in mm per mm of height."""
SACRUM_MM = -82.0
"""Where its front is."""


class Tube(NamedTuple):
    """Rectum and anal canal."""

    box: Box
    distance: np.ndarray
    """To the surface of both, in mm, within the box."""
    deep: np.ndarray
    """How far in front of the axis, in mm."""
    radius: np.ndarray
    canal: np.ndarray
    """Where it is the anal canal."""
    rectum: Organ
    kind: str


def course(canvas: Canvas, rng: np.random.Generator, sizes: HardSizes) -> Tube:
    """Where the rectum runs; an empty one is narrow."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    box = canvas.box((-55, -120, -95), (55, 15, 120))
    x, y, z = canvas.at(box)
    off, radius, canal = rectum_course(rng, sizes, x, y, z, SLOPES, rng.uniform(-0.6, 0.6), SACRUM_MM)
    grow = np.float32(rng.uniform(*GROWTH[kind]))
    wide = np.float32(rng.uniform(0.9, 1.3))
    across, deep = off[0] / wide, off[1]
    radius = np.where(canal, radius, radius * grow)
    distance = np.sqrt(across * across + deep * deep) - radius
    distance += waves(rng, x, y, z, 28, 4) * np.float32(rng.uniform(0.5, 1.6))
    return Tube(box, distance, deep, radius, canal, Organ(canvas, box, np.where(canal, np.float32(50), distance)), kind)


def paint_rectum(canvas: Canvas, rng: np.random.Generator, tube: Tube) -> None:
    """Muscle, mucosa in folds, and what is inside; below it the canal within its sphincters."""
    box, distance = tube.box, tube.distance
    x, y, z = canvas.at(box)
    inside = distance < 0
    canvas.fill(box, inside, Tissue.RECTAL_WALL)
    canvas.fill(box, tube.canal & inside, Tissue.SPHINCTER)
    canvas.fill(box, tube.canal & (distance < -tube.radius * np.float32(rng.uniform(0.4, 0.65))), Tissue.MUCOSA)
    muscle, lining = rng.uniform(1.2, 3.6), rng.uniform(0.6, 2.5)
    if tube.kind == "contracted":
        muscle = rng.uniform(4, 13)
    folds = waves(rng, x, y, z, rng.uniform(9, 16), 4)
    depth = -distance - np.float32(muscle) - np.float32(0.7) * folds
    rectum = inside & ~tube.canal
    canvas.fill(box, rectum & (depth > 0), Tissue.MUCOSA)
    if tube.kind in ("collapsed", "contracted"):
        slit = np.float32(rng.uniform(0.1, 0.5)) * tube.radius - np.abs(tube.deep) - 2 * np.abs(folds)
        lumen = rectum & (depth > lining + 1) & (slit > 0)
        if tube.kind == "collapsed" and rng.random() < 0.4:
            canvas.fill(box, rectum & (depth > lining + 0.5), Tissue.STOOL)
    else:
        lumen = rectum & (depth > lining)
    canvas.fill(box, lumen, _content(rng, tube, folds))


def _content(rng: np.random.Generator, tube: Tube, folds: np.ndarray) -> np.ndarray:
    """Gas in front, stool or fluid behind."""
    mixed, fluid = rng.uniform(-0.4, 0.5), rng.uniform(0.3, 9.0)
    levels = {"collapsed": 0.3, "contracted": -0.1, "gas": -9.0, "stool": 9.0, "mixed": mixed, "fluid": fluid}
    front = tube.deep / tube.radius + np.float32(0.15) * folds > levels[tube.kind]
    rest = Tissue.BOWEL_CONTENT if tube.kind == "fluid" else Tissue.STOOL
    return np.where(front, Tissue.GAS, rest).astype(np.uint8)


def paint_loops(canvas: Canvas, rng: np.random.Generator, sizes: HardSizes) -> None:
    """Loops of bowel: most of them lie on the bladder."""
    centre, radii = np.array(sizes.bladder.centre), np.array(sizes.bladder.radii)
    for _ in range(int(rng.integers(5, 12))):
        size = rng.uniform(8, 17, 3) * (rng.uniform(1, 2), 1, 1)
        if rng.random() < 0.7:
            way = rng.normal((0, -0.3, 1.6), 1)
            place = centre + way / np.linalg.norm(way) * (radii + size.min() - 1.5)
        else:
            place = np.array([rng.uniform(-60, 60), rng.uniform(-50, 50), rng.uniform(35, 95)])
        loop = Ellipsoid(tuple(place), tuple(size), rng.uniform(-90, 90))
        if place[2] - size[2] < sizes.prostate[2] + sizes.radii[2]:
            continue
        content = (Tissue.BOWEL_CONTENT, Tissue.BOWEL_CONTENT, Tissue.GAS, Tissue.STOOL)[int(rng.integers(4))]
        canvas.paint(loop, Tissue.BOWEL_WALL)
        canvas.paint(loop, content, over=(Tissue.BOWEL_WALL,), depth_mm=rng.uniform(1.2, 3))
