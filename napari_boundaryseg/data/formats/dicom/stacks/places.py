"""Places of slices along their normal, in mm: words for one, and whether several are evenly spaced."""

from __future__ import annotations

import numpy as np

SAME_MM = 0.01
"""Slices this close lie at the same place."""


def in_mm(place: float) -> str:
    """A place for people.

    Examples
    --------
    >>> in_mm(-7)
    '-7.0 mm'
    """
    return f"{float(place):.1f} mm"


def distinct(places: np.ndarray) -> np.ndarray:
    """Sorted places, each once.

    Examples
    --------
    >>> distinct(np.array([3.0, 0.0, 3.001])).tolist()
    [0.0, 3.0]
    """
    ordered = np.sort(places)
    return ordered[np.diff(ordered, prepend=-np.inf) > SAME_MM]


def evenly_spaced(places: np.ndarray) -> bool:
    """Whether sorted places have one distance, within 2 %.

    Examples
    --------
    >>> evenly_spaced(np.array([0.0, 3.0, 6.01])), evenly_spaced(np.array([0.0, 3.0, 9.0]))
    (True, False)
    """
    gaps = np.diff(places)
    return bool(gaps.size == 0 or np.abs(gaps - np.median(gaps)).max() <= allowed(float(np.median(gaps))))


def allowed(usual: float) -> float:
    """By how much one distance may differ from the usual one, in mm."""
    return max(0.02, 0.02 * usual)
