"""The second organ of a clean-up that needs one."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.editing.tools.scene import Scene
from napari_boundaryseg.errors import InputError


def second_organ(scene: Scene) -> np.ndarray:
    """Where it is, (I, J, K) bool; nowhere if it is not drawn.

    Raises
    ------
    InputError
        Where none is chosen, or the chosen organ itself.

    Examples
    --------
    >>> second_organ(Scene(np.array([[[0, 1, 2, 2]]]), 1, (1.0, 1.0, 1.0), other=2)).tolist()
    [[[False, False, True, True]]]
    """
    if scene.other in (0, scene.organ):
        wrong = "it is the chosen organ itself" if scene.other else "none is chosen"
        raise InputError("second organ", wrong, "Choose another organ beside the one to clean up")
    return scene.labels == scene.other
