"""The part of a scan that is named on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import typer

from napari_boundaryseg.cli.inputs.boxes import box_around, labels_of, parse_box
from napari_boundaryseg.data.boxes import drawn
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError

SHAPE = (20, 24, 16)
GEOMETRY = Geometry(SHAPE, np.diag([1.5, 1.0, 2.0, 1.0]))
SCAN = Volume(np.zeros((1, *SHAPE), np.float32), GEOMETRY)


def test_a_box_is_three_ranges() -> None:
    assert parse_box("1:5,0:24,3:16") == (slice(1, 5), slice(0, 24), slice(3, 16))


def test_empty_ends_are_the_scans() -> None:
    assert drawn(parse_box(":5, :, 3:"), SCAN.geometry.shape, SCAN.name) == (slice(0, 5), slice(0, 24), slice(3, 16))


@pytest.mark.parametrize(
    "text", ["", "1:2", "1:2,3:4,5", "a:b,1:2,3:4", "1:2,3:4,5:6,7:8", "-1:2,3:4,5:6", "1-2,3-4,5-6"]
)
def test_other_forms_are_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_box(text)


@pytest.mark.parametrize("text", ["5:5,:,:", "7:3,:,:", "0:21,:,:", ":,:,16:17"])
def test_a_box_outside_the_scan_is_refused_with_its_size(text: str) -> None:
    with pytest.raises(InputError, match=r"0:20,0:24,0:16"):
        drawn(parse_box(text), SCAN.geometry.shape, SCAN.name)


def test_the_box_around_labels_has_the_margin_in_mm() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[8:10, 10:12, 7] = 2
    assert box_around(LabelMap(labels, GEOMETRY), 3.0) == (slice(6, 12), slice(7, 15), slice(5, 10))
    assert box_around(LabelMap(labels, GEOMETRY), 0.0) == (slice(8, 10), slice(10, 12), slice(7, 8))


def test_the_margin_ends_at_the_scan() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[0, 23, 15] = 1
    assert box_around(LabelMap(labels, GEOMETRY), 4.0) == (slice(0, 4), slice(19, 24), slice(13, 16))


def test_empty_labels_are_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        box_around(LabelMap(np.zeros(SHAPE, np.uint8), GEOMETRY), 5.0)


def test_labels_come_from_a_file_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a_seg.nii.gz").touch()
    assert labels_of(tmp_path, "a") == labels_of(tmp_path / "a_seg.nii.gz", "any") == tmp_path / "a_seg.nii.gz"
    with pytest.raises(InputError, match="'b'"):
        labels_of(tmp_path, "b")
