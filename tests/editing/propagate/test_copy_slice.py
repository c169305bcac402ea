"""An organ copied from slice to slice."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_boundaryseg.editing.tools.propagate.copy_slice import copy_slice

SHAPE = (5, 6, 7)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("seed", range(10))
def test_as_each_voxel_alone(seed: int, axis: int) -> None:
    rng = np.random.default_rng(seed)
    labels = (rng.integers(0, 3, SHAPE) * (rng.random(SHAPE) < 0.3)).astype(np.int16)
    at, to = (int(n) for n in rng.choice(SHAPE[axis], 2, replace=False))
    labels.flags.writeable = False
    expected = labels.copy()
    for voxel in product(*map(range, SHAPE)):
        if voxel[axis] == to and labels[voxel] != 2:
            source = tuple(at if a == axis else x for a, x in enumerate(voxel))
            expected[voxel] = 1 if labels[source] == 1 else 0
    found = labels.copy()
    written = copy_slice(labels, 1, axis, at, to)
    assert (written is None) == np.array_equal(expected, labels)
    if written is not None:
        assert written.labels.dtype == np.int16
        found[written.box] = written.labels
    np.testing.assert_array_equal(found, expected)
    assert copy_slice(found, 1, axis, at, to) is None


def test_a_slice_without_the_organ_takes_it_off() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[3, 2:4, 2:4] = 1
    written = copy_slice(labels, 1, 0, 2, 3)
    assert written is not None
    assert written.box == (slice(3, 4), slice(2, 4), slice(2, 4))
    assert not written.labels.any()
    assert copy_slice(labels, 1, 0, 1, 2) is None


@pytest.mark.parametrize(("at", "to"), [(-1, 0), (0, -1), (-5, 4), (4, -5), (5, 4), (4, 5), (4, 4)])
def test_none_where_there_is_no_such_slice_or_it_is_the_same(at: int, to: int) -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[[0, 4], 2:4, 2:4] = 1
    labels[4, 2, 2] = 0
    assert copy_slice(labels, 1, 0, at, to) is None
