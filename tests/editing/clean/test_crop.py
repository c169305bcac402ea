"""What lies near another organ stays: against the distance to each of its voxels."""

from __future__ import annotations

import numpy as np
import pytest
from organ_pictures import SPACING, applied, blobs
from scipy.spatial.distance import cdist

from napari_boundaryseg.editing.tools.clean.crop import CropSettings, crop
from napari_boundaryseg.editing.tools.scene import Scene
from napari_boundaryseg.errors import InputError


@pytest.mark.parametrize("within_mm", [1.0, 2.5, 4.0, 8.0])
@pytest.mark.parametrize("seed", range(2))
def test_what_lies_within_the_distance_stays(within_mm: float, seed: int) -> None:
    labels = blobs(seed)
    labels[:, 6:][labels[:, 6:] == 2] = 0
    scene = Scene(labels, 1, SPACING, other=2)
    after = applied(scene, crop(scene, CropSettings(within_mm=within_mm)))
    away = cdist(np.argwhere(labels == 1) * SPACING, np.argwhere(labels == 2) * SPACING).min(1)
    assert 0 < (after == 1).sum() < (labels == 1).sum()
    assert (after[labels == 1] == (away <= within_mm + 1e-9)).all()
    assert (after[labels != 1] == labels[labels != 1]).all()


def test_an_organ_that_lies_near_stays_as_it_is() -> None:
    assert crop(Scene(blobs(0), 1, SPACING, other=2), CropSettings(within_mm=100.0)) is None


def apart() -> Scene:
    labels = np.zeros((3, 4, 40), np.uint8)
    labels[..., :3], labels[..., 30:] = 1, 2
    return Scene(labels, 1, (1.0, 1.0, 1.0), other=2)


def test_it_does_not_remove_all_of_an_organ() -> None:
    with pytest.raises(InputError, match=r"more than 20 mm .* larger distance"):
        crop(apart(), CropSettings())
    assert crop(apart(), CropSettings(within_mm=28.0)) is not None
    with pytest.raises(InputError, match="not drawn"):
        crop(apart()._replace(other=5), CropSettings())


@pytest.mark.parametrize("other", [0, 1])
def test_a_second_organ_is_needed(other: int) -> None:
    with pytest.raises(InputError, match="second organ"):
        crop(apart()._replace(other=other), CropSettings())


def test_an_organ_that_is_not_drawn_needs_no_crop() -> None:
    assert crop(apart()._replace(organ=6), CropSettings()) is None
