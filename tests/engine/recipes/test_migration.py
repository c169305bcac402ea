"""Recipes of version 0.1 are read under today's names, and digests outlive renamings and further settings."""

from __future__ import annotations

import json

import pytest
from pydantic import Field, ValidationError

from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.recipes.migration import FIRST, FORMAT, RENAMED, SECOND
from napari_boundaryseg.engine.recipes.recipe import Recipe, read_recipe
from napari_boundaryseg.engine.recipes.settings import Optimiser
from napari_boundaryseg.engine.recipes.shipped import RECIPES, recipe


def of_version_1(wanted: Recipe) -> dict[str, object]:
    values = wanted.model_dump(mode="json")
    del values["format"]
    for (group, before), now in RENAMED.items():
        values[group][before] = values[group].pop(now)
    return values


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_of_version_1_is_read_as_what_it_was(name: str) -> None:
    wanted = recipe(name)
    assert read_recipe(json.dumps(of_version_1(wanted))) == wanted
    assert read_recipe(wanted.model_dump_json()) == wanted


def test_old_names_are_no_names_of_today() -> None:
    values = json.loads(recipe("hippocampus-sgm").model_dump_json())
    values["optimiser"]["average"] = 0.5
    with pytest.raises(ValidationError, match="average"):
        read_recipe(json.dumps(values))
    with pytest.raises(ValidationError, match="average"):
        Optimiser.model_validate({"average": 0.5})


@pytest.mark.parametrize("text", ["", "[]", "3", "[" * 100_000, '{"optimiser": 3}', '{"format": "another/9"}'])
def test_what_is_no_recipe_is_refused_by_the_field(text: str) -> None:
    with pytest.raises(ValidationError):
        read_recipe(text)


def test_a_digest_is_that_of_version_1() -> None:
    assert recipe("hippocampus-sgm").digest == "e509ddf273ce"
    assert recipe("sarcoma-t1-sgm").digest == "210495cf3b56"
    later = {"format", "sides_mm", "locator_fills_patch", "regions", "synthetic_share", "box_margin_along_mm"}
    assert set(FIRST[""].split()) | later >= set(Recipe.model_fields)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_hard_contour_of_older_versions_is_a_mean_and_keeps_its_digest(version: str) -> None:
    shipped = recipe("pelvis-mr-sgm")
    assert shipped.loss_arguments == {"hard-contour": {"normalise": "mean"}}
    old = of_version_1(shipped) if version == "1" else {**shipped.model_dump(mode="json"), "format": SECOND}
    for arguments, now in (({}, {"normalise": "mean"}), ({"gamma": 1.0}, {"normalise": "mean", "gamma": 1.0})):
        old["loss_arguments"] = {"hard-contour": arguments} if arguments else {}
        assert read_recipe(json.dumps(old)).loss_arguments == {"hard-contour": now}
    fresh = shipped.model_copy(update={"loss_arguments": {}})
    assert read_recipe(fresh.model_dump_json()) == fresh
    assert fresh.digest != shipped.digest


def test_the_models_that_ship_keep_the_mean() -> None:
    for name in ("hippocampus-sgm", "pelvis-mr-sgm", "sarcoma-t1"):
        card = load_model(name).card
        assert card.recipe.loss_arguments["hard-contour"] == {"normalise": "mean"}


def test_a_setting_that_is_added_counts_only_where_it_is_used() -> None:
    class Longer(Optimiser):
        momentum: float = Field(0.9, description="added later")

    class Later(Recipe):
        optimiser: Longer = Longer()
        fresh: bool = False

    plain = recipe("hippocampus-sgm")
    values = plain.model_dump()
    assert Later.model_validate(values).digest == plain.digest
    used = Later.model_validate({**values, "fresh": True}).digest
    inner = Later.model_validate({**values, "optimiser": {**values["optimiser"], "momentum": 0.5}}).digest
    assert len({plain.digest, used, inner}) == 3


def test_what_a_recipe_says_of_itself() -> None:
    assert json.loads(recipe("hippocampus-sgm").model_dump_json())["format"] == FORMAT
