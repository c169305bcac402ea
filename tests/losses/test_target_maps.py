"""Target maps: what every one of them must do, and that the engine knows none by its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg import losses
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.settings import Targets
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.losses import target_maps
from napari_boundaryseg.losses.target_maps import GridLabels

CLASSES = np.zeros((6, 9, 12), np.uint8)
CLASSES[1:5, 2:6, 2:6] = 1
CLASSES[2:5, 3:8, 6:10] = 3


def truth(classes: np.ndarray = CLASSES, across: int | None = None) -> GridLabels:
    """Bladder and rectum of a pelvis; no prostate."""
    spacing, chosen = (3.0, 1.0, 1.5), Targets(sigma_mm=1.0, difficulty_sigma_mm=2.0)
    return GridLabels(classes, spacing, preset("pelvis-mr"), chosen, clear=(1, 3), blurry=(2,), across=across)


@pytest.mark.parametrize("across", [None, 0, 1])
@pytest.mark.parametrize("name", target_maps.names())
def test_every_map_lies_on_the_grid_and_is_finite_and_small(name, across):
    one = target_maps.named(name)
    made = one.make(truth(across=across))
    assert made.shape[1:] == CLASSES.shape
    assert made.dtype.itemsize <= 2, "all cases are kept in memory"
    assert np.isfinite(made).all()
    assert float(made.min()) >= one.least
    empty = one.make(truth(np.zeros_like(CLASSES), across))
    assert empty.shape == made.shape
    assert np.isfinite(empty).all()


@pytest.mark.parametrize("name", target_maps.names())
def test_every_map_mirrors_with_the_labels(name):
    make = target_maps.named(name).make
    np.testing.assert_array_equal(make(truth(CLASSES[:, ::-1, ::-1]))[:, :, ::-1, ::-1], make(truth()))


@pytest.mark.parametrize("name", losses.names())
def test_every_loss_needs_maps_that_there_are(name):
    assert set(losses.needed_maps([name])) <= set(target_maps.names())


def test_an_unknown_map_is_named_with_the_closest_one():
    with pytest.raises(InputError, match=r"there is no such target map\. Did you mean 'difficulty'"):
        target_maps.named("dificulty")


def test_no_module_but_a_losss_own_knows_it_by_its_name(package: Path):
    """Recipes say which losses they use; what carries the maps asks the registry."""
    others = [
        path
        for path in package.rglob("*.py")
        if not {"losses", "recipes"} & set(path.relative_to(package).parts) and path.is_file()
    ]
    named = [(path.name, name) for path in others for name in losses.names() if f'"{name}"' in path.read_text("utf-8")]
    assert named == []


def test_a_map_says_how_it_is_read():
    with pytest.raises(ValueError, match="interpolation is 'cubic', and none of nearest, bilinear"):
        target_maps.register("wrong", interpolation="cubic")
