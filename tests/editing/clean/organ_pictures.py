"""Labels for the clean-ups, and what becomes of them."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter

from napari_boundaryseg.editing.tools.scene import Scene, Written

SPACING = (2.5, 1.0, 0.8)
SHAPE = (12, 24, 26)


def blobs(seed: int) -> np.ndarray:
    """Three rough organs that touch, in pieces, the first one the largest and with holes."""
    rng = np.random.default_rng(seed)
    first, *others = (gaussian_filter(rng.normal(size=SHAPE), 1.2) for _ in range(3))
    away = sum((2 * at / n - 1) ** 2 for at, n in zip(np.ogrid[tuple(map(slice, SHAPE))], SHAPE, strict=True))
    first += 0.25 * np.exp(-4 * away)
    labels = np.stack([np.full(SHAPE, 0.02), first, *others]).argmax(0).astype(np.uint8)
    labels[binary_erosion(labels == 1) & (rng.random(SHAPE) < 0.1)] = 0
    return labels


def applied(scene: Scene, found: Written | None) -> np.ndarray:
    """The labels after a clean-up."""
    labels = scene.labels.copy()
    if found is not None:
        labels[found.box] = found.labels
    return labels
