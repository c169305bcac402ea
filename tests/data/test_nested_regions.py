"""Nested regions: integers to masks and back, for the old and the new numbers of BraTS."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.nested_regions import from_regions
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError

GRID = Geometry((6, 5, 4), np.eye(4))


def tumour(scheme: str) -> LabelMap:
    ids = np.array([0, *preset(scheme).ids])
    return LabelMap(np.random.default_rng(0).choice(ids, GRID.shape), GRID, preset(scheme))


@pytest.mark.parametrize("scheme, enhancing", [("brats-2022", 4), ("brats-2023", 3)])
def test_regions_of_brats(scheme: str, enhancing: int) -> None:
    labels = tumour(scheme)
    assert np.array_equal(labels.mask("WT"), labels.array > 0)
    assert np.array_equal(labels.mask("TC"), (labels.array == 1) | (labels.array == enhancing))
    assert np.array_equal(labels.mask("ET"), labels.array == enhancing)


@pytest.mark.parametrize("scheme", ["brats-2022", "brats-2023", "msd-brain-tumour"])
def test_there_and_back(scheme: str) -> None:
    labels = tumour(scheme)
    masks = {name: labels.mask(name) for name in ("ET", "WT", "TC")}
    back = from_regions(masks, labels.scheme, GRID, "case")
    assert np.array_equal(back.array, labels.array)
    assert (back.scheme, back.name) == (labels.scheme, "case")


def test_from_the_old_integers_to_the_new_ones() -> None:
    old = tumour("brats-2022")
    new = from_regions({name: old.mask(name) for name in ("WT", "TC", "ET")}, preset("brats-2023"), GRID)
    assert np.array_equal(new.array, np.where(old.array == 4, 3, old.array))


def test_kidneys_tumours_and_cysts() -> None:
    labels = tumour("kits")
    masks = {name: labels.mask(name) for name in ("Kidney_All", "Kidney_Tumour", "Kidney_Cyst")}
    assert np.array_equal(from_regions(masks, labels.scheme, GRID).array, labels.array)


def test_an_inner_region_counts_even_outside_the_outer_one() -> None:
    masks = {name: np.zeros(GRID.shape, bool) for name in ("WT", "TC", "ET")}
    masks["ET"][0, 0, 0] = True
    assert from_regions(masks, preset("brats-2023"), GRID).array[0, 0, 0] == 3


def test_regions_that_leave_two_organs_open_are_refused() -> None:
    with pytest.raises(InputError, match="WT: the regions that are given do not say which organ"):
        from_regions({"WT": np.ones(GRID.shape, bool)}, preset("brats-2022"), GRID)
    with pytest.raises(InputError, match="no such organ"):
        from_regions({"tumour": np.ones(GRID.shape, bool)}, preset("brats-2022"), GRID)
