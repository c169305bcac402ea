"""Reliability diagram, expected calibration error, and the scales that put a model's numbers right near the border."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy import ndimage, optimize, special

from napari_boundaryseg.data.boundaries import thick_boundary
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.checkpoints.card import Scaling
from napari_boundaryseg.engine.inference.assembling.calibration import SURE, logarithms

NEAR_MM = 5.0
"""Far from every border a network is right and sure; what counts is what it says close to one."""
BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """What was said against what was so, in bins of equal width.

    Parameters
    ----------
    edges : (n + 1,) array
    counts : (n,) array of int
    said, found : (n,) arrays
        Mean of the values in a bin, and the share of its voxels where it was so; NaN where the bin is empty.
    """

    edges: np.ndarray
    counts: np.ndarray
    said: np.ndarray
    found: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance between said and found, weighted by the bins' voxels."""
        return self._error(self.counts > 0)

    @property
    def error_elsewhere(self) -> float:
        """The same without the first bin, which holds most voxels: they are nothing, and said to be nothing."""
        known = self.counts > 0
        known[0] = False
        return self._error(known)

    def _error(self, bins: np.ndarray) -> float:
        if not bins.any():
            return 0.0
        return float(np.average(np.abs(self.said - self.found)[bins], weights=self.counts[bins]))


def reliability(values: np.ndarray, so: np.ndarray, bins: int = BINS) -> Reliability:
    """Compare values between 0 and 1 with what was so.

    Parameters
    ----------
    values : array, 0..1
    so : bool array of the same shape
    bins : int
    """
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.digitize(values.ravel(), edges[1:-1]), 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        said, found = (np.bincount(place, np.asarray(a, float).ravel(), bins) / counts for a in (values, so))
    return Reliability(edges, counts, said, found)


def near_border(labels: LabelMap, within_mm: float = NEAR_MM) -> np.ndarray:
    """Voxels whose centre lies within so many mm of one at a border of the reference: (I, J, K) bool."""
    return ndimage.distance_transform_edt(~border(labels), sampling=labels.spacing_mm) <= within_mm


def border(labels: LabelMap) -> np.ndarray:
    """Voxels through whose faces a border of some organ passes, on both of its sides: (I, J, K) bool."""
    return reduce(np.logical_or, [thick_boundary(labels.mask(organ.id)) for organ in labels.scheme.organs])


def fit_scaling(values: np.ndarray, so: np.ndarray, weights: np.ndarray | None = None) -> Scaling:
    """The scales and the shift of the log-odds under which what was so is most likely: beta calibration.

    Edges are seldom as sure as they say: inside an organ their highest values promise no more than middling ones.
    With a scale for log p and another for log(1 - p) the curve may level off at any height; with one for both, as
    Platt (1999) has it, it always runs up to 1.

    Parameters
    ----------
    values : array, 0..1
    so : bool array of the same shape
    weights : array of the same shape, optional
        How much each value counts.

    References
    ----------
    Kull, Silva Filho and Flach (2017), AISTATS.
    """
    logs, truth = np.stack([*logarithms(values.ravel()), np.ones(values.size)]), so.ravel().astype(float)
    counted = np.full(truth.size, 1 / truth.size) if weights is None else weights.ravel() / weights.sum()

    def cost(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        z = parameters @ logs
        return float(counted @ (np.logaddexp(0, z) - truth * z)), logs @ (counted * (special.expit(z) - truth))

    bounds = [(0.05, 20.0), (0.0, 20.0), (-20.0, 20.0)]
    found = optimize.minimize(cost, np.array([1.0, 1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Scaling(scale=float(found[0]), complement=float(found[1]), shift=float(found[2]))


def fit_temperature(
    probabilities: Sequence[np.ndarray], truth: Sequence[np.ndarray], weights: np.ndarray | None = None
) -> Scaling:
    """The scale of log-probabilities over all classes (Guo et al. 2017).

    Parameters
    ----------
    probabilities : sequence of (classes, n) arrays
    truth : sequence of (n,) arrays of class indices
    weights : (all n,) array, optional
        How much each voxel counts.
    """
    logs = np.log(np.clip(np.concatenate(list(probabilities), axis=1), SURE, 1.0))
    right = np.take_along_axis(logs, np.concatenate(list(truth))[None], axis=0)[0]

    def cost(scale: float) -> float:
        return float(np.average(special.logsumexp(scale * logs, axis=0) - scale * right, weights=weights))

    return Scaling(scale=float(optimize.minimize_scalar(cost, bounds=(0.05, 20.0), method="bounded").x))
