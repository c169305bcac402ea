"""Slice table: numbers as the window counts them, and nobody is forgotten."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.datasets.slice_table import NamedSlices, read_slices
from napari_boundaryseg.data.labels import anonymous
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError


def write(folder: Path, text: str) -> Path:
    (folder / "slices.csv").write_text(text, "utf-8")
    return folder / "slices.csv"


def test_numbers_runs_and_all_are_read(tmp_path: Path) -> None:
    table = write(tmp_path, 'Case;Slices;plane\na;3-5 9;\nb;"1, 7";Coronal\nc;ALL;axial\n')
    found = read_slices(table, ["a", "b", "c"])
    assert found == {
        "a": NamedSlices("", (3, 4, 5, 9)),
        "b": NamedSlices("coronal", (1, 7)),
        "c": NamedSlices("axial", None),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("case,slices\na,3\n", "it leaves out b. Give each case a line"),
        ("case,slices\na,3\nb,2\na,4\n", "a stands there twice"),
        ("case,slices\na,0\nb,2\n", "a has the slices '0'"),
        ("case,slices\na,5-3\nb,2\n", "a has the slices '5-3'"),
        ("case,slices\na,three\nb,2\n", "a has the slices 'three'"),
        ("case,slices\na,\nb,2\n", "a has no slices"),
        ("case,slices,plane\na,1,oblique\nb,2,\n", "a has the plane 'oblique'"),
        ("case,slice\na,1\nb,2\n", "its columns are 'case', 'slice'"),
        ("case,slices,organ\na,1,1\nb,2,1\n", "its columns are"),
        ("", "its columns are none"),
    ],
)
def test_what_is_not_said_clearly_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        read_slices(write(tmp_path, text), ["a", "b"])


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("signs", list(product((1, -1), repeat=3))[::3])
def test_slices_are_counted_as_the_window_counts_them(
    order: tuple[int, ...], signs: tuple[int, ...], plane: str
) -> None:
    """From the feet, the front, the right, in whatever order and direction the file has its axes."""
    sizes = np.array([5, 6, 7])[list(order)]
    affine = np.eye(4)
    affine[:3, :3] = np.diag(signs)[:, list(order)]
    array = np.ones(tuple(sizes), np.uint8)
    labels = LabelMap(array, Geometry(array.shape, affine), anonymous((1,)), "a")
    looked = NamedSlices(plane, (2,)).of(labels)
    assert looked is not None
    (place,) = looked.slices[1] or ()
    world = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
    centres = [affine[world, looked.axis] * n for n in range(sizes[looked.axis])]
    assert abs(affine[world, looked.axis]) == 1
    first = {"axial": min, "coronal": max, "sagittal": max}[plane]  # feet; front is anterior, +; right is +
    assert abs(centres[place] - first(centres)) == pytest.approx(1)


def test_without_a_plane_it_is_that_of_the_scans_thick_slices() -> None:
    array = np.ones((9, 8, 4), np.uint8)
    affine = np.array([[1.0, 0, 0, 0], [0, 0, -3.0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1]])
    labels = LabelMap(array, Geometry(array.shape, affine), anonymous((1,)), "a")
    looked = NamedSlices("", (1,)).of(labels)
    assert looked is not None
    assert looked.axis == 2
    assert NamedSlices("", None).of(labels) is None


def test_numbers_beyond_the_scan_and_slices_without_a_label_are_refused() -> None:
    array = np.zeros((9, 8, 4), np.uint8)
    array[:, :, 0] = 1
    labels = LabelMap(array, Geometry(array.shape, np.diag([1, 1, 3, 1])), anonymous((1,)), "a")
    with pytest.raises(InputError, match="it has 4 slices there, and 5 is named"):
        NamedSlices("", (5,)).of(labels)
    with pytest.raises(InputError, match="nothing is drawn on the slices that are named"):
        NamedSlices("", (4,)).of(labels)
    assert NamedSlices("", (1, 4)).of(labels) is not None
