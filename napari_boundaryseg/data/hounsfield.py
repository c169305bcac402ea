"""Whether the values of a scan are Hounsfield units, for files that do not say what made them."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.volume import Volume

SAMPLE_VOX = 200_000
AIR_HU = (-1100.0, -900.0)
SOFT_TISSUE_HU = (-200.0, 300.0)
HIGHEST_HU = 32_767.0
"""Metal in the extended range."""
LEAST_AIR, LEAST_SOFT, LEAST_SOFT_INSIDE = 0.002, 0.005, 0.1
"""Share of all voxels that are air, that are soft tissue, and that are soft tissue among what is no air, at least."""
MOST_BELOW_AIR = 0.001
"""Share of the voxels below air, padding apart: Hounsfield units have none."""
MOST_CLIPPED = 0.9
"""More of one value is a mask, or nothing but what lies around a patient."""


def are_hounsfield(array: np.ndarray) -> bool:
    """Whether values look like Hounsfield units: air near -1000, soft tissue near 0, nothing below air but padding.

    A crop without air, a CT stored with an offset, and a normalised one cannot be told from other scans: False.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> are_hounsfield(np.concatenate([rng.normal(-1000, 10, 500), rng.normal(40, 20, 500)]).round())
    True
    >>> are_hounsfield(rng.normal(200, 50, 1000).round())
    False
    """
    step = max(1, round((array.size / SAMPLE_VOX) ** (1 / array.ndim)))
    sample = array[(slice(None, None, step),) * array.ndim]
    values = sample[np.isfinite(sample)].astype(np.float64)
    below = values < AIR_HU[0]
    if below.any():
        padding = values[below].min()  # one value that no tissue has, as scanners write around their circle
        values, below = values[values != padding], below[values != padding]
    if values.size < 2 or values.max() > HIGHEST_HU or below.mean() > MOST_BELOW_AIR:
        return False
    air, soft = (np.mean((low <= values) & (values <= high)) for low, high in (AIR_HU, SOFT_TISSUE_HU))
    if air < LEAST_AIR or soft < max(LEAST_SOFT, LEAST_SOFT_INSIDE * (1 - air)):
        return False
    counts = np.unique(values, return_counts=True)[1]
    return bool(counts.max() < MOST_CLIPPED * values.size and counts.size > 10)


def modality_of(scan: Volume) -> tuple[str, bool]:
    """A scan's modality, or nothing; and whether that is only a guess from its values. What a file says is believed."""
    if scan.modality or len(scan.channels) > 1:
        return scan.modality, False
    guessed = are_hounsfield(scan.array[0])
    return ("CT" if guessed else ""), guessed
