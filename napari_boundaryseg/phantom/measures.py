"""Difficulty of a phantom: contrast across a border, and what thresholding or a label prior would score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.boundaries import inner_boundary


def border_contrast(
    clean: np.ndarray,
    mask: np.ndarray,
    spacing_mm: tuple[float, float, float],
    noise_sd: float,
    reach_mm: float = 1.5,
) -> np.ndarray:
    """Contrast across the border of a mask, in noise SDs, one value per point of the border.

    Parameters
    ----------
    clean : (I, J, K) array
        The scan without noise.
    mask : (I, J, K) bool array
    spacing_mm : tuple of float
    noise_sd : float
    reach_mm : float
        How far inside and outside of the border, along its normal, the scan is compared.

    Returns
    -------
    (points,) array
        ``abs(outside - inside) / noise_sd``; empty for an empty mask.
    """
    if not mask.any():
        return np.zeros(0)
    box = _around(mask, tuple(int(np.ceil((reach_mm + 8) / s)) for s in spacing_mm))
    mask, clean = mask[box], np.asarray(clean[box], np.float64)
    distance = _signed_distance(mask, spacing_mm)
    smooth = ndimage.gaussian_filter(distance, [1.5 / s for s in spacing_mm])
    points = np.argwhere(inner_boundary(mask))
    normals = np.stack([g[tuple(points.T)] for g in np.gradient(smooth, *spacing_mm)], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    start = points - normals * distance[tuple(points.T)][:, None] / spacing_mm
    inside, outside = (
        ndimage.map_coordinates(clean, (start + s * reach_mm * normals / spacing_mm).T, order=1, mode="nearest")
        for s in (-1, 1)
    )
    return np.abs(outside - inside) / noise_sd


def _around(mask: np.ndarray, margin: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(max(int(w.min()) - m, 0), int(w.max()) + m + 1) for w, m in zip(np.nonzero(mask), margin))


def _signed_distance(mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Distance to the border in mm, negative inside; the border lies half way between voxel centres."""
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    inside = ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    return (outside - inside) / 2 + (outside > 0) * outside / 2 - (inside > 0) * inside / 2


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice overlap of two masks; 1 for two empty ones."""
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def best_threshold_dice(image: np.ndarray, mask: np.ndarray, levels: int = 400) -> float:
    """Dice of the best intensity range that anybody could have chosen, knowing the answer.

    Parameters
    ----------
    image : (I, J, K) array
    mask : (I, J, K) bool array
    levels : int
        Number of intensity steps, equally many voxels in each, from which the two thresholds are taken.
    """
    edges = np.unique(np.quantile(image, np.linspace(0, 1, levels + 1)))
    both = np.histogram(image, edges)[0].astype(float)
    hits = np.histogram(image[mask], edges)[0].astype(float)
    taken, right = (np.concatenate([[0], np.cumsum(n)]) for n in (both, hits))
    scores = 2 * (right[None] - right[:, None]) / (taken[None] - taken[:, None] + mask.sum() + 1e-9)
    return float(np.triu(scores, 1).max())


def label_prior_dice(known: Sequence[np.ndarray], unseen: Sequence[np.ndarray]) -> float:
    """Mean Dice on unseen masks of the best answer that ignores the image.

    The answer is the region where more than some share of the known masks lie, with the share that scores best
    on the unseen ones: an upper bound for what position alone can tell.
    """
    prior = np.mean([mask.astype(np.float32) for mask in known], axis=0)
    shares = np.linspace(0.1, 0.7, 13)
    return max(float(np.mean([dice(prior > share, mask) for mask in unseen])) for share in shares)
