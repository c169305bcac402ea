"""Smooth random fields, made on a coarse lattice and blown up by cubic B-splines."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def spline_weights(count: int, spacing: float, step: float) -> np.ndarray:
    """Cubic B-spline weights from a lattice to evenly spaced points.

    Parameters
    ----------
    count : int
        Number of points.
    spacing, step : float
        Distance between points and between lattice nodes, in mm.

    Returns
    -------
    (count, nodes) float32 array
        Rows sum to one.
    """
    return _weights(count, float(spacing), float(step))


@lru_cache(maxsize=64)
def _weights(count: int, spacing: float, step: float) -> np.ndarray:
    place = 1 + np.arange(count) * spacing / step
    nodes = int(np.floor(place[-1])) + 3
    t = np.abs(place[:, None] - np.arange(nodes))
    near, far = 2 / 3 - t**2 + t**3 / 2, np.clip(2 - t, 0, None) ** 3 / 6
    weights = np.where(t < 1, near, far).astype(np.float32)
    weights.flags.writeable = False
    return weights


def smooth_noise(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    step_mm: float,
) -> np.ndarray:
    """Random field of zero mean and unit SD whose details are about ``step_mm`` wide, (I, J, K) float32."""
    if 0 in shape:
        return np.zeros(shape, np.float32)
    steps = [max(step_mm, s) for s in spacing_mm]
    weights = [spline_weights(n, s, step) for n, s, step in zip(shape, spacing_mm, steps)]
    field = rng.standard_normal([w.shape[1] for w in weights], dtype=np.float32)
    for w in weights:
        field = np.moveaxis(np.tensordot(w, field, axes=(1, 0)), 0, -1)
    spread = np.prod([np.sqrt(np.mean(np.sum(w**2, axis=1))) for w in weights])
    return np.ascontiguousarray(field) / np.float32(spread)


def waves(
    rng: np.random.Generator, u: np.ndarray, v: np.ndarray, w: np.ndarray, wavelength: float, count: int = 6
) -> np.ndarray:
    """Random function of a position: a sum of plane waves, zero mean, about unit SD, same shape as ``u``."""
    total = np.zeros(np.broadcast_shapes(u.shape, v.shape, w.shape), np.float32)
    for _ in range(count):
        a, b, c = (float(n) for n in 2 * np.pi / wavelength * _direction(rng) * rng.uniform(0.6, 1.2))
        total += np.sin(a * u + b * v + c * w + np.float32(rng.uniform(0, 2 * np.pi)))
    return total * np.float32(np.sqrt(2 / count))


def _direction(rng: np.random.Generator) -> np.ndarray:
    vector = rng.standard_normal(3)
    return vector / np.linalg.norm(vector)
