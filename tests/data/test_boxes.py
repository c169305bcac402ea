"""A box is three slices or pairs; open ends are the scan's; what is no box gets a sentence."""

import numpy as np
import pytest

from napari_boundaryseg.data.boxes import given
from napari_boundaryseg.errors import InputError

SHAPE = (21, 18, 20)
PART = (slice(2, 12), slice(4, 18), slice(0, 20))


@pytest.mark.parametrize(
    "box",
    [
        PART,
        (slice(2, 12), slice(4, None), slice(None)),
        (slice(2, 12, 1), slice(4, 400), slice(-3, None)),
        ((2, 12), (4, None), (None, None)),
        [[2, 12], [4, 18], [0, 20]],
        np.array([[2, 12], [4, 18], [0, 20]]),
        (slice(np.int64(2), np.int64(12)), (4, 18), slice(20)),
    ],
)
def test_every_way_to_write_a_box(box):
    found = given(box, SHAPE)
    assert found == PART
    assert all(type(end) is int for part in found for end in (part.start, part.stop))


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((slice(0, 5), slice(0, 5)), "is no box. Give a slice or a pair"),
        ((slice(0, 5),) * 4, "is no box"),
        (5, "box: 5 is no box"),
        ("2:5", "is no box"),
        ((1, 2, 3), "is no box"),
        (((0, 5, 1),) * 3, "is no box"),
        (((0.5, 5.0),) * 3, "is no box"),
        ((None, None, None), "is no box"),
        ((slice(0, 20, 2), slice(None), slice(None)), "its step is 2. Leave out the step"),
        ((slice(50, 60),) * 3, "it lies outside the scan"),
        ((slice(5, 5),) * 3, "it lies outside the scan"),
        ((slice(-9, -2),) * 3, "it lies outside the scan"),
    ],
)
def test_what_is_no_box_is_refused(box, words):
    with pytest.raises(InputError) as caught:
        given(box, SHAPE)
    assert words in str(caught.value)
