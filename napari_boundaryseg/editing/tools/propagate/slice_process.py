"""Gaussian process along the slices of an organ: how much each slice learns from those that a person corrected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NOISE = 0.02
"""Variance of a person's hand, as a part of what corrections vary by."""
LENGTHS_MM = (2.0, 4.0, 8.0, 12.0, 18.0, 24.0, 36.0)
"""Among which `likeliest_length` chooses."""
ENOUGH = 4
"""Corrected slices from which on they themselves say how far a correction reaches."""


def covariance(a_mm: np.ndarray, b_mm: np.ndarray, length_mm: float) -> np.ndarray:
    """Squared-exponential covariance of places along the slice axis, (A, B); 1 at no distance."""
    return np.exp(-0.5 * (np.subtract.outer(a_mm, b_mm) / length_mm) ** 2)


def weights(places_mm: np.ndarray, known_mm: np.ndarray, length_mm: float) -> np.ndarray:
    """What each place takes of the values at the known ones, (P, K): the mean of the process.

    Examples
    --------
    >>> weights(np.array([0.0, 100.0]), np.array([0.0]), 10.0).round(2)
    array([[0.98],
           [0.  ]])
    """
    return np.linalg.solve(_noisy(known_mm, length_mm), covariance(known_mm, places_mm, length_mm)).T


def variance(places_mm: np.ndarray, known_mm: np.ndarray, length_mm: float) -> np.ndarray:
    """What remains unknown at each place, (P,), from about 0 at a known one to 1 far from all."""
    if not len(known_mm):
        return np.ones(len(places_mm))
    shared = covariance(known_mm, places_mm, length_mm)
    return np.clip(1 - (shared * np.linalg.solve(_noisy(known_mm, length_mm), shared)).sum(0), 0.0, 1.0)


def likeliest_length(known_mm: np.ndarray, values: np.ndarray, default_mm: float) -> float:
    """How far a correction reaches, in mm: what foretells each corrected slice best from the others.

    Parameters
    ----------
    known_mm : (K,) float array
        Places of the corrected slices.
    values : (K, M) float array
        What each was corrected by, at M places in the slice.
    default_mm : float
        Where fewer than `ENOUGH` slices were corrected, or none of them by anything.

    Returns
    -------
    float
        Of `LENGTHS_MM`, the one with the least squared error of slices left out in turn.
    """
    if len(known_mm) < ENOUGH or not values.any():
        return default_mm
    return min(LENGTHS_MM, key=lambda length: _error_left_out(known_mm, values, length))


def _error_left_out(known_mm: np.ndarray, values: np.ndarray, length_mm: float) -> float:
    """Mean squared error of each slice as the others foretell it, in closed form (Rasmussen and Williams, 5.12)."""
    inverse = np.linalg.inv(_noisy(known_mm, length_mm))
    errors = (inverse @ values) / np.diag(inverse)[:, None]
    return float(np.mean(errors**2))


def _noisy(known_mm: np.ndarray, length_mm: float) -> np.ndarray:
    return covariance(known_mm, known_mm, length_mm) + NOISE * np.eye(len(known_mm))


def most_uncertain(left: Sequence[float], doubtful: Sequence[float] | None = None) -> int | None:
    """The slice whose correction would teach most: where the most is unknown, times how doubtful its border is.

    Parameters
    ----------
    left : sequence of float
        `variance` of each slice; 0 where nobody is to be asked.
    doubtful : sequence of float, optional
        How doubtful the border of each is, in whatever unit; all alike by default.

    Examples
    --------
    >>> most_uncertain([0.2, 0.9, 0.5]), most_uncertain([0.2, 0.9, 0.5], [1, 1, 3]), most_uncertain([0.0, 0.0])
    (1, 2, None)
    """
    worth = np.asarray(left, float) * (1.0 if doubtful is None else np.asarray(doubtful, float))
    return int(worth.argmax()) if len(worth) and worth.max() > 0 else None
