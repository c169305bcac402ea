"""From probabilities to one class a voxel: the likeliest, or the innermost of nested regions likelier than not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from napari_boundaryseg.data.nested_regions import organs_between


class Winners:
    """Which class each voxel of a scan is, and how likely that is, from probabilities that come part by part.

    Parameters
    ----------
    shape : tuple of int
    classes : int
        How many, with the background.
    nested : sequence of sequences of int
        As of `decided`.
    """

    def __init__(self, shape: tuple[int, ...], classes: int, nested: Sequence[Sequence[int]] = ()) -> None:
        self._nested = nested
        self.found = np.zeros(shape, np.min_scalar_type(classes - 1))
        """As `decided` says."""
        self.own = np.zeros(shape, np.float32)
        """The probability of the class that was found."""

    def add(self, where: tuple[slice, ...], probabilities: np.ndarray) -> None:
        """(classes, *part) of a part of the scan."""
        found = decided(probabilities, self._nested)
        self.put(where, found, np.take_along_axis(probabilities, found[None], 0)[0])

    def put(self, where: tuple[slice, ...], found: np.ndarray, own: np.ndarray) -> None:
        """What was decided elsewhere of a part of the scan: (*part) each."""
        self.found[where], self.own[where] = found, own


def decided(probabilities: Sequence[np.ndarray] | np.ndarray, nested: Sequence[Sequence[int]] = ()) -> np.ndarray:
    """Class indices, 0 for the background: (*sp) uint8, or uint16 where there are more than 256 classes.

    Each map is asked for once, one after the other, where there are no nested regions: they need not all be in memory.

    Parameters
    ----------
    probabilities : (1 + organs, *sp) array, or a sequence of (*sp) arrays
        They sum to 1, background first.
    nested : sequence of sequences of int
        Class indices inside each of some nested regions, the outermost first: `Recipe.nested`. A voxel that lies in a
        region as likely as not is in it, although no one of its classes may be likelier than the background.

    Examples
    --------
    >>> unsure = np.array([0.4, 0.3, 0.3])
    >>> int(decided(unsure)), int(decided(unsure, ((1, 2), (2,))))
    (0, 1)
    """
    kind = np.min_scalar_type(len(probabilities) - 1)
    if nested:
        return _innermost(probabilities, nested, kind)
    most = np.array(probabilities[0])
    found = np.zeros(most.shape, kind)
    for n in range(1, len(probabilities)):
        other = probabilities[n]
        np.putmask(found, other > most, n)
        np.maximum(most, other, out=most)
    return found


def _innermost(
    probabilities: Sequence[np.ndarray] | np.ndarray, nested: Sequence[Sequence[int]], kind: np.dtype
) -> np.ndarray:
    found = np.zeros(np.shape(probabilities[0]), kind)
    for inside, organ in zip(nested, organs_between(nested), strict=True):
        found[reduce(np.add, [probabilities[n] for n in inside]) >= 0.5] = organ
    return found
