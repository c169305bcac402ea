"""The extent of a scan, by which a wrong unit of length shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.geometry import spacing_mm


def odd_extent(shape: Sequence[int], affine: np.ndarray) -> tuple[str, ...]:
    """A warning where a scan is far smaller or larger than a patient."""
    longest = float((np.array(shape) * spacing_mm(affine)).max())
    if 1 <= longest <= 5000:
        return ()
    return (f"It is {longest:.3g} mm long: the unit of its voxel size may be wrong.",)
