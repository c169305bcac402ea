"""Calibration near the border: log-odds and log-probabilities put right by a card's scales. No torch."""

from __future__ import annotations

import numpy as np
from scipy import special

from napari_boundaryseg.engine.checkpoints.card import Scaling

SURE = 1e-6
"""A probability nearer to 0 or 1 says no more."""


def rescaled(values: np.ndarray, scaling: Scaling) -> np.ndarray:
    """σ(scale · log p - complement · log(1 - p) + shift) of values p between 0 and 1; none overtakes another."""
    if scaling == Scaling():
        return values
    low, high = logarithms(values)
    complement = scaling.scale if scaling.complement is None else scaling.complement
    return special.expit(scaling.scale * low + complement * high + scaling.shift).astype(np.float32)


def logarithms(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log p and -log(1 - p)."""
    inside = np.clip(values, SURE, 1 - SURE).astype(float)
    return np.log(inside), -np.log1p(-inside)


def tempered(probabilities: np.ndarray, scaling: Scaling) -> np.ndarray:
    """(classes, ...) probabilities to the power of the scale, summing to 1 again: the likeliest class stays."""
    if scaling.scale == 1:
        return probabilities
    powered = np.clip(probabilities, SURE, 1.0) ** scaling.scale
    return (powered / powered.sum(axis=0)).astype(np.float32)
