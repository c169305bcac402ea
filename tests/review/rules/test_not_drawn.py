"""An organ without a voxel: told where it belongs to what is drawn, by nature or by every accepted case."""

from __future__ import annotations

import numpy as np
import pytest
from rule_shapes import SHAPE, ellipsoid, said, stored

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.review.rules.accepted import CaseMeasures
from napari_boundaryseg.review.rules.check import check

HIPPOCAMPUS, PELVIS = preset("hippocampus"), preset("pelvis-mr")
TAIL = ellipsoid((45, 35, 32), (15, 7, 7))
A, P = (HIPPOCAMPUS.organ(name).id for name in ("Hippocampus_A", "Hippocampus_P"))


def told(array: np.ndarray, scheme: object = HIPPOCAMPUS, accepted: tuple[CaseMeasures, ...] = ()) -> list[str]:
    return [one.sentence for one in said(stored(array, scheme=scheme), "not-drawn", accepted=accepted)]


@pytest.mark.parametrize(("drawn", "missing"), [(P, "Hippocampus_A"), (A, "Hippocampus_P")])
def test_of_two_organs_that_touch_by_nature_both_are_drawn(drawn: int, missing: str) -> None:
    labels = stored(np.where(TAIL, drawn, 0), scheme=HIPPOCAMPUS)
    (found,) = check(labels, only=["not-drawn"])
    other = HIPPOCAMPUS.organ(drawn).name
    assert found.sentence == f"{missing} is not drawn at all; {other}, which it touches by nature, is."
    assert labels.array[found.voxel] == drawn, "a place from which one goes on"
    assert "not-drawn" in {one.rule for one in check(labels)}, "also where every rule is asked"


def test_nothing_is_said_where_both_are_drawn_or_nothing_is() -> None:
    array = np.where(TAIL, P, 0)
    array[:, :, :32][TAIL[:, :, :32]] = A
    assert told(array) == []
    assert told(np.zeros(SHAPE, int)) == []


def test_nothing_is_said_where_the_scan_cuts_off_all_that_is_drawn() -> None:
    array = np.where(ellipsoid((0, 35, 32), (15, 7, 7)), P, 0)
    assert told(array) == []


def test_an_organ_that_every_one_of_eight_accepted_cases_has_is_missed() -> None:
    bladder, rectum = (PELVIS.organ(name).id for name in ("Bladder", "Rectum"))
    array = np.where(TAIL, bladder, 0)
    both = CaseMeasures(middles_mm={"Bladder": (0, 0, 0), "Rectum": (0, -50, 0)})
    lone = CaseMeasures(middles_mm={"Bladder": (0, 0, 0)})
    sentence = "Rectum is not drawn at all; in every accepted case it is."
    assert told(array, PELVIS, (both,) * 8) == [sentence]
    assert told(array, PELVIS, (both,) * 7) == [], "too few"
    assert told(array, PELVIS, (both,) * 20 + (lone,)) == [], "it may be missing"
    assert told(np.where(TAIL, rectum, array), PELVIS, (both,) * 8) == [
        "Bladder is not drawn at all; in every accepted case it is."
    ]


def test_parts_of_a_tumour_may_be_missing() -> None:
    scheme = preset("brats-2023")
    names = [organ.name for organ in scheme.organs]
    every = CaseMeasures(middles_mm=dict.fromkeys(names, (0.0, 0.0, 0.0)))
    assert told(np.where(TAIL, scheme.organs[0].id, 0), scheme, (every,) * 12) == []
