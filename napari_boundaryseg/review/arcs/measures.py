"""Measures of doubt: what the model, the scan and the neighbour slices say of each arc; higher is more doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from napari_boundaryseg.data.shapes.slice_distance import slice_distance
from napari_boundaryseg.review.arcs.arc import Arc
from napari_boundaryseg.review.arcs.profiles import by_slice, offsets_mm, places, read
from napari_boundaryseg.review.arcs.slabs import FARTHEST_MM, Maps, Slab, slabs

NEAR, FAR = 2.0, 3.0
"""How far to both sides of the border a model is asked, in tolerances: for its doubt, and for its plain entropy."""
LEAST = 1e-3
"""A probability counts as at least this, and at most one less this."""
BAND = (0.1, 0.9)
"""Between these a probability is neither no nor yes."""
ON_IT = np.zeros(1)
"""Offsets of the border itself."""
MEASURES = ("doubt", "entropy", "width", "gap", "gradient", "jump", "bend")


def measured(
    arcs: Sequence[Arc],
    labels: np.ndarray,
    tolerance_mm: float,
    *,
    probabilities: Maps | None = None,
    classes: Sequence[int] = (),
    image: Maps | None = None,
) -> dict[str, np.ndarray]:
    """Every measure that can be had of each arc.

    ========  =========================================================================================================
    doubt     entropy of the organ's probability, in nats, mean within ± 2 tolerances along the normal; where the labels
              are not what the model says, minus the log of how likely they are, which is more: it grows where a border
              was moved away from one of which the model is sure
    entropy   of all class probabilities, in nats, mean within ± 3 tolerances
    width     of the band along the normal in which the organ's probability is between 0.1 and 0.9, in mm
    gap       distance from the arc to the model's own border in the slice, in mm
    gradient  minus the scan's gradient at the border, in its mean at all arcs of the organ
    jump      distance of the outlines of the neighbour slices, in mm, mean of both
    bend      how far the arc lies from halfway between them, in mm
    ========  =========================================================================================================

    Parameters
    ----------
    arcs : sequence of Arc
        Of these labels, all of one slice axis.
    labels : (I, J, K) array of int
    tolerance_mm : float
        What a border may be off.
    probabilities : Maps, optional
        (C, I, J, K), or a function of a box; the first class is the background.
    classes : sequence of int
        The integer of each class, background included.
    image : Maps, optional
        The scan, (C, I, J, K); its first channel counts.

    Returns
    -------
    dict
        Name to an (n,) float64 array.

    Examples
    --------
    >>> from napari_boundaryseg.review.arcs.cutting import cut
    >>> away = np.hypot(*np.mgrid[-20:21, -20:21])[:, :, None]
    >>> sure = np.where(away < 12, 0.99, 0.01)
    >>> left = np.clip(sure, 0, np.where(np.arange(41) < 20, 1, 0.5)[:, None, None])
    >>> labels = (away < 12).astype(np.uint8)
    >>> arcs = cut(labels, [1], (1.0, 1.0, 3.0), 2, 8.0)
    >>> found = measured(arcs, labels, 1.0, probabilities=np.stack([1 - left, left]), classes=(0, 1))
    >>> doubtful = arcs[int(found["doubt"].argmax())]
    >>> bool(doubtful.centre[0] > 20)
    True
    """
    found: dict[str, np.ndarray] = {}
    for organ in dict.fromkeys(arc.organ for arc in arcs):
        own = [n for n, arc in enumerate(arcs) if arc.organ == organ]
        several = _Organ([arcs[n] for n in own], tolerance_mm, classes)
        values = several.values(labels, probabilities, image)
        for name, array in values.items():
            found.setdefault(name, np.zeros(len(arcs)))[own] = array
    return found


class _Organ:
    """The arcs of one organ, and what is found of them slab by slab."""

    def __init__(self, arcs: list[Arc], tolerance_mm: float, classes: Sequence[int]) -> None:
        self.arcs, self.organ, self.axis, self.spacing = arcs, arcs[0].organ, arcs[0].axis, arcs[0].spacing_mm
        self.plane_mm = arcs[0].plane_mm.tolist()
        self.near, self.far = (offsets_mm(n * tolerance_mm, self.spacing, self.axis) for n in (NEAR, FAR))
        self.tolerance_mm, self.classes = tolerance_mm, list(classes)
        self.at_slice = by_slice(arcs)
        self.found: dict[str, np.ndarray] = {}

    def values(self, labels: np.ndarray, probabilities: Maps | None, image: Maps | None) -> dict[str, np.ndarray]:
        room, classes = max(FARTHEST_MM, float(self.far[-1])) + 2 * max(self.plane_mm), max(1, len(self.classes))
        for slab in slabs(labels, self.organ, self.axis, self.spacing, room, probabilities, image, classes):
            self._shape(slab)
            if slab.probabilities is not None:
                self._model(slab, slab.probabilities, self.classes.index(self.organ))
            if slab.image is not None:
                self._image(slab, slab.image)
        if "gradient" in self.found:
            self.found["gradient"] /= max(float(-self.found["gradient"].mean()), 1e-9)
        return self.found

    def _keep(self, name: str, slab: Slab, planes: np.ndarray, offsets: np.ndarray) -> None:
        """Of each arc of a slab the mean of a map along its profiles."""
        kept = self.found.setdefault(name, np.zeros(len(self.arcs)))
        for arc, (along,) in self._read(slab, [planes], offsets):
            kept[arc] = along.mean()

    def _read(
        self, slab: Slab, several: Sequence[np.ndarray], offsets: np.ndarray
    ) -> Iterator[tuple[int, list[np.ndarray]]]:
        """Of each arc of a slab the profiles of some maps, (points, offsets) each."""
        for n in slab.slices:
            for arc in self.at_slice.get(n, ()):
                at = places(self.arcs[arc], offsets) - slab.corner[:, None, None]
                yield arc, [read(planes[n - slab.first], at) for planes in several]

    def _model(self, slab: Slab, probabilities: np.ndarray, own: int) -> None:
        p = np.clip(probabilities, LEAST, 1 - LEAST)
        organ, contradicted = p[own], -np.log(np.where(slab.mask, p[own], 1 - p[own]))
        doubt = -(organ * np.log(organ) + (1 - organ) * np.log(1 - organ))
        self._keep("doubt", slab, np.maximum(doubt, contradicted), self.near)
        self._keep("entropy", slab, -(p * np.log(p)).sum(axis=0), self.far)
        all_along = len(self.far) * float(self.far[1] - self.far[0])
        self._keep("width", slab, ((organ > BAND[0]) & (organ < BAND[1])) * all_along, self.far)
        theirs = slice_distance(probabilities.argmax(axis=0) == own, self.plane_mm, FARTHEST_MM)
        kept = self.found.setdefault("gap", np.zeros(len(self.arcs)))
        for arc, (away,) in self._read(slab, [theirs], ON_IT):
            kept[arc] = np.abs(away).mean()

    def _image(self, slab: Slab, image: np.ndarray) -> None:
        from scipy.ndimage import gaussian_filter

        sigma = [max(self.tolerance_mm / 2, mm) / mm for mm in self.plane_mm]
        slopes = [
            gaussian_filter(image, [0, *sigma], order=[0, *order]) / mm
            for order, mm in zip(((1, 0), (0, 1)), self.plane_mm, strict=True)
        ]
        close = self.far[np.abs(self.far) <= max(self.plane_mm) + 1e-6]
        kept = self.found.setdefault("gradient", np.zeros(len(self.arcs)))
        for arc, (slope,) in self._read(slab, [np.hypot(*slopes)], close):
            kept[arc] = -slope.max(axis=1).mean()

    def _shape(self, slab: Slab) -> None:
        distance = slice_distance(slab.mask, self.plane_mm, FARTHEST_MM)
        before = np.concatenate([distance[:1], distance[:-1]])  # the scan's own end has no neighbour: no jump
        after = np.concatenate([distance[1:], distance[-1:]])
        jump, bend = (self.found.setdefault(name, np.zeros(len(self.arcs))) for name in ("jump", "bend"))
        for arc, (one, other) in self._read(slab, [before, after], ON_IT):
            jump[arc], bend[arc] = (np.abs(one) + np.abs(other)).mean() / 2, np.abs(one + other).mean() / 2
