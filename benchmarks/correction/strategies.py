"""Ways to correct an organ with a tool: what the simulated person is offered, and what its mouse does.

A tool is two functions. ``offer(n, drawn)`` gives the masks that one click would take over on slice ``n``, after a hand
drew on the slices of ``drawn``, as they are there; none where it has nothing to say. ``drag(masks, way)`` gives all
slices of the organ after the mouse was pressed where ``way`` begins and let go where it ends, in voxels; None where
nothing changes. Carry and interpolation offer, pull is dragged; a new tool needs one of the two and an entry in
`strategies`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from carry import LENGTH_MM, REACH_MM, TOLERANCE_MM
from starts import Organ

from napari_boundaryseg.editing.tools.draw.pull import PullSettings, pull
from napari_boundaryseg.editing.tools.propagate.carry import Carry
from napari_boundaryseg.editing.tools.propagate.interpolate import interpolated
from napari_boundaryseg.editing.tools.scene import Scene

EVERY = 3
RING = 5.0
"""Radius of the ring of a pull, in tolerances: 10 mm, as in the window, at 2 mm."""

Offer = Callable[[int, Mapping[int, np.ndarray]], list[np.ndarray]]
Drag = Callable[[np.ndarray, np.ndarray], np.ndarray | None]


class Strategy(NamedTuple):
    """In which order slices are corrected, and a tool.

    Parameters
    ----------
    order : sequence of int
        Every slice with anything to do.
    offer : callable, optional
    drag : callable, optional
        Used on the whole organ, before its slices are gone through.
    """

    order: Sequence[int]
    offer: Offer | None = None
    drag: Drag | None = None


def strategies(organ: Organ, which: str) -> dict[str, Strategy]:
    """Freehand, and with what the program has to offer."""
    there = np.flatnonzero((organ.wanted | organ.start).any((1, 2)))
    slices = list(range(int(there[0]), int(there[-1]) + 1))
    middle = slices[len(slices) // 2]
    outward = sorted(slices, key=lambda n: (n < middle, abs(n - middle)))
    own = np.flatnonzero(organ.wanted.any((1, 2)))
    first = sorted({*range(int(own[0]), int(own[-1]) + 1, EVERY), int(own[-1])})
    return {
        "freehand": Strategy(outward),
        "in order, carried": Strategy(outward, carried(organ, which)),
        f"every {EVERY}rd first, then carried or interpolated": Strategy(
            [*first, *(n for n in slices if n not in first)], once_drawn(first, organ, carried(organ, which))
        ),
        "pulled, then freehand": Strategy(outward, drag=pulled(organ, which)),
    }


def carried(organ: Organ, which: str) -> Offer:
    """What the corrections so far mean for a slice."""
    carry = Carry(organ.start, organ.spacing_mm, LENGTH_MM[which], REACH_MM * TOLERANCE_MM[which])

    def offer(n: int, drawn: Mapping[int, np.ndarray]) -> list[np.ndarray]:
        for known, mask in drawn.items():
            carry.correct(known, mask)
        return [carry.proposal([n])[0]] if drawn else []

    return offer


def once_drawn(first: Sequence[int], organ: Organ, also: Offer) -> Offer:
    """Interpolated between what was drawn, and another offer, on all slices but the first ones."""

    def offer(n: int, drawn: Mapping[int, np.ndarray]) -> list[np.ndarray]:
        if n in first:
            return []
        between = interpolated(drawn, organ.spacing_mm)
        return also(n, drawn) + ([between[n]] if n in between else [])

    return offer


def pulled(organ: Organ, which: str, in_slice: bool = False) -> Drag:
    """The border pulled with the mouse, in space or in its slice alone."""
    settings = PullSettings(radius_mm=RING * TOLERANCE_MM[which], in_slice=in_slice)

    def drag(masks: np.ndarray, way: np.ndarray) -> np.ndarray | None:
        written = pull(Scene(masks.astype(np.uint8), 1, organ.spacing_mm), way, settings)
        if written is None:
            return None
        after = masks.copy()
        after[written.box] = written.labels == 1
        return after

    return drag
