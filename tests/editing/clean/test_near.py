"""Near a mask: each voxel against each voxel of the mask, and a part as all of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_boundaryseg.editing.tools.clean.near import closer, within

SPACING = (2.0, 1.0, 0.7)
SHAPE = (4, 6, 5)
PLACES = np.indices(SHAPE).reshape(3, -1).T
APART = (PLACES[:, None] - PLACES[None]) * SPACING
"""From each voxel (second) to each (first), in mm."""


def slowly(mask: np.ndarray, reach: list[tuple[float, float]]) -> np.ndarray:
    low, high = np.array(reach).T
    half = np.where(APART > 0, high, low)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(APART == 0, 0.0, (APART / half) ** 2)
    return ((parts.sum(-1) <= 1 + 1e-6) & mask.ravel()).any(1).reshape(SHAPE)


mm = st.sampled_from([0.0, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 30.0])


@given(
    arrays(bool, SHAPE, elements=st.sampled_from([False] * 9 + [True]), fill=st.nothing()),
    st.lists(st.tuples(mm, mm), min_size=3, max_size=3),
)
def test_within_reach_is_what_a_voxel_of_the_mask_reaches(mask: np.ndarray, reach: list[tuple[float, float]]) -> None:
    found = within(mask, SPACING, reach)
    assert (found == slowly(mask, reach)).all()
    for part in (np.s_[1:3, 2:4, 0:2], np.s_[0:1, 0:6, 4:5]):
        assert (within(mask, SPACING, reach, part) == found[part]).all()
        assert (closer(mask, SPACING, 1.5, part) == closer(mask, SPACING, 1.5)[part]).all()


@pytest.mark.parametrize(("gap_mm", "steps"), [(0.5, 1), (2.0, 1), (2.1, 2), (4.0, 2), (4.1, 3)])
def test_a_gap_is_free_from_face_to_face(gap_mm: float, steps: int) -> None:
    mask = np.zeros((9, 1, 1), bool)
    mask[0] = True
    assert closer(mask, (2.0, 1.0, 1.0), gap_mm).sum() == 1 + steps


def test_nothing_is_near_nothing() -> None:
    empty = np.zeros(SHAPE, bool)
    assert not within(empty, SPACING, [(50.0, 50.0)] * 3).any()
    assert not closer(empty, SPACING, 50.0).any()
