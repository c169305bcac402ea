"""Adapted prediction of one scan: what a copy of the model says after a few steps on corrected slices. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from napari_boundaryseg.engine.inference.prediction import Prediction


@dataclass(frozen=True, eq=False)
class Adapted:
    """A prediction by a copy of a model that was adapted to the scan, and what was seen on slices that were left out.

    Parameters
    ----------
    prediction : Prediction
        The model's own where no step helped.
    steps : int
        How many were taken; 0 for none.
    corrected : tuple of int
        The slices that a person had corrected.
    left_out : tuple of int
        Those of them that were left out, one after the other.
    held_out : mapping
        Number of steps, of those tried, to what was predicted for all corrected slices when each was left out:
        (left out, corrected, R, C) integers; 0 steps are the model as it is.
    scores : mapping
        Number of steps to the mean `agreement` of the slices that were left out with what a person had drawn, 0..1. The
        best one decided.
    seconds : float
    """

    prediction: Prediction
    steps: int
    corrected: tuple[int, ...]
    left_out: tuple[int, ...]
    held_out: Mapping[int, np.ndarray]
    scores: Mapping[int, float]
    seconds: float

    def __post_init__(self) -> None:
        for array in self.held_out.values():
            array.flags.writeable = False
        for name in ("held_out", "scores"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def best(scores: Mapping[int, float]) -> int:
    """The number of steps with the highest score; the least of equal ones.

    Examples
    --------
    >>> best({0: 0.8, 5: 0.9, 10: 0.9}), best({0: 0.8, 5: 0.7})
    (5, 0)
    """
    return min(scores, key=lambda steps: (-scores[steps], steps))
