"""Boxes from rectangles and around organs."""

import numpy as np
import pytest

from napari_boundaryseg.data.boxes import size_text
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.control.region import around_organ, from_rectangle

RAS = Geometry((10, 12, 6), np.diag([2.0, 1.0, 4.0, 1.0]))


def test_an_axial_rectangle_becomes_a_box_in_file_order() -> None:
    corners = np.array([[3, 2.0, 1.0], [3, 5.0, 4.0]])  # z; y grows to the back, x to the left: both against RAS
    box = from_rectangle(corners, (1, 4), RAS)
    assert box == (slice(5, 9), slice(6, 10), slice(1, 5))


def test_a_coronal_rectangle_holds_for_slices_along_y() -> None:
    corners = np.array([[1.0, 7, 2.0], [3.0, 7, 4.0]])
    box = from_rectangle(corners, (0, 11), RAS)
    assert box == (slice(5, 8), slice(0, 12), slice(1, 4))


def test_a_rectangle_beside_the_scan_is_refused() -> None:
    with pytest.raises(InputError, match="no voxel"):
        from_rectangle(np.array([[3, 20.0, 30.0], [3, 25.0, 35.0]]), (0, 5), RAS)


def test_the_box_around_an_organ_has_at_least_its_margin_and_stays_in_the_scan() -> None:
    array = np.zeros(RAS.shape, np.uint8)
    array[4:6, 5:7, 2:3] = 2
    labels = LabelMap(array, RAS, preset("pelvis-mr"))
    assert around_organ(labels, "Prostate", 3.0) == (slice(2, 8), slice(2, 10), slice(1, 4))
    assert around_organ(labels, None, 1000) == (slice(0, 10), slice(0, 12), slice(0, 6))
    with pytest.raises(InputError, match="Bladder"):
        around_organ(labels, "Bladder", 3.0)


def test_a_box_is_said_in_millimetres() -> None:
    assert size_text((slice(0, 5), slice(0, 10), slice(0, 3)), RAS.spacing_mm) == "10 × 10 × 12 mm"
