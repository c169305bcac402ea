"""Observing of a scan: organs under their names, in the patient's axes, and plain values that name nobody."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import pytest

from napari_boundaryseg.data.labels import Composite, LabelScheme, Organ, Region, preset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review import observing as module
from napari_boundaryseg.review.observer_spread import observer_spread
from napari_boundaryseg.review.observing import labels_among, observe

BLUE = "#0072B2"
SCHEME = LabelScheme(
    name="two",
    organs=(Organ(id=1, name="A", colour=BLUE, tolerance_mm=1.0), Organ(id=2, name="B", colour=BLUE, tolerance_mm=1.5)),
    regions=(Region(name="AB", members=(1, 2), colour=BLUE, tolerance_mm=2.0),),
    composites=(Composite(name="Mean", members=("A", "B")),),
)
TILTED = np.array([[0, 0, -2.0, 5], [-1, 0, 0, 7], [0, 1.5, 0, -3], [0, 0, 0, 1]])
GRID = Geometry((24, 20, 18), TILTED)


def drawn(shift: int, without: int = 0) -> LabelMap:
    array = np.zeros(GRID.shape, np.uint8)
    array[4 + shift : 14 + shift, 5:15, 4:14] = 1
    array[4 + shift : 14 + shift, 5:15, 8:14] = 2
    return LabelMap(np.where(array == without, 0, array).astype(np.uint8), GRID, SCHEME, "JOHN DOE 1234")


def test_organs_and_regions_have_the_spread_of_their_masks_on_the_display_grid() -> None:
    maps = [drawn(n) for n in (0, 1, 3)]
    found = observe(maps, SCHEME)
    assert list(found.organs) == ["A", "B", "AB"] and found.left_out == {}, "a mean has no border"
    display = GRID.display
    for organ, members, mm in (("A", (1,), 1.0), ("B", (2,), 1.5), ("AB", (1, 2), 2.0)):
        masks = [np.isin(display.to_display(one.array), members) for one in maps]
        wanted = observer_spread(masks, display.scale_mm, mm, display.axis_to_display(2))
        assert wanted is not None
        assert found.organs[organ].apart_mm == wanted.apart_mm and found.organs[organ].places == wanted.places
        assert found.members(organ) == members
    assert found.organs["AB"].apart_mm.p95 == pytest.approx(3.0), "shifted by 3 voxels of 1 mm"


def test_metrics_are_those_of_evaluate_against_the_median_on_the_scans_own_grid() -> None:
    maps = [drawn(n) for n in (0, 1, 3)]
    found = observe(maps, SCHEME)
    for organ, spread in found.organs.items():
        median = np.zeros(GRID.display.display_shape, np.uint8)
        median[spread.box] = spread.middle.mask * found.members(organ)[0]
        reference = LabelMap(np.ascontiguousarray(GRID.display.from_display(median)), GRID, SCHEME)
        for one, row in zip(maps, spread.rows, strict=True):
            array = np.isin(one.array, found.members(organ)) * np.uint8(found.members(organ)[0])
            of_one = "A" if found.members(organ)[0] == 1 else "B"
            wanted = evaluate(LabelMap(array, GRID, SCHEME), reference, spread.tolerance_mm, ["surface_dice_2mm"])[
                of_one
            ]
            for name in module.TOLD:
                assert row[name] == pytest.approx(wanted[name]), (organ, name)


def test_an_organ_that_one_alone_drew_is_left_out_with_a_sentence() -> None:
    found = observe([drawn(0), drawn(1, without=2), drawn(3, without=2)], SCHEME)
    assert list(found.organs) == ["A", "AB"]
    assert found.left_out == {"B": "B was drawn by one observer alone."}


def test_those_far_apart_have_no_surface_in_the_middle_which_is_said() -> None:
    array = np.zeros(GRID.shape, np.uint8)
    array[1:3, 1:3, 1:3] = 1
    far = np.zeros(GRID.shape, np.uint8)
    far[20:23, 15:18, 14:16] = 1
    found = observe([LabelMap(one, GRID, SCHEME) for one in (array, far)], SCHEME)
    assert "A" not in found.organs and "so far apart" in found.left_out["A"]


def test_fewer_than_two_other_grids_and_other_names_are_refused() -> None:
    for maps, said in (([], "none"), ([drawn(0)], "there is one")):
        with pytest.raises(InputError, match=said):
            observe(maps, SCHEME)
    other = LabelMap(drawn(0).array, Geometry(GRID.shape, np.eye(4)), SCHEME, "elsewhere")
    with pytest.raises(InputError, match="elsewhere"):
        observe([drawn(0), other], SCHEME)
    with pytest.raises(InputError, match="Bladder"):
        observe([drawn(0), LabelMap(drawn(0).array, GRID, preset("pelvis-mr"))], SCHEME)
    strange = LabelMap(np.where(drawn(0).array > 0, 9, 0).astype(np.uint8), GRID)
    with pytest.raises(InputError, match="9"):
        observe([drawn(0), strange], SCHEME)


def test_labels_that_changed_have_the_values_of_a_full_look_and_only_what_changed_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = observe([drawn(0), drawn(1), drawn(3)], SCHEME)
    judged = drawn(1)
    known = labels_among(judged, found)
    asked: list[int] = []
    among = module.among
    monkeypatch.setattr(module, "among", lambda *args: asked.append(1) or among(*args))
    other = judged.array.copy()
    other[14:16, 5:15, 10:14] = 2
    changed = LabelMap(other, GRID, SCHEME)
    again = labels_among(changed, found, (judged, known))
    assert len(asked) == 2, "B and the region that holds it"
    np.testing.assert_equal(again, labels_among(changed, found))
    assert again["A"] == known["A"] and again["B"] != known["B"]
    asked.clear()
    np.testing.assert_equal(labels_among(changed, found, (changed, again)), again)
    assert asked == []


def test_plain_values_name_nobody_and_hold_no_number_that_is_none() -> None:
    maps = [drawn(0), drawn(1, without=2), drawn(3)]
    found = observe(maps, SCHEME)
    nothing = LabelMap(np.zeros(GRID.shape, np.uint8), GRID, SCHEME)
    said = found.plain(["a label file", "a label file", "accepted version 2"], labels_among(nothing, found))
    text = json.dumps(said, allow_nan=False)
    assert json.loads(text) == said and "DOE" not in text
    assert said["against"] == "the median surface of 3 observers"
    assert [one["labels"] for one in said["observers"]] == ["a label file", "a label file", "accepted version 2"]
    voxels = np.ascontiguousarray(maps[2].array, "<u2").tobytes()
    assert said["observers"][2]["voxels_sha256"] == sha256(voxels).hexdigest()
    b = said["organs"]["B"]
    assert b["drawn by"] == 2 and b["observers"][1]["missing"] and b["observers"][1]["hd95_mm"] is None
    assert b["apart_mm"]["95th percentile"] == pytest.approx(found.organs["B"].apart_mm.p95, abs=1e-3)
    assert b["labels"]["missing"] and b["labels"]["among"] is None
    assert found.plain(["x"] * 3, {})["organs"]["A"]["labels"] == "not compared"


def test_the_same_labels_twice_are_noticed() -> None:
    assert observe([drawn(0), drawn(2), drawn(0), drawn(2)], SCHEME).copies == ((0, 2), (1, 3))
    assert observe([drawn(0), drawn(2)], SCHEME).copies == ()
