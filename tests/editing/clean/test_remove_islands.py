"""Pieces below a volume go, in mL of the scan's own voxels; the largest stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from organ_pictures import applied
from skimage.measure import label, regionprops

from napari_boundaryseg.editing.tools.clean.remove_islands import RemoveIslandsSettings, remove_islands
from napari_boundaryseg.editing.tools.scene import Scene, Spacing


def volumes_ml(labels: np.ndarray, spacing: Spacing) -> list[float]:
    return sorted(one.area * float(np.prod(spacing)) / 1000 for one in regionprops(label(labels == 1, connectivity=3)))


@given(
    arrays(np.uint8, (4, 6, 7), elements=st.sampled_from([0, 0, 0, 1, 2]), fill=st.nothing()),
    st.sampled_from([(5.0, 2.0, 2.0), (1.0, 1.0, 1.0), (3.0, 0.7, 0.7)]),
    st.integers(1, 5),
)
def test_what_stays_is_large_enough_or_the_largest(labels: np.ndarray, spacing: Spacing, least: int) -> None:
    scene, ml = Scene(labels, 1, spacing), least * float(np.prod(spacing)) / 1000
    after = applied(scene, remove_islands(scene, RemoveIslandsSettings(least_ml=ml)))
    before = volumes_ml(labels, spacing)
    wanted = [one for one in before if one >= ml * (1 - 1e-9)] or [one for one in before if one == max(before)]
    assert volumes_ml(after, spacing) == pytest.approx(wanted)
    assert (after[after == 1] == labels[after == 1]).all()
    assert ((after == 2) == (labels == 2)).all()


def test_a_piece_of_just_this_volume_stays() -> None:
    labels = np.zeros((10, 30, 30), np.uint8)
    labels[:, :10, :10] = 1
    labels[0, 12:22, 12:22] = 1  # 100 voxels of 1 mm: 0.1 mL
    labels[0, 12:22, 23:30] = 2
    scene = Scene(labels, 1, (1.0, 1.0, 1.0))
    assert remove_islands(scene, RemoveIslandsSettings()) is None
    labels[0, 12, 12] = 0
    assert volumes_ml(applied(scene, remove_islands(scene, RemoveIslandsSettings())), scene.spacing_mm) == [1.0]


def test_thick_slices_make_the_same_voxels_more() -> None:
    labels = np.zeros((3, 40, 40), np.uint8)
    labels[:, :20, :20] = labels[0, 25:30, 25:30] = 1
    assert remove_islands(Scene(labels, 1, (4.0, 1.0, 1.0)), RemoveIslandsSettings()) is None
    assert remove_islands(Scene(labels, 1, (3.9, 1.0, 1.0)), RemoveIslandsSettings()) is not None


def test_a_small_organ_does_not_vanish() -> None:
    labels = np.zeros((3, 9, 9), np.uint8)
    labels[1, 1:3, 1:3] = labels[1, 7, 7] = 1
    found = applied(
        Scene(labels, 1, (1.0, 1.0, 1.0)), remove_islands(Scene(labels, 1, (1.0,) * 3), RemoveIslandsSettings())
    )
    assert (found == 1).sum() == 4
