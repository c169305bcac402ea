"""Two organs: a gap between them, measured face by face, or one of both."""

from __future__ import annotations

import numpy as np
import pytest
from organ_pictures import SPACING, applied, blobs
from pydantic import ValidationError

from napari_boundaryseg.editing.tools.clean.boolean import BooleanSettings, boolean
from napari_boundaryseg.editing.tools.scene import Scene
from napari_boundaryseg.errors import InputError

ADD = BooleanSettings(how="add")


def free_mm(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of each voxel of one, what is free to the nearest of the other, as boxes that touch or not."""
    apart = np.abs(np.argwhere(one)[:, None] - np.argwhere(other)[None]) - 1
    return np.sqrt(((np.maximum(apart, 0) * SPACING) ** 2).sum(-1)).min(1)


@pytest.mark.parametrize("gap_mm", [0.5, 0.8, 1.0, 2.0, 2.5, 4.1])
@pytest.mark.parametrize("seed", range(2))
def test_what_stays_is_what_a_gap_lies_free_before(gap_mm: float, seed: int) -> None:
    labels = blobs(seed)
    scene = Scene(labels, 1, SPACING, other=2)
    after = applied(scene, boolean(scene, BooleanSettings(gap_mm=gap_mm)))
    stays = free_mm(labels == 1, labels == 2) >= gap_mm - 1e-9
    assert (after[labels == 1] == stays).all()
    assert (after[labels != 1] == labels[labels != 1]).all()


def test_it_takes_all_of_the_other_over_and_spares_a_third() -> None:
    labels = blobs(0)
    scene = Scene(labels, 1, SPACING, other=2)
    after = applied(scene, boolean(scene, ADD))
    assert (after == np.where(labels == 2, 1, labels)).all()


def test_without_the_other_or_the_chosen_organ_there_is_nothing_to_do() -> None:
    labels = blobs(0)
    for settings in (ADD, BooleanSettings()):
        assert boolean(Scene(labels, 1, SPACING, other=7), settings) is None
    assert boolean(Scene(labels, 7, SPACING, other=1), BooleanSettings()) is None


def test_an_organ_that_is_not_drawn_yet_takes_another_over() -> None:
    labels = blobs(0)
    scene = Scene(labels, 7, SPACING, other=2)
    assert (applied(scene, boolean(scene, ADD)) == np.where(labels == 2, 7, labels)).all()


@pytest.mark.parametrize("settings", [ADD, BooleanSettings()])
@pytest.mark.parametrize(("other", "said"), [(0, "none is chosen"), (1, "the chosen organ itself")])
def test_a_second_organ_is_needed(settings: BooleanSettings, other: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        boolean(Scene(blobs(0), 1, SPACING, other=other), settings)


def test_there_is_no_intersection_of_labels() -> None:
    with pytest.raises(ValidationError):
        BooleanSettings(how="intersect")
