"""Organs on the wrong side, and where accepted cases do not have them."""

from __future__ import annotations

import numpy as np
import pytest
from rule_shapes import SHAPE, WAYS, Stored, ellipsoid, said, stored

from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.review.rules.accepted import CaseMeasures
from napari_boundaryseg.review.rules.families.places import misplaced

ZONES = LabelScheme(
    name="zones",
    organs=(Organ(id=1, name="PZ", colour="#56B4E9"), Organ(id=2, name="TZ", colour="#E69F00")),
)


def heads(left: int, right: int) -> np.ndarray:
    """Columns grow to the left of the patient."""
    array = np.zeros(SHAPE, int)
    array[ellipsoid((45, 35, 50), (15, 10, 8))] = left
    array[ellipsoid((45, 35, 14), (15, 10, 8))] = right
    return array


@pytest.mark.parametrize("way", WAYS)
def test_left_and_right_are_those_of_the_patient_however_labels_are_stored(way: Stored) -> None:
    assert said(stored(heads(4, 5), way), "wrong-side") == ()
    (found,) = said(stored(heads(5, 4), way), "wrong-side")
    assert found.organs == ("Femur_Head_R", "Femur_Head_L")
    assert found.sentence == "Femur_Head_R is not to the right of Femur_Head_L: has one been taken for the other?"
    assert found.value == pytest.approx(36)


def test_any_organ_with_a_side_in_its_name_is_known() -> None:
    middles = {"Kidney_R": (0.0, 0.0, 0.0), "Kidney_L": (5.0, 0.0, 0.0), "Liver": (9.0, 0.0, 0.0)}
    assert misplaced(middles) == [("Kidney_R", "Kidney_L", "to the right of")]
    middles["Kidney_L"] = (-5.0, 0.0, 0.0)
    assert misplaced(middles) == []


def zones(pz_row: float, tz_row: float) -> np.ndarray:
    array = np.zeros(SHAPE, int)
    array[ellipsoid((45, pz_row, 32), (15, 8, 10))] = 1
    array[ellipsoid((45, tz_row, 32), (15, 8, 10))] = 2
    return array


def accepted(n: int, *, behind_mm: float = 20.0, step_mm: float = 1.0) -> list[CaseMeasures]:
    """PZ behind TZ by so much and a little more from case to case, at the same height and side."""
    return [
        CaseMeasures(
            middles_mm={"PZ": (0.1 * (-1) ** i, -behind_mm - step_mm * i, 0.1 * (-1) ** i), "TZ": (0.0, 0.0, 0.0)}
        )
        for i in range(n)
    ]


def test_what_lies_the_other_way_round_than_in_all_accepted_cases_is_on_the_wrong_side() -> None:
    right, swapped = (stored(zones(*rows), scheme=ZONES) for rows in ((50, 26), (20, 44)))
    assert said(right, "wrong-side", accepted=accepted(9)) == ()
    (found,) = said(swapped, "wrong-side", accepted=accepted(9))
    assert found.sentence == ("PZ is not behind TZ, as in all of 9 accepted cases: has one been taken for the other?")
    assert said(swapped, "wrong-side", accepted=accepted(7)) == (), "too few"
    one_of_them = [*accepted(8), CaseMeasures(middles_mm={"PZ": (0.0, 5.0, 0.0), "TZ": (0.0, 0.0, 0.0)})]
    assert said(swapped, "wrong-side", accepted=one_of_them) == ()


@pytest.mark.parametrize("way", [way for way in WAYS if way[2] == 0])
def test_a_place_unlike_accepted_ones_is_said_in_mm_along_the_patients_axes(way: Stored) -> None:
    labels = stored(zones(50, 26), way, scheme=ZONES)
    assert said(labels, "place", accepted=accepted(9)) == ()
    (found,) = said(labels, "place", accepted=accepted(9, behind_mm=5, step_mm=0.1))
    assert found.sentence.startswith("PZ: its middle lies 24 mm behind TZ: accepted cases let 4 to 7 mm expect.")
    assert found.organs == ("PZ", "TZ") and found.unit == "mm"
    assert found.value == pytest.approx(24 - 6.8, abs=0.5)


def test_a_place_in_the_body_is_known_where_the_body_is() -> None:
    labels = stored(zones(50, 26), scheme=ZONES)
    cases = [CaseMeasures(middles_mm={"PZ": (0.0, i / 10, 0.0)}, body_mm=(0.0, 0.0, 0.0)) for i in range(9)]
    assert said(labels, "place", accepted=cases) == ()
    found = said(labels, "place", accepted=cases, body_mm=(-32.0, 10.0, 45.0))
    assert [one.sentence for one in found] == [
        "PZ: its middle lies 60 mm behind the middle of the body: accepted cases let -2 to 1 mm expect."
    ]


def test_by_less_than_a_tolerance_nothing_lies_on_the_wrong_side() -> None:
    """Accepted cases have it 20 mm and more to the one side, here it lies 24 mm to the other."""
    for tolerance, spoken in ((30.0, 0), (15.0, 1)):
        wide = LabelScheme(
            name="zones", organs=tuple(organ.model_copy(update={"tolerance_mm": tolerance}) for organ in ZONES.organs)
        )
        for behind, rows in ((20.0, (20, 44)), (-28.0, (50, 26))):
            cases = accepted(9, behind_mm=behind)
            assert len(said(stored(zones(*rows), scheme=wide), "wrong-side", accepted=cases)) == spoken
