"""Holes: what is enclosed in space, or in a slice; SciPy's own filling is the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from organ_pictures import applied
from scipy.ndimage import binary_fill_holes

from napari_boundaryseg.editing.tools.clean.fill_holes import FillHolesSettings, fill_holes
from napari_boundaryseg.editing.tools.scene import Scene

SPACE = FillHolesSettings(per_slice=False)
FULL_SHELL = np.pad(np.zeros((1, 1, 1), np.uint8), 1, constant_values=1)


def scene_of(labels: np.ndarray, axis: int = 0) -> Scene:
    return Scene(np.asarray(labels, np.uint8), 1, (3.0, 1.0, 1.0), axis)


def test_defaults_fill_each_slice() -> None:
    assert FillHolesSettings().per_slice


@given(
    arrays(np.uint8, (5, 6, 7), elements=st.sampled_from([0, 1, 1, 1, 2]), fill=st.nothing()),
    st.sampled_from([0, 1, 2, None]),
)
def test_they_are_filled_as_scipy_does(labels: np.ndarray, axis: int | None) -> None:
    organ, scene = labels == 1, scene_of(labels, axis or 0)
    if axis is None:
        wanted = binary_fill_holes(organ)
    else:
        wanted = np.stack([binary_fill_holes(one) for one in np.moveaxis(organ, axis, 0)], axis)
    found = applied(scene, fill_holes(scene, FillHolesSettings(per_slice=axis is not None)))
    assert ((found == 1) == (organ | wanted & (labels == 0))).all()
    assert ((found == 2) == (labels == 2)).all()


def test_the_organ_closes_round_another_one_in_its_hole() -> None:
    labels = np.ones((7, 7, 7), np.uint8)
    labels[2:5, 2:5, 2:5] = 0
    labels[3, 3, 3] = 2
    found = applied(scene_of(labels), fill_holes(scene_of(labels), SPACE))
    assert found[3, 3, 3] == 2
    assert (found == 1).sum() == 7**3 - 1


def test_a_gap_at_a_corner_lets_nothing_through_and_one_at_a_face_does() -> None:
    corner, face = FULL_SHELL.copy(), FULL_SHELL.copy()
    corner[0, 0, 0] = face[0, 1, 1] = 0
    assert applied(scene_of(corner), fill_holes(scene_of(corner), SPACE))[1, 1, 1] == 1
    assert fill_holes(scene_of(face), SPACE) is None


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_shaft_is_a_hole_in_the_slices_that_it_crosses_alone(axis: int) -> None:
    labels = np.ones((4, 5, 6), np.uint8)
    labels[:, 2, 3] = 0
    found = fill_holes(scene_of(labels, axis), FillHolesSettings())
    assert (found is not None) == (axis == 0)
    assert fill_holes(scene_of(labels, axis), SPACE) is None


def test_what_is_open_to_the_edge_of_the_scan_is_no_hole_in_space() -> None:
    labels = FULL_SHELL[1:]  # the scan ends in the middle of the hole
    assert fill_holes(scene_of(labels), SPACE) is None
    assert (applied(scene_of(labels), fill_holes(scene_of(labels), FillHolesSettings())) == 1).all()


def test_in_a_slice_a_hole_is_filled_though_the_slice_beside_it_is_open_there() -> None:
    labels = np.ones((3, 5, 5), np.uint8)
    labels[1, 2, 2] = 0
    labels[2, 2, 2:] = 0
    found = applied(scene_of(labels), fill_holes(scene_of(labels), FillHolesSettings()))
    assert found[1].all()
    assert (found[2] == labels[2]).all()
    assert fill_holes(scene_of(labels), SPACE) is None
