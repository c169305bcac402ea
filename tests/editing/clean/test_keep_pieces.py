"""The largest pieces stay: against scikit-image's labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from organ_pictures import applied
from skimage.measure import label, regionprops

from napari_boundaryseg.editing.tools.clean.keep_pieces import KeepPiecesSettings, keep_pieces
from napari_boundaryseg.editing.tools.scene import Scene


def row(text: str) -> Scene:
    """A row of voxels: '#' is the organ, 'o' another one."""
    return Scene(np.array([[[".#o".index(one) for one in text]]], np.uint8), 1, (2.0, 1.0, 1.0))


def kept(scene: Scene, pieces: int) -> str:
    labels = applied(scene, keep_pieces(scene, KeepPiecesSettings(pieces=pieces)))
    return "".join(".#o"[n] for n in labels.ravel())


@given(arrays(np.uint8, (4, 6, 7), elements=st.sampled_from([0, 0, 0, 1, 2]), fill=st.nothing()), st.integers(1, 4))
def test_they_are_the_largest_ones(labels: np.ndarray, pieces: int) -> None:
    scene = Scene(labels, 1, (3.0, 1.0, 1.0))
    found = regionprops(label(labels == 1, connectivity=3))
    sizes = sorted((one.area for one in found), reverse=True)
    wanted = np.zeros(labels.shape, bool)
    for one in found:
        if one.area >= (sizes[pieces - 1] if pieces <= len(sizes) else 0):
            wanted[tuple(one.coords.T)] = True
    after = applied(scene, keep_pieces(scene, KeepPiecesSettings(pieces=pieces)))
    assert ((after == 1) == wanted).all()
    assert ((after == 2) == (labels == 2)).all()


@pytest.mark.parametrize(("pieces", "wanted"), [(1, "###......."), (2, "###..##..."), (3, "###..##..#")])
def test_so_many_stay(pieces: int, wanted: str) -> None:
    assert kept(row("###..##..#"), pieces) == wanted


def test_of_equal_ones_chance_chooses_none() -> None:
    assert kept(row("##.##.#"), 1) == "##.##.."


def test_pieces_that_touch_at_a_corner_are_one() -> None:
    labels = np.zeros((2, 4, 4), np.uint8)
    labels[0, :2, :2] = labels[1, 2, 2] = 1
    assert keep_pieces(Scene(labels, 1, (5.0, 1.0, 1.0)), KeepPiecesSettings()) is None


def test_another_organ_between_them_does_not_join_them_and_stays() -> None:
    assert kept(row("###oo##"), 1) == "###oo.."


def test_one_piece_alone_needs_nothing() -> None:
    assert keep_pieces(row(".###."), KeepPiecesSettings()) is None
    assert keep_pieces(row(".#.#."), KeepPiecesSettings(pieces=5)) is None
