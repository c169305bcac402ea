"""The label prior of several organs and cases, counted by hand on cubes of its own size."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.engine.evaluation.label_prior import SIDE, Drawn, prior_dice

SCHEME = preset("hippocampus")
FRONT, BACK = SCHEME.ids
BOTH = frozenset(SCHEME.ids)


def drawn(front: int, back: int, organs: frozenset[int] = BOTH, whole: bool = True) -> Drawn:
    """Two blocks of 10 x 10 voxels, so many long; none where that is 0."""
    array = np.zeros((SIDE,) * 3, np.uint8)
    array[5:15, 5:15, :front] = FRONT
    array[20:30, 20:30, :back] = BACK
    labels = LabelMap(array, Geometry(array.shape, np.diag([-1.0, 1.0, 1.0, 1.0])), scheme=SCHEME)
    return Drawn(labels, None, organs, whole)


def test_it_is_the_mean_over_organs_of_the_mean_over_cases() -> None:
    seen = [drawn(20, 20), drawn(20, 20)]
    front = (2 * 20 / (20 + 20) + 2 * 20 / (20 + 30)) / 2
    back = 2 * 10 / (20 + 10)
    found = prior_dice(seen, [drawn(20, 0), drawn(30, 10)], SCHEME)
    assert found == pytest.approx((front + back) / 2)


def test_a_case_counts_for_the_organs_that_were_looked_for() -> None:
    only_front = frozenset([FRONT])
    found = prior_dice([drawn(20, 20), drawn(20, 40, only_front)], [drawn(20, 20)], SCHEME)
    assert found == 1.0, "what stands for the back in a case without one teaches nothing"
    assert prior_dice([drawn(20, 20)], [drawn(20, 40, only_front)], SCHEME) == 1.0


def test_it_is_left_open_where_it_cannot_be_told() -> None:
    assert prior_dice([drawn(20, 20)], [drawn(20, 20, whole=False)], SCHEME) is None
    assert prior_dice([drawn(20, 20, whole=False)], [drawn(20, 20)], SCHEME) is None
    assert prior_dice([drawn(20, 20, frozenset([FRONT]))], [drawn(20, 20)], SCHEME) is None
    assert prior_dice([drawn(20, 20)], [drawn(0, 0)], SCHEME) is None
