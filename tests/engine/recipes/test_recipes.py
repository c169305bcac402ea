"""The recipes that ship: each can be built, shown, and trained in principle."""

import inspect

import pytest
import torch

from napari_boundaryseg import losses, models
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network
from napari_boundaryseg.engine.recipes.recipe import Recipe, read_recipe
from napari_boundaryseg.engine.recipes.shipped import RECIPES, recipe
from napari_boundaryseg.errors import InputError

PAPERS = {
    "sgm-pelvis-mr",
    "sgm-promise12",
    "hmedn-pelvis-ct",
    "hmedn-brats17",
    "bacnn-brats18-tc",
    "be-msd01",
    "be-msd09",
    *(f"egcnn-{backbone}-{data}" for backbone in ("unet", "vnet", "segresnet") for data in ("brats19", "kits19")),
}


def test_every_paper_has_its_recipes():
    assert set(RECIPES) >= PAPERS
    ours = {name.split("-")[0] for name in set(RECIPES) - PAPERS}
    assert ours >= {"hippocampus", "sarcoma", "pelvis", "prostate", "brain"}


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_its_network_and_losses(name):
    wanted = recipe(name)
    with torch.device("meta"):
        assert sum(p.numel() for p in build_network(wanted).parameters()) > 0
    losses.weighted(wanted.losses, wanted.loss_arguments)
    assert set(wanted.network_arguments) <= set(models.signature(wanted.network).parameters)
    assert wanted.task
    assert wanted.source
    assert wanted.modality in {"MR", "CT"}


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_its_own_json(name):
    assert Recipe.model_validate_json(recipe(name).model_dump_json()) == recipe(name)


@pytest.mark.parametrize("name", RECIPES)
def test_a_patch_is_a_slice_where_the_network_is_two_dimensional(name):
    wanted = recipe(name)
    if wanted.across is not None:
        assert wanted.patch_vox[wanted.across] == 1
    else:
        assert min(wanted.patch_vox) >= 16


def test_what_the_losses_need_is_there():
    """A loss on contours or edges is named only where the network has such a head."""
    for wanted in RECIPES.values():
        arguments = inspect.signature(models.build).parameters
        assert {"clear", "blurry"} <= set(arguments)
        small = wanted.with_settings({"network_arguments.width": 8} if wanted.network != "bacnn" else {})
        size = [max(16, n) if axis != wanted.across else 1 for axis, n in enumerate((16, 16, 16))]
        output = build_network(small).eval()(torch.zeros(1, wanted.in_channels, *size))
        if {"hard-contour", "soft-contour", "contour-regression"} & set(wanted.losses):
            assert output.hard is not None or output.soft is not None, wanted.name
        if {"edge-bce", "edge-dice"} & set(wanted.losses):
            assert output.edges is not None, wanted.name


def test_a_misspelt_name_is_refused():
    with pytest.raises(InputError, match="there is no such recipe"):
        recipe("sgm-pelvis")


@pytest.mark.parametrize(("plane", "thin"), [("axial", (1, 8, 8)), ("coronal", (8, 1, 8)), ("sagittal", (8, 8, 1))])
def test_an_older_recipe_with_thick_patches_of_a_two_dimensional_network_is_read(
    plane: str, thin: tuple[int, int, int]
) -> None:
    for patch in (thin, (8, 8, 8)):
        old = recipe("hippocampus-bacnn").with_settings({"plane": plane, "patch_vox": patch})
        assert read_recipe(old.model_dump_json()) == old


def test_settings_are_taken_over_and_not_written_to() -> None:
    shared = {"network_arguments": {"width": 8}}
    one = recipe("hippocampus-sgm").with_settings({**shared, "network_arguments.guided": False})
    assert one.network_arguments == {"width": 8, "guided": False}
    assert shared == {"network_arguments": {"width": 8}}, "the next recipe is not given what this one was"
