"""Which piece is the organ, against scores computed by hand: a prostate of 37 mL and a false piece of 45 mL."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry
from napari_boundaryseg.engine.inference.assembling.pieces import NEAR_MM, OUT_OF_PLACE, likeliest
from napari_boundaryseg.engine.inference.assembling.postprocess import cleaned
from napari_boundaryseg.engine.recipes.settings import Inference

BLADDER, PROSTATE, RECTUM = 1, 2, 3
SPACING = (5.0, 5.0, 4.0)
"""0.1 mL a voxel."""
TRUE, FALSE = 370, 450
"""Voxels of the prostate, 37 mL, and of the piece that is none, 45 mL."""
AT, ABOVE, BEHIND, FAR_BEHIND, ASIDE = (26, 32, 10), (26, 32, 20), (26, 20, 10), (26, 8, 10), (50, 32, 10)


class Scene:
    """Labels and probabilities with pieces of 8 x 8 x 8 voxels at most, their corners given, in patient axes."""

    def __init__(self, shape: tuple[int, int, int] = (60, 48, 32)) -> None:
        self.labels = np.zeros(shape, np.uint8)
        self.probabilities = np.zeros((4, *shape), np.float32)
        self.geometry = Geometry(shape, np.diag([*SPACING, 1.0]))

    def put(self, organ: int, corner: tuple[int, int, int], voxels: int, p: float) -> np.ndarray:
        block = tuple(slice(n, n + 8) for n in corner)
        mask = np.zeros(self.labels.shape, bool)
        mask[block] = (np.arange(512) < voxels).reshape(8, 8, 8)
        self.labels[mask] = organ
        self.probabilities[organ][mask] = p
        return mask

    def kept(self) -> np.ndarray:
        return self.cleaned()[0]

    def cleaned(self, **inference: object) -> tuple[np.ndarray, list[str], dict[str, dict[str, object]]]:
        wanted = Inference(**({"smallest_share": 1.0} | inference))
        return cleaned(self.labels, self.probabilities[1:].__getitem__, wanted, self.geometry, preset("pelvis-mr"))


@pytest.mark.parametrize(("p", "wins"), [(0.72, False), (0.74, True)])
def test_probability_decides_where_there_is_nothing_else(p: float, wins: bool) -> None:
    """37 x 0.72 = 26.6 < 45 x 0.6 = 27 < 37 x 0.74 = 27.4."""
    scene = Scene()
    true, false = scene.put(PROSTATE, AT, TRUE, p), scene.put(PROSTATE, ASIDE, FALSE, 0.6)
    np.testing.assert_array_equal(scene.kept() == PROSTATE, true if wins else false)


@pytest.mark.parametrize(("p", "wins"), [(0.27, False), (0.28, True)])
def test_a_piece_on_the_wrong_side_counts_a_quarter(p: float, wins: bool) -> None:
    """Both lie 20 mm from the rectum: 37 x 0.27 = 9.99 < 45 x 0.9 / 4 = 10.1 < 37 x 0.28 = 10.4."""
    assert OUT_OF_PLACE == 0.25
    scene = Scene()
    true, false = scene.put(PROSTATE, AT, TRUE, p), scene.put(PROSTATE, FAR_BEHIND, FALSE, 0.9)
    rectum = scene.put(RECTUM, BEHIND, 512, 0.9)
    np.testing.assert_array_equal(scene.kept() == PROSTATE, true if wins else false)
    np.testing.assert_array_equal(scene.kept() == RECTUM, rectum)


@pytest.mark.parametrize(("factor", "wins"), [(0.99, False), (1.01, True)])
def test_a_piece_far_from_its_neighbours_counts_less(factor: float, wins: bool) -> None:
    """The bladder ends 8 mm above both; the false piece begins 16 voxels of 5 mm to its right."""
    scene, far = Scene(), 16 * 5.0
    z = 2 * 4.0
    weight = math.exp((z - math.hypot(far, z)) / NEAR_MM)
    p = 0.9 * 45 * weight / 37 * factor
    true, false = scene.put(PROSTATE, AT, TRUE, p), scene.put(PROSTATE, ASIDE, FALSE, 0.9)
    scene.put(BLADDER, ABOVE, 512, 0.9)
    np.testing.assert_array_equal(scene.kept() == PROSTATE, true if wins else false)


def test_a_right_prostate_of_37_ml_is_kept_before_a_false_piece_of_45_ml() -> None:
    scene = Scene()
    true = scene.put(PROSTATE, AT, TRUE, 0.9)
    false = scene.put(PROSTATE, ASIDE, FALSE, 0.9)
    scene.put(BLADDER, ABOVE, 512, 0.95)
    scene.put(RECTUM, BEHIND, 500, 0.8)
    array, notes, left_out = scene.cleaned()
    np.testing.assert_array_equal(array == PROSTATE, true)
    assert np.count_nonzero(array) == 370 + 512 + 500
    assert "Prostate: a piece of 37.0 mL was kept, 45.0 mL in other pieces were left out" in " ".join(notes)
    assert left_out["Prostate"]["kept_ml"] == pytest.approx(37.0)
    assert left_out["Prostate"]["left_out_ml"] == pytest.approx(45.0)
    (i, j, k) = (slice(*ends) for ends in left_out["Prostate"]["box"])  # type: ignore[attr-defined]
    assert false[i, j, k].sum() == FALSE


def test_all_organs_are_chosen_together() -> None:
    """Two sets of bladder, prostate and rectum: the larger bladder belongs to the set that is likelier as a whole."""
    scene = Scene()
    good = [scene.put(BLADDER, ABOVE, 400, 0.9), scene.put(PROSTATE, AT, 370, 0.9), scene.put(RECTUM, BEHIND, 450, 0.9)]
    scene.put(BLADDER, (4, 32, 1), 430, 0.9)  # below every prostate, far from all
    scene.put(PROSTATE, (4, 8, 20), 400, 0.9)
    kept = scene.kept()
    for organ, mask in zip((BLADDER, PROSTATE, RECTUM), good, strict=True):
        np.testing.assert_array_equal(kept == organ, mask)


def test_without_places_the_largest_of_equal_probability_is_kept_and_little_is_left_out_in_silence() -> None:
    scene = Scene()
    scene.put(PROSTATE, AT, 180, 0.9)
    large = scene.put(PROSTATE, ASIDE, 370, 0.9)
    array, notes, left_out = scene.cleaned()
    np.testing.assert_array_equal(array == PROSTATE, large)
    assert notes == ["Only the likeliest piece of each organ was kept; 18.0 mL were left out"]
    assert left_out == {}, "18 of 55 mL are less than a third"
    scene.put(PROSTATE, AT, 190, 0.9)
    assert list(scene.cleaned()[2]) == ["Prostate"], "19 of 56 are more"


def test_a_recipe_that_keeps_large_pieces_keeps_both() -> None:
    scene = Scene()
    scene.put(PROSTATE, AT, TRUE, 0.9)
    scene.put(PROSTATE, ASIDE, FALSE, 0.6)
    array, notes, left_out = scene.cleaned(smallest_share=0.1)
    assert (np.count_nonzero(array), notes, left_out) == (TRUE + FALSE, [], {})


def test_specks_do_not_take_part() -> None:
    """Of an organ in many crumbs, those that are much less likely are no candidates, wherever they lie."""
    scene = Scene()
    scene.put(RECTUM, BEHIND, 500, 0.9)
    false = scene.put(PROSTATE, FAR_BEHIND, FALSE, 0.9)
    scene.put(PROSTATE, AT, 40, 0.9)
    np.testing.assert_array_equal(scene.kept() == PROSTATE, false)


def test_nothing_and_unknown_names_are_no_trouble() -> None:
    assert likeliest(np.zeros((4, 4, 4), np.uint8), lambda n: np.zeros((4, 4, 4)), {1: "GTV"}, SPACING) == {}
    labels = np.zeros((9, 4, 4), np.uint8)
    labels[0:2], labels[5:8] = 1, 1
    assert likeliest(labels, lambda n: np.ones((9, 4, 4)), {1: "GTV"}, SPACING)[1][0] == 5
