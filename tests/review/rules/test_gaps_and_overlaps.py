"""Gaps between organs that touch, and overlaps of label maps; the oracle for an interface is a loop over voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rule_shapes import SHAPE, WAYS, Stored, ellipsoid, said, slices_first, stored

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.review.rules.accepted import CaseMeasures
from napari_boundaryseg.review.rules.check import measures
from napari_boundaryseg.review.rules.drawn import drawn
from napari_boundaryseg.review.rules.families.contacts import interface

HIPPOCAMPUS = preset("hippocampus")
WHOLE = ellipsoid((45, 35, 32), (25, 25, 15))


def halves(gap_rows: int, until: int = SHAPE[2]) -> np.ndarray:
    """Two organs that touch between rows 34 and 35, and a gap of so many rows over columns up to one."""
    array = WHOLE * np.where(np.arange(SHAPE[1]) < 35, 1, 2)[:, None]
    array[:, 35 : 35 + gap_rows, :until] = 0
    return np.asarray(array)


def slowly(array: np.ndarray, spacing: tuple[float, ...]) -> tuple[float, float]:
    """Contact and gaps of one and two voxels, voxel by voxel."""
    contact = gap = 0.0
    for at in np.ndindex(array.shape):
        for axis in range(3):
            side = np.prod(spacing) / spacing[axis]
            line = [
                array[(*at[:axis], at[axis] + n, *at[axis + 1 :])] for n in range(4) if at[axis] + n < array.shape[axis]
            ]
            contact += side * (line[:2] in ([1, 2], [2, 1]))
            gap += side * (line[:3] in ([1, 0, 2], [2, 0, 1]) or line in ([1, 0, 0, 2], [2, 0, 0, 1]))
    return contact, gap


@pytest.mark.parametrize("seed", [1, 2])
def test_an_interface_is_what_a_loop_finds(seed: int) -> None:
    array = np.random.default_rng(seed).choice([0, 1, 2], (8, 9, 7), p=(0.5, 0.25, 0.25))
    labels = stored(array, ((0, 1, 2), (1, 1, 1), 0.0), scheme=HIPPOCAMPUS)
    view = drawn(labels)
    contact, gap, between, corner = interface(view, *view.organs)
    assert (contact, gap) == pytest.approx(slowly(array, labels.spacing_mm))
    assert between.shape == array.shape and corner.tolist() == [0, 0, 0]
    assert (array[between] == 0).all()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rows", [1, 2])
def test_a_gap_of_one_or_two_voxels_is_found(way: Stored, rows: int) -> None:
    (found,) = said(stored(halves(rows), way, scheme=HIPPOCAMPUS), "gaps")
    assert found.organs == ("Hippocampus_A", "Hippocampus_P")
    assert found.value > 0.9
    s, r, c = slices_first(found.voxel, way)
    assert halves(rows)[s, r, c] == 0 and r in range(35, 35 + rows)


def test_what_touches_has_no_gap_and_a_small_one_is_none() -> None:
    assert said(stored(halves(0), scheme=HIPPOCAMPUS), "gaps") == ()
    assert said(stored(halves(1, until=24), scheme=HIPPOCAMPUS), "gaps") == ()
    assert len(said(stored(halves(1, until=32), scheme=HIPPOCAMPUS), "gaps")) == 1


def test_what_lies_farther_apart_does_not_meet() -> None:
    assert said(stored(halves(3), scheme=HIPPOCAMPUS), "gaps") == ()
    apart = np.where(WHOLE, 1, 0)
    apart[:, :, 50:] = 2
    assert said(stored(apart, scheme=HIPPOCAMPUS), "gaps") == ()


def test_which_organs_touch_is_said_or_learned_from_accepted_cases() -> None:
    labels = stored(halves(1))
    assert said(labels, "gaps") == (), "bladder and prostate"
    assert len(said(labels, "gaps", touching=[("Bladder", "Prostate")])) == 1
    touched = measures(stored(halves(0)))
    assert touched.gap_shares == {"Bladder": {"Prostate": 0.0}}
    assert len(said(labels, "gaps", accepted=[touched] * 8)) == 1
    assert said(labels, "gaps", accepted=[touched] * 7) == ()
    assert said(labels, "gaps", accepted=[touched] * 8 + [measures(labels)]) == ()
    assert said(labels, "gaps", accepted=[replace(touched, gap_shares={})] * 9) == ()
    assert measures(stored(np.zeros(SHAPE, int))) == CaseMeasures()


def test_maps_that_overlap_are_told_with_the_volume() -> None:
    bladder, other = np.zeros(SHAPE, int), np.zeros(SHAPE, int)
    bladder[10:20, 20:40, 20:40] = 1
    other[10:20, 38:50, 20:40] = 2
    first, second = stored(bladder), stored(other)
    (found,) = said(first, "overlaps", beside=[second])
    assert found.organs == ("Bladder", "Prostate")
    assert found.value == pytest.approx(10 * 2 * 20 * 0.003)
    assert found.sentence.startswith("Bladder and Prostate overlap by 1.20 mL, at slice 1")
    assert bladder[slices_first(found.voxel, WAYS[0])] == 1 and other[slices_first(found.voxel, WAYS[0])] == 2
    assert said(first, "overlaps") == ()
    other[:, :40] = 0
    assert said(first, "overlaps", beside=[stored(other)]) == ()


def test_maps_beside_overlap_each_other_too() -> None:
    empty, bladder, rectum = (np.zeros(SHAPE, int) for _ in range(3))
    bladder[10:20, 20:40, 20:40] = 1
    rectum[10:20, 30:60, 20:40] = 3
    found = said(stored(empty), "overlaps", beside=[stored(bladder), stored(rectum)])
    assert [one.organs for one in found] == [("Bladder", "Rectum")]


def test_an_organ_within_another_and_the_same_organ_twice_are_no_overlap() -> None:
    prostate, tumour, again = np.zeros(SHAPE, int), np.zeros(SHAPE, int), np.zeros(SHAPE, int)
    prostate[10:20, 20:40, 20:40] = 2
    tumour[12:16, 25:30, 25:30] = 1
    again[10:20, 20:36, 20:40] = 2
    labels = stored(prostate)
    assert said(labels, "overlaps", beside=[stored(tumour, scheme=preset("sarcoma"))]) == ()
    assert said(labels, "overlaps", beside=[stored(again)]) == ()
    tumour[12:16, 40:42, 25:30] = 1
    assert len(said(labels, "overlaps", beside=[stored(tumour, scheme=preset("sarcoma"))])) == 1


def test_a_part_of_an_organ_is_told_by_its_own_size_whatever_else_its_map_holds() -> None:
    """A bladder of one voxel layer within another map's prostate; its own map has a large rectum, too."""
    first, second = np.zeros(SHAPE, int), np.zeros(SHAPE, int)
    first[12:16, 25:30, 25:30], first[5:25, 45:65, 20:45] = 1, 3
    second[10:20, 20:40, 20:40] = 2
    assert said(stored(first), "overlaps", beside=[stored(second)]) == ()
    first[16:24, 25:30, 25:30] = 1
    assert [one.organs for one in said(stored(first), "overlaps", beside=[stored(second)])] == [("Bladder", "Prostate")]
