"""Outlines of labels: they enclose what is labelled and nothing else, and are as smooth as what was drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.measure import points_in_poly

from napari_boundaryseg.data.shapes.border_lines import Part
from napari_boundaryseg.data.shapes.outlines import KeptOutlines, Margin, outlines


def filled(lines: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """The voxels whose centres lie within an odd number of lines."""
    centres = np.argwhere(np.ones(shape, bool))
    odd = np.zeros(len(centres), int)
    for line in lines:
        odd += points_in_poly(centres, line)
    return (odd % 2 == 1).reshape(shape)


def blobs(seed: int, shape: tuple[int, int], smooth: float) -> np.ndarray:
    """Three organs of any form: with holes, in pieces, at the border, and voxels that touch at a corner."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(3, *shape)), (0, smooth, smooth))
    return np.where(noise.max(axis=0) > 0, 1 + noise.argmax(axis=0), 0)


def of(margin: np.ndarray) -> Margin:
    """The margin of the only organ."""
    return lambda organ, part: margin[part]


@pytest.mark.parametrize("smooth", [0.0, 0.7, 3.0])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (3.0, 0.5)])
@pytest.mark.parametrize("seed", range(4))
def test_filling_the_lines_gives_the_labels_back(seed: int, spacing: tuple[float, float], smooth: float) -> None:
    labels = blobs(seed, (31, 40), smooth)
    found = outlines(labels, (1, 2, 3, 4), spacing)
    for organ in (1, 2, 3):
        assert all((line[0] == line[-1]).all() for line in found[organ])
        np.testing.assert_array_equal(filled(found[organ], labels.shape), labels == organ)
    assert found[4] == []


@pytest.mark.parametrize("radius", [4.0, 9.3, 20.0])
def test_a_disc_is_a_circle_and_no_staircase(radius: float) -> None:
    row, column = np.indices((51, 51)) - 25.3
    ((line,),) = (outlines((np.hypot(row, column) <= radius).astype(np.uint8), [1]).values(),)
    (line,) = line
    off = np.hypot(*(line - 25.3).T) - radius
    assert np.abs(off).mean() < 0.15
    assert np.abs(off).max() < 0.5
    steps = np.diff(line, axis=0)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(*steps.T))))
    assert np.degrees(turns[np.hypot(*steps[1:].T) > 0.2]).max() < 60, "a staircase turns by 90 degrees"


def test_between_thick_slices_the_line_slants_as_the_organ_does() -> None:
    """A cone in a sagittal plane of 4 mm slices: one line from slice to slice, and no step of a whole slice."""
    labels = np.zeros((10, 60), np.uint8)
    for n in range(1, 9):
        labels[n, 5 : 10 + 4 * n] = 1
    (line,) = outlines(labels, [1], (4.0, 1.0))[1]
    inner = line[(line[:, 0] > 2) & (line[:, 0] < 7) & (line[:, 1] > 12)]
    off = inner[:, 1] - (9.5 + 4 * inner[:, 0])
    assert np.abs(off).max() < 1.3


def test_a_models_margin_gives_the_place_between_two_centres() -> None:
    column = np.indices((12, 20))[1]
    border = 9.8
    margin = np.clip((border - column) / 4, -1, 1)
    labels = (margin > 0).astype(np.uint8)
    (line,) = outlines(labels, [1], margin=of(margin))[1]
    inner = line[(line[:, 1] > 5) & (line[:, 0] > 1) & (line[:, 0] < 10)]
    np.testing.assert_allclose(inner[:, 1], border, atol=1e-6)


def test_where_a_person_changed_the_labels_the_line_follows_the_labels() -> None:
    """The lower half is erased: there the model's margin says nothing any more."""
    row, column = np.indices((40, 40))
    margin = np.clip((12.25 - np.hypot(row - 20, column - 20)) / 6, -1, 1)
    labels = (margin > 0).astype(np.uint8)
    labels[20:] = 0
    kept = margin.copy()
    kept[20:] = np.nan
    stale = outlines(labels, [1], margin=of(margin))[1]
    for lines in (outlines(labels, [1], margin=of(kept))[1], stale):
        np.testing.assert_array_equal(filled(lines, labels.shape), labels == 1)
        (line,) = lines
        cut = line[(line[:, 0] > 18.6) & (np.abs(line[:, 1] - 20) < 9)]
        assert len(cut) and np.abs(cut[:, 0] - 19.5).max() <= 0.5
        arc = line[line[:, 0] < 15]
        assert np.abs(np.hypot(*(arc - 20).T) - 12.25).max() < 0.1


def test_a_margin_that_contradicts_a_label_is_not_believed() -> None:
    labels = blobs(7, (30, 30), 2.0)
    wrong = np.random.default_rng(1).uniform(-1, 1, labels.shape)
    np.testing.assert_array_equal(filled(outlines(labels, [1], margin=of(wrong))[1], labels.shape), labels == 1)


@pytest.mark.parametrize("sure", [0.2, 1.0, 14.0])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (3.0, 0.5)])
def test_half_an_organ_erased_takes_its_line_along_however_sure_the_model_was(
    spacing: tuple[float, float], sure: float
) -> None:
    row, column = np.indices((40, 40))
    margin = sure * np.clip((12.25 - np.hypot(row - 20, column - 20)) / 6, -1, 1)
    labels = (margin > 0).astype(np.uint8)
    made = labels.copy()
    labels[20:] = 0
    margin[labels != made] = np.nan
    lines = outlines(labels, [1], spacing, of(margin))[1]
    np.testing.assert_array_equal(filled(lines, labels.shape), labels == 1)
    (line,) = lines
    cut = line[(line[:, 0] > 18.6) & (np.abs(line[:, 1] - 20) < 9)]
    np.testing.assert_allclose(cut[:, 0], 19.5, atol=0.25)


def test_an_organ_whose_surroundings_stay_keeps_its_lines() -> None:
    labels = np.zeros((40, 60), np.uint8)
    labels[5:15, 5:15], labels[5:15, 40:50] = 1, 2
    asked: list[int] = []

    def margin(organ: int, part: Part) -> None:
        asked.append(organ)

    kept = KeptOutlines()
    first = kept.of(labels, (1, 2, 3), (1, 1), margin, "a")
    labels[7, 50] = 2
    second = kept.of(labels, (1, 2, 3), (1, 1), margin, "a")
    assert asked == [1, 2, 2]
    assert second[1] is first[1]
    assert second[2][0][:, 1].max() > first[2][0][:, 1].max() and second[3] == []
    labels[16, 10] = 3  # no voxel of organ 1, but where its line may depend on it
    kept.of(labels, (1, 2, 3), (1, 1), margin, "a")
    assert asked == [1, 2, 2, 1, 3]
    kept.of(labels, (1, 2), (1, 1), margin, "b")
    assert asked[5:] == [1, 2]
    for organ, lines in kept.of(labels, (1, 2), (1, 1), None, "b").items():
        for line, again in zip(lines, outlines(labels, [organ])[organ], strict=True):
            np.testing.assert_array_equal(line, again)
