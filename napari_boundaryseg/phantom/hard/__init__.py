"""The pelvis at its harder difficulty: anatomy that varies as much as patients do, and a scanner with its faults."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.phantom.hard import bladder, bowel, floor, gland, walls
from napari_boundaryseg.phantom.hard.sizes import draw_sizes
from napari_boundaryseg.phantom.organs import Organ
from napari_boundaryseg.phantom.shapes import Canvas


def paint(canvas: Canvas, rng: np.random.Generator, spacing_mm: tuple[float, float, float]) -> dict[int, Organ]:
    """Paint a whole pelvis; the organs by their label, later ones over earlier ones.

    Parameters
    ----------
    canvas : Canvas
    rng : numpy Generator
    spacing_mm : tuple of float
        Of the canvas.
    """
    sizes = draw_sizes(rng)
    walls.paint_body(canvas, rng)
    walls.paint_fat(canvas, rng, spacing_mm)
    walls.paint_muscles(canvas, rng, sizes, spacing_mm)
    walls.paint_bones(canvas, rng)
    tube = bowel.course(canvas, rng, sizes)
    prostate = gland.shape(canvas, rng, sizes, tube.rectum)
    bowel.paint_loops(canvas, rng, sizes)
    floor.paint_floor(canvas, rng, sizes, prostate, tube, spacing_mm)
    bladder.paint_vesicles(canvas, rng, sizes, spacing_mm)
    full = bladder.paint_bladder(canvas, rng, sizes, spacing_mm)
    bowel.paint_rectum(canvas, rng, tube)
    gland.paint_prostate(canvas, rng, sizes, prostate, spacing_mm)
    return {1: full, 3: tube.rectum, 2: prostate.organ}
