"""Contract of networks with an edge or contour head: on a case that they know by heart, their maps are its borders."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch

from napari_boundaryseg.engine.checkpoints.checkpoint import build_network
from napari_boundaryseg.engine.training.data.cases import prepare
from napari_boundaryseg.phantom.two_part import two_part_structure

WITH_MAPS = ("sgm", "sgm clear", "hmedn", "egcnn segresnet", "egcnn unet", "egcnn basic-unet", "bacnn")


@pytest.fixture
def overfit(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("benchmarks/overfit.py")


@pytest.mark.long
@pytest.mark.parametrize("name", WITH_MAPS)
def test_a_network_that_knows_a_case_by_heart_shows_its_borders(overfit: ModuleType, name: str) -> None:
    """A Dice of 0.72 with a filled tumour for its edges would have gone through without it."""
    wanted = overfit.of_system(name)
    rate, steps = overfit.PLANS.get(name, (overfit.RATE, overfit.STEPS))
    scan, labels = two_part_structure(1)
    torch.manual_seed(0)
    found = overfit.learn(build_network(wanted), wanted, prepare(scan, labels, wanted), steps, rate)
    assert found.good, found
    assert not np.isnan(found.maps).all(), "it has such a head"


def test_every_network_with_such_a_head_is_asked(overfit: ModuleType) -> None:
    heads = ("sgm", "hmedn", "egcnn", "bacnn")
    assert {name for name in overfit.SYSTEMS if name.split()[0] in heads} - {*WITH_MAPS} == {"egcnn vnet"}, (
        "V-Net takes a quarter of an hour, and its edge stream is that of the others"
    )


def test_systems_have_the_heads_that_they_are_listed_for(overfit: ModuleType) -> None:
    recipes = {name: overfit.of_system(name) for name in overfit.SYSTEMS}
    assert [organ.name for organ in recipes["sgm clear"].clear] == ["Hippocampus_A"]
    assert [organ.name for organ in recipes["sgm clear"].blurry] == ["Hippocampus_P"]
    assert recipes["sgm"].clear == ()


CUBE = 4**3 / 8**3
"""Of a cube of 8 voxels, what lies two voxels or more inside its border."""


@pytest.mark.parametrize(
    ("said", "figures"),
    [("border", (0.0, 1.0, 1.0)), ("filled", (CUBE, (8**3 - 6**3) / 8**3, 1.0)), ("nothing", (0.0, 0.0, 0.0))],
)
def test_a_filled_organ_is_no_edge(overfit: ModuleType, said: str, figures: tuple[float, float, float]) -> None:
    filled = np.zeros((1, 1, 12, 12, 12), bool)
    filled[0, 0, 2:10, 2:10, 2:10] = True
    border = filled.copy()
    border[0, 0, 3:9, 3:9, 3:9] = False
    shown = {"border": border, "filled": filled, "nothing": np.zeros_like(filled)}[said]
    found = overfit.of_edges(shown.astype(float), border)
    assert tuple(found.values()) == pytest.approx(figures)
    assert overfit.Maps(**found, correlation=np.nan).good == (said == "border")
