"""Values of a label map, told from those of a scan."""

from __future__ import annotations

import numpy as np

MOST_LABELS = 32
_LOOKED_AT = 1_000_000


def looks_like_labels(array: np.ndarray) -> bool:
    """Whether values are few whole numbers from 0 on, as the integers of a label map and unlike the grey of a scan.

    About a million voxels, evenly spread, are looked at.

    Examples
    --------
    >>> looks_like_labels(np.array([0, 0, 1, 1, 2, 0], np.float32)), looks_like_labels(np.arange(100))
    (True, False)
    """
    values = array.reshape(-1)
    some = values[:: max(1, values.size // _LOOKED_AT)]
    found = np.unique(some)
    whole = np.issubdtype(array.dtype, np.integer) or bool((found == np.rint(found)).all())
    return bool(1 < found.size <= MOST_LABELS and whole and found[0] == 0 and found[-1] <= 255)
