"""Organs of one side of the body are never learnt from, or looked for in, mirrored scans."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from napari_boundaryseg.cli.inputs.training_options import recipe_of
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.recipe import read_recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError

SIDED = recipe("pelvis-mr-sgm").model_dump() | {"scheme": preset("pelvis-ct").model_dump()}
WRONG = [
    {"augmentation.flip_axes": ("x",)},
    {"inference.flip_axes": ("x",)},
    {"augmentation.flip_axes": ("z", "x")},
    {"augmentation.permute_axes": True, "patch_vox": (16, 16, 16), "dims": 3},
]
PLAIN = {"augmentation.flip_axes": (), "inference.flip_axes": ()}


@pytest.mark.parametrize("settings", WRONG)
def test_mirroring_is_refused_where_an_organ_has_a_side(settings: dict[str, object]) -> None:
    whole = {"scheme": SIDED["scheme"], **PLAIN, **settings}
    with pytest.raises(ValidationError, match="where Femur_Head_L, Femur_Head_R is of one side of the body"):
        recipe("pelvis-mr-sgm").with_settings(whole)


@pytest.mark.parametrize("settings", [{}, {"augmentation.flip_axes": ("y", "z"), "inference.flip_axes": ("z",)}])
def test_other_axes_may_be_mirrored(settings: dict[str, object]) -> None:
    made = recipe("pelvis-mr-sgm").with_settings({"scheme": SIDED["scheme"], **PLAIN, **settings})
    assert made.scheme.names[3] == "Femur_Head_L"


def test_a_recipe_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    made = recipe("pelvis-mr-sgm").with_settings({"scheme": SIDED["scheme"], **PLAIN})
    text = made.model_dump_json().replace('"flip_axes":[]', '"flip_axes":["x"]', 1)
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(InputError, match="scans cannot be mirrored along x"):
        recipe_of(str(tmp_path / "mine.json"), [])
    assert read_recipe(made.model_dump_json()) == made
