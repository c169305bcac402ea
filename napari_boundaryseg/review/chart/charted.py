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
    back : callable
        From that scale.
    unit : str
        Of its values.
    """

    title: str
    better: Literal["higher", "lower"]
    scale: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]
    unit: str = ""


def _arcsine(share: np.ndarray) -> np.ndarray:
    return np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0)))


def _share(arcsine: np.ndarray) -> np.ndarray:
    return np.sin(np.clip(arcsine, 0.0, np.pi / 2)) ** 2


CHARTED = {
    "surface_dice": Charted("Surface Dice", "higher", _arcsine, _share),
    "apl_mm": Charted("Added path", "lower", np.sqrt, np.square, "mm"),
    "minutes": Charted("Minutes a case", "lower", np.log1p, np.expm1, "min"),
}
"""Prediction against accepted label: by the names of `data.metrics`, and the minutes that a person took."""
