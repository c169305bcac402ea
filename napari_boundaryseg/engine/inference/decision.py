"""From probabilities to one class a voxel: the likeliest, or the innermost of nested regions likelier than not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.nested_regions import organs_between


def decided(probabilities: np.ndarray, nested: Sequence[Sequence[int]] = ()) -> np.ndarray:
    """Class indices, 0 for the background.

    Parameters
    ----------
    probabilities : (1 + organs, *sp) array
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
    if not nested:
        return np.asarray(probabilities.argmax(0))
    found = np.zeros(probabilities.shape[1:], np.intp)
    for inside, organ in zip(nested, organs_between(nested), strict=True):
        found[probabilities[list(inside)].sum(0) >= 0.5] = organ
    return found
