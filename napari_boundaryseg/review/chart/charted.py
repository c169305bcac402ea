"""What is charted of accepted cases: figures of a prediction against what was accepted, each on a scale of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Charted:
    """One figure of accepted cases.

    Parameters
    ----------
    title : str
        As it begins a sentence.
    better : {"higher", "lower"}
    scale : callable
        To a scale on which values lie about as far above their mean as below it: the limits are those of normal ones.
    """

    title: str
    better: Literal["higher", "lower"]
    scale: Callable[[np.ndarray], np.ndarray]


def _arcsine(share: np.ndarray) -> np.ndarray:
    return np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0)))


CHARTED = {
    "surface_dice": Charted("Surface Dice", "higher", _arcsine),
    "apl_mm": Charted("Added path", "lower", np.sqrt),
    "minutes": Charted("Minutes a case", "lower", np.log1p),
}
"""Prediction against accepted label: by the names of `data.metrics`, and the minutes that a person took."""
