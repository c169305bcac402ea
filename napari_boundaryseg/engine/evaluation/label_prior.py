"""Label prior: the Dice of a mean label map that ignores the image, on crops or in boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.preprocessing.network_grid import resized

SIDE = 40
SHARES = np.linspace(0.2, 0.7, 11)


class LabelPrior:
    """The mean mask of an organ over training cases that are brought to the same cube, in the patient's axes.

    It is cut at the share that does best on the training cases themselves.

    Parameters
    ----------
    known : sequence of (LabelMap, Box or None)
        The training cases, and the boxes that the model was given of them.
    organ : int
        Its label.
    """

    def __init__(self, known: Sequence[tuple[LabelMap, Box | None]], organ: int) -> None:
        cubes = [resized(_turned(*case, organ)[None], (SIDE,) * 3, "linear")[0] for case in known]
        self._organ, self._mean = organ, np.mean(np.stack(cubes), axis=0)
        self._share = max(SHARES, key=lambda share: sum(_dice(self._mean > share, c > 0.5) for c in cubes))

    def dice(self, unseen: LabelMap, box: Box | None) -> float:
        """On one case that it does not know, on the case's own voxels."""
        truth = _turned(unseen, box, self._organ)
        return _dice(resized(self._mean[None], truth.shape, "linear")[0] > self._share, truth > 0.5)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Labels in the part that a model is given, and of which organs they say anything.

    Parameters
    ----------
    labels : LabelMap
    box : three slices of (I, J, K), or None for all of it
    organs : frozenset of int
        Ids of the organs that were looked for.
    whole : bool
        Whether all slices were drawn.
    """

    labels: LabelMap
    box: Box | None
    organs: frozenset[int]
    whole: bool = True


def prior_dice(known: Sequence[Drawn], unseen: Sequence[Drawn], scheme: LabelScheme) -> float | None:
    """The Dice of the label prior of known cases on unseen ones: mean over organs of the mean over cases.

    Each case counts for the organs that it holds, as in `loop.validate.Scores.in_reference`.

    Parameters
    ----------
    known, unseen : sequence of Drawn
    scheme : LabelScheme

    Returns
    -------
    float or None
        None where it cannot be told: an unseen case is drawn in part, no known one is whole, or no organ is drawn.
    """
    if not all(case.whole for case in unseen):
        return None
    means = []
    for organ in scheme.ids:
        judging = [case for case in unseen if organ in case.organs and (case.labels.array == organ).any()]
        seen = [(case.labels, case.box) for case in known if case.whole and organ in case.organs]
        if judging and not seen:
            return None
        if judging:
            prior = LabelPrior(seen, organ)
            means.append(float(np.mean([prior.dice(case.labels, case.box) for case in judging])))
    return float(np.mean(means)) if means else None


def _turned(labels: LabelMap, box: Box | None, organ: int) -> np.ndarray:
    part = (labels.array if box is None else labels.array[box]) == organ
    return np.ascontiguousarray(AxisMap(labels.affine, part.shape, "RAS").to_axes(part.astype(np.float32)))


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * int((a & b).sum()) / max(1, int(a.sum()) + int(b.sum()))
