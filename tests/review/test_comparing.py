"""Comparison of labels with others: the metrics' own values, refusals, and plain values for a certificate."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import pytest

from napari_boundaryseg.data.labels import Composite, LabelScheme, Organ, Region, preset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.comparing import SHOWN, compare

BLUE = "#0072B2"
GRID = Geometry((20, 20, 20), np.diag([1.0, 1.0, 2.0, 1.0]))


def cube(shift: int = 0, organ: int = 1) -> np.ndarray:
    """A cube of 8 voxels a side, some voxels farther on along the first axis."""
    array = np.zeros(GRID.shape, np.uint8)
    array[4 + shift : 12 + shift, 4:12, 4:12] = organ
    return array


def pelvis(array: np.ndarray) -> LabelMap:
    return LabelMap(array, GRID, preset("pelvis-mr"))


def test_a_shift_of_two_voxels_has_the_numbers_that_one_counts() -> None:
    found = compare(pelvis(cube(2)), pelvis(cube()))
    row = found.whole["Bladder"]
    assert row["dsc"] == pytest.approx(6 / 8)
    assert row["hd95_mm"] == 2.0
    assert row["volume_ml"] == row["reference_ml"] == pytest.approx(8**3 * 2 / 1000)
    assert row["surface_dice_1mm"] < 1 == row["surface_dice_2mm"] == row["surface_dice_3mm"]
    assert list(found.thirds["Bladder"]) == ["inferior third", "middle third", "superior third"]
    assert found.members("Bladder") == (1,)


def test_labels_that_nobody_named_count_by_the_organs_of_the_others() -> None:
    found = compare(pelvis(cube(1)), LabelMap(cube(), GRID))
    assert found.organs == ("Bladder",)
    assert found.whole["Bladder"]["dsc"] == evaluate(pelvis(cube(1)), pelvis(cube()))["Bladder"]["dsc"]


def test_integers_or_names_that_contradict_are_refused() -> None:
    with pytest.raises(InputError, match="9"):
        compare(pelvis(cube()), LabelMap(cube(organ=9), GRID))
    with pytest.raises(InputError, match="is Bladder"):
        compare(pelvis(cube()), LabelMap(cube(), GRID, preset("prostate")))


def test_another_grid_is_refused() -> None:
    other = Geometry(GRID.shape, np.diag([1.0, 1.0, 3.0, 1.0]))
    with pytest.raises(InputError, match="grid"):
        compare(pelvis(cube()), LabelMap(cube(), other, preset("pelvis-mr")))


def test_plain_values_hold_no_number_that_is_none_and_name_the_reference_by_its_voxels() -> None:
    both = cube() + cube(organ=2)[:, :, ::-1] * (cube() == 0)
    said = compare(pelvis(cube()), pelvis(both)).plain()
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert said["voxels_sha256"] == sha256(np.ascontiguousarray(both, "<u2").tobytes()).hexdigest()
    prostate = said["organs"]["Prostate"]
    assert prostate["missing"] and prostate["hd95_mm"] is None and prostate["reference_ml"] > 0
    assert {*SHOWN, "missing"} == set(prostate)


def test_a_region_has_the_border_of_its_members_and_a_mean_has_none() -> None:
    two = cube() + cube(organ=2)[:, :, ::-1] * (cube() == 0)
    organs = (Organ(id=1, name="A", colour=BLUE), Organ(id=2, name="B", colour=BLUE))
    both, mean = Region(name="Both", members=(1, 2), colour=BLUE), Composite(name="Mean", members=("A", "B"))
    scheme = LabelScheme(name="two", organs=organs, regions=(both,), composites=(mean,))
    found = compare(LabelMap(two, GRID, scheme), LabelMap(two, GRID, scheme))
    assert found.organs == ("A", "B", "Both", "Mean")
    assert [found.members(name) for name in found.organs] == [(1,), (2,), (1, 2), ()]
    assert found.plain()["organs"]["Mean"]["volume_ml"] is None
