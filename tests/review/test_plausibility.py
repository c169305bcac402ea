"""What is implausible of labels, and that what is usual is not called so."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import PRESETS, preset
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.phantom import pelvis
from napari_boundaryseg.review.plausibility import PLACES, USUAL, plausibility


def drawn(*balls: tuple[int, tuple[float, float, float], float], affine: np.ndarray | None = None) -> LabelMap:
    """Balls of a radius about a point in mm (right, front, head), on a grid of 3 mm."""
    matrix = np.diag([3.0, 3.0, 3.0, 1.0]) if affine is None else affine
    at = np.stack(np.indices((60, 60, 60), float), axis=-1) @ matrix[:3, :3].T + matrix[:3, 3]
    array = np.zeros((60, 60, 60), np.uint8)
    for organ, middle, radius in balls:
        array[np.linalg.norm(at - middle, axis=-1) <= radius] = organ
    return LabelMap(array, Geometry((60, 60, 60), matrix), preset("pelvis-mr"))


PELVIS = ((1, (90.0, 110.0, 130.0), 30.0), (2, (90.0, 100.0, 80.0), 20.0), (3, (90.0, 50.0, 90.0), 20.0))


def test_a_usual_pelvis_has_nothing_implausible() -> None:
    assert plausibility(drawn(*PELVIS)) == {"Bladder": (), "Prostate": (), "Rectum": ()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_synthetic_pelves_have_nothing_implausible(seed: int) -> None:
    _, labels = pelvis(seed, (96, 96, 28), (2.4, 2.4, 4.0))
    assert all(said in ((), None) for said in plausibility(labels).values())


def test_too_little_too_much_and_pieces_are_said() -> None:
    spot = (3, (90.0, 50.0, 90.0), 4.0)
    huge = (1, (90.0, 100.0, 100.0), 75.0)
    twice = (2, (60.0, 100.0, 80.0), 15.0), (2, (120.0, 100.0, 80.0), 15.0)
    speck = (2, (90.0, 100.0, 80.0), 18.0), (2, (130.0, 100.0, 80.0), 4.0)
    assert plausibility(drawn(spot))["Rectum"] == ("0.30 mL is implausibly little: 10 to 300 mL are usual",)
    assert plausibility(drawn(huge))["Bladder"][0].startswith("1767 mL is implausibly much")
    assert plausibility(drawn(*twice))["Prostate"] == ("it is in 2 pieces",)
    assert plausibility(drawn(*speck))["Prostate"] == ()


def test_an_organ_that_the_scan_cuts_off_may_be_small() -> None:
    assert plausibility(drawn((3, (90.0, 0.0, 90.0), 6.0)))["Rectum"] == ()


@pytest.mark.parametrize("flips", list(itertools.product((1, -1), repeat=3)))
def test_organs_in_the_wrong_place_are_said_however_the_scan_is_stored(flips: tuple[int, int, int]) -> None:
    """A model that takes the front for the back."""
    affine = np.diag([*(3.0 * np.array(flips)), 1.0])
    affine[:3, 3] = [0 if flip > 0 else 177 for flip in flips]
    bladder, prostate, rectum = PELVIS
    behind = (3, (90.0, 150.0, 90.0), 20.0)
    assert plausibility(drawn(*PELVIS, affine=affine)) == {"Bladder": (), "Prostate": (), "Rectum": ()}
    found = plausibility(drawn(bladder, prostate, behind, affine=affine))
    assert found["Prostate"] == ("it is not in front of Rectum",)
    assert found["Rectum"] == ("Bladder is not in front of it", "Prostate is not in front of it")
    below = (1, (90.0, 110.0, 30.0), 22.0)
    assert plausibility(drawn(below, prostate, rectum, affine=affine))["Bladder"] == ("it is not above Prostate",)


def test_of_an_organ_of_which_nothing_is_known_nothing_is_claimed() -> None:
    array = np.zeros((20, 20, 20), np.uint8)
    array[5:9, 5:9, 5:9] = 1
    labels = LabelMap(array, Geometry(array.shape, np.eye(4)), preset("sarcoma"))
    assert plausibility(labels) == {"GTV": None}
    assert plausibility(LabelMap(np.zeros_like(array), labels.geometry, preset("sarcoma"))) == {}


def test_names_are_those_of_the_shipped_schemes() -> None:
    names = {organ.name for scheme in PRESETS.values() for organ in scheme.organs}
    assert set(USUAL) <= names
    assert {name for _, one, other, _ in PLACES for name in (one, other)} <= set(USUAL)
    assert all(0 < usual.low_ml < usual.high_ml and usual.source for usual in USUAL.values())


def test_expert_labels_of_the_hippocampus_are_plausible(shared_data: Path) -> None:
    for path in sorted((shared_data / "hippocampus" / "labels").glob("*.nii.gz"))[:40]:
        labels = formats.read_labels(path, scheme=preset("hippocampus"))
        assert set(plausibility(labels).values()) == {()}, path.name
