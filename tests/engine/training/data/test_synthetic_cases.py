"""Training scans made on the fly: the same after an interruption, of both difficulties, of brains too."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data import synthetic_cases as synthetic
from napari_boundaryseg.engine.training.data.synthetic_cases import EVERY, RENDERS, SyntheticScans


@pytest.fixture
def pelvis_recipe(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    whole = synthetic.anatomy

    def small(seed: int, **arguments: object):
        return whole(seed, **{**arguments, "shape": (24, 24, 10), "spacing_mm": (8.0, 8.0, 9.0)})  # type: ignore[arg-type]

    monkeypatch.setattr(synthetic, "anatomy", small)
    return recipe("pelvis-mr-sgm").with_settings({"preprocessing.spacing_mm": (8.0, 8.0, 9.0)})


def test_what_a_step_sees_depends_on_seed_and_step_alone(pelvis_recipe: Recipe) -> None:
    there = SyntheticScans(pelvis_recipe, 1, pool=3)
    for step in range(9):
        cases = there.at(step)
    directly = SyntheticScans(pelvis_recipe, 1, pool=3).at(8)
    assert len(cases) == len(directly) == 3
    assert all(np.array_equal(a.image, b.image) for a, b in zip(cases, directly, strict=True))
    other = SyntheticScans(pelvis_recipe, 2, pool=3).at(8)
    assert not np.array_equal(cases[0].image, other[0].image)


def test_one_scan_is_replaced_every_few_steps(pelvis_recipe: Recipe) -> None:
    scans = SyntheticScans(pelvis_recipe, 0, pool=3)
    first, same, next_ = scans.at(0), scans.at(EVERY["pelvis"] - 1), scans.at(EVERY["pelvis"])
    assert [id(case) for case in first] == [id(case) for case in same]
    assert [id(case) for case in first[1:]] == [id(case) for case in next_[:2]]
    assert next_[2] is not first[2]


def test_one_anatomy_is_rendered_several_times(pelvis_recipe: Recipe) -> None:
    cases = SyntheticScans(pelvis_recipe, 0, pool=2 * RENDERS).at(0)
    assert all(np.array_equal(case.labels, cases[0].labels) for case in cases[:RENDERS])
    assert not np.array_equal(cases[0].image, cases[1].image)
    assert cases[RENDERS].labels.shape != cases[0].labels.shape or not np.array_equal(
        cases[RENDERS].labels, cases[0].labels
    )


@pytest.mark.parametrize(("share", "expected"), [(0.0, {"standard"}), (1.0, {"hard"}), (0.5, {"standard", "hard"})])
def test_the_recipe_says_how_many_are_hard(
    pelvis_recipe: Recipe, monkeypatch: pytest.MonkeyPatch, share: float, expected: set[str]
) -> None:
    seen = []
    render = synthetic.render
    monkeypatch.setattr(synthetic, "render", lambda *a, **b: seen.append(b["difficulty"]) or render(*a, **b))
    SyntheticScans(pelvis_recipe.model_copy(update={"synthetic_hard": share}), 3, pool=8 * RENDERS).at(0)
    assert set(seen) == expected
    if share == 0.5:
        assert 0.1 < seen.count("hard") / len(seen) < 0.9


@pytest.mark.parametrize("name", ["brain-tumour-egcnn", "brain-tumour-bacnn"])
def test_brains_come_in_four_channels_on_the_networks_grid(name: str) -> None:
    wanted = recipe(name).with_settings({"preprocessing.spacing_mm": (6.0, 6.0, 6.0)})
    cases = SyntheticScans(wanted, 0, pool=2).at(0)
    assert all(case.image.shape[0] == 4 for case in cases)
    assert all(case.spacing_mm == (6.0, 6.0, 6.0) for case in cases)
    assert all(set(np.unique(case.labels)) == {0, 1, 2, 3} for case in cases)
    assert not np.array_equal(cases[0].image[0, 8:12, 8:12, 8:12], cases[1].image[0, 8:12, 8:12, 8:12])
