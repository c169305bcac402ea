"""Comparison of labels with others: the metrics' own values, refusals, and plain values for a certificate."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import pytest
from scipy import ndimage

from napari_boundaryseg.data.labels import Composite, LabelScheme, Organ, Region, preset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.comparing import SHOWN, Comparison, compare, compare_again, unchanged

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


def many(seed: int) -> tuple[np.ndarray, LabelScheme]:
    """Six organs that touch, a region of two of them, a mean of three."""
    rng = np.random.default_rng(seed)
    fields = np.stack([ndimage.gaussian_filter(rng.normal(size=GRID.shape), 3) for _ in range(7)])
    names = "ABCDEF"
    scheme = LabelScheme(
        name="many",
        organs=tuple(Organ(id=n, name=name, colour=BLUE, tolerance_mm=n) for n, name in enumerate(names, start=1)),
        regions=(Region(name="AB", members=(1, 2), colour=BLUE, tolerance_mm=1.5),),
        composites=(Composite(name="Mean", members=("B", "C", "AB")),),
    )
    return fields.argmax(axis=0).astype(np.uint8), scheme


def same(one: Comparison, other: Comparison) -> None:
    np.testing.assert_equal(dict(one.whole), dict(other.whole))  # what is no number equals itself
    np.testing.assert_equal(dict(one.thirds), dict(other.thirds))
    assert list(one.whole) == list(other.whole) and list(one.thirds) == list(other.thirds)
    assert one.plain() == other.plain()


@pytest.mark.parametrize("seed", range(3))
def test_after_each_change_what_is_compared_again_is_the_full_comparison(seed: int) -> None:
    drawn, scheme = many(seed)
    rng = np.random.default_rng(seed)
    reference = LabelMap(np.where(drawn == 6, 0, np.roll(drawn, 1, axis=0)).astype(np.uint8), GRID, scheme)
    found = compare(LabelMap(drawn, GRID, scheme), reference)
    for change in range(8):
        drawn = drawn.copy()
        corner = rng.integers(0, 14, 3)
        box = tuple(slice(n, n + 6) for n in corner)
        organ = rng.integers(0, 7)
        if change == 5:
            drawn[drawn == 4] = 0  # an organ goes
        elif change == 6:
            pass  # nothing changes
        else:
            drawn[box] = organ
        found = compare_again(found, LabelMap(drawn, GRID, scheme))
        same(found, compare(LabelMap(drawn, GRID, scheme), reference))


def test_only_what_changed_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_boundaryseg.data.metrics import label_maps, thirds

    drawn, scheme = many(0)
    labels = LabelMap(drawn, GRID, scheme)
    found = compare(labels, LabelMap(np.roll(drawn, 1, axis=1), GRID, scheme))
    measured = []
    for module in (label_maps, thirds):
        kept = module.row_of
        monkeypatch.setattr(module, "row_of", lambda pair, also, kept=kept: measured.append(1) or kept(pair, also))
    compare_again(found, labels)
    assert measured == []
    other = drawn.copy()
    at = tuple(np.argwhere(drawn == 3)[0])
    other[at] = 5
    compare_again(found, LabelMap(other, GRID, scheme))
    assert len(measured) == 2 * (1 + 3), "C and E, each whole and in thirds"
    assert unchanged(found, LabelMap(other, GRID, scheme)) == {"A", "B", "D", "F", "AB"}
    other[at] = 2
    assert unchanged(found, LabelMap(other, GRID, scheme)) == {"A", "D", "E", "F"}, "a region changes with its members"


def test_labels_of_another_grid_or_scheme_are_compared_as_a_whole_or_refused() -> None:
    found = compare(pelvis(cube(1)), pelvis(cube()))
    renamed = LabelScheme(name="other", organs=(Organ(id=1, name="Bladder", colour=BLUE, tolerance_mm=9.0),))
    judged = LabelMap(cube(1), GRID, renamed)
    assert unchanged(found, judged) == frozenset()
    assert compare_again(found, judged).whole["Bladder"]["dsc"] == found.whole["Bladder"]["dsc"]
    with pytest.raises(InputError, match="grid"):
        compare_again(found, LabelMap(cube(), Geometry(GRID.shape, np.diag([1.0, 1.0, 3.0, 1.0])), preset("pelvis-mr")))
