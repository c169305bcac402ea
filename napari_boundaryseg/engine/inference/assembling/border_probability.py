"""The probability that a border passes through a voxel, from the class probabilities around it. No torch."""

from __future__ import annotations

from functools import reduce

import numpy as np


class BorderProbability:
    """The probability that a border of any organ passes through a voxel, of probabilities that come slab by slab.

    A plane is known when the next one is: each answer is a plane behind, but for the last.

    Parameters
    ----------
    axis : int
        Along which slabs follow one another.
    length : int
        Planes along it.

    Examples
    --------
    >>> organ, border = np.array([[1, 1, 0.75, 0.25, 0, 0]]), BorderProbability(1, 6)
    >>> [border.add(slice(n, n + 3), organ[None, :, n : n + 3])[1].ravel().tolist() for n in (0, 3)]
    [[0.0, 0.25], [0.75, 0.75, 0.25, 0.0]]
    """

    def __init__(self, axis: int, length: int) -> None:
        self._axis, self._length = axis, length
        self._low = self._sent = 0
        self._last = np.zeros(0)

    def add(self, planes: slice, organs: np.ndarray) -> tuple[slice, np.ndarray]:
        """Of (organs, *slab) probabilities, the next planes and their (*slab) border probability."""
        along = self._axis + 1
        if self._low < planes.start:
            organs = np.concatenate([self._last, organs], axis=along)
        known = planes.stop if planes.stop == self._length else planes.stop - 1
        now = slice(self._sent, known)
        found = reduce(np.maximum, map(of_probability, organs)) if known > self._sent else np.zeros(organs.shape[1:])
        found = found[self._part(slice(now.start - self._low, now.stop - self._low))]
        keep = max(0, known - 1)
        self._last = organs[(slice(None), *self._part(slice(keep - self._low, None)))].copy()
        self._low, self._sent = keep, known
        return now, found

    def _part(self, planes: slice) -> tuple[slice, ...]:
        return (*[slice(None)] * self._axis, planes)


def of_probability(inside: np.ndarray) -> np.ndarray:
    """The probability that an organ's border passes through a face of a voxel: how much its probability changes there.

    A border somewhere on a line, with the probability of being inside falling along that line, lies between two
    neighbours with the difference of their probabilities. Of the six neighbours the least and the most count; beyond
    the array nothing is known, and there is no border, as in `data.boundaries`.

    Parameters
    ----------
    inside : (I, J, K) float array, 0..1
        The probability that a voxel belongs to the organ.

    Returns
    -------
    (I, J, K) float32 array, 0..1
        Of a mask: 1 on its `data.boundaries.thick_boundary`, 0 elsewhere.

    Examples
    --------
    >>> of_probability(np.array([1, 1, 0.75, 0.25, 0, 0])[None, None]).ravel()
    array([0.  , 0.25, 0.75, 0.75, 0.25, 0.  ], dtype=float32)
    """
    inside = np.asarray(inside, np.float32)
    least, most = inside.copy(), inside.copy()
    for axis in range(inside.ndim):
        before, after = ([slice(None)] * inside.ndim for _ in range(2))
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        for here, there in ((tuple(before), tuple(after)), (tuple(after), tuple(before))):
            np.minimum(least[here], inside[there], out=least[here])
            np.maximum(most[here], inside[there], out=most[here])
    return most - least
