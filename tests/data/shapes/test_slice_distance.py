"""Signed distances within slices, against distances to every voxel of the other side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from napari_boundaryseg.data.shapes.slice_distance import slice_distance


def slowly(mask: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    places = np.indices(mask.shape).reshape(2, -1).T * np.array(spacing)
    inside = mask.ravel()
    far = np.array([cdist(places[[n]], places[inside != inside[n]]).min() for n in range(len(places))])
    return (np.where(inside, 1, -1) * (far - min(spacing) / 2)).reshape(mask.shape)


@given(arrays(bool, (2, 5, 6)), st.sampled_from([(1.0, 1.0), (0.5, 3.0), (2.0, 0.7)]), st.sampled_from([1.5, 50.0]))
def test_it_is_the_distance_to_the_nearest_voxel_of_the_other_side(
    masks: np.ndarray, spacing: tuple[float, float], most: float
) -> None:
    found = slice_distance(masks, spacing, most)
    assert found.dtype == np.float32
    for mask, distance in zip(masks, found, strict=True):
        if mask.any() and not mask.all():
            assert distance == pytest.approx(np.clip(slowly(mask, spacing), -most, most), abs=1e-5)
        else:
            assert (distance == (most if mask.any() else -most)).all()
    assert ((found > 0) == masks).all()
