"""Label schemes with more organs than a byte counts, and with integers far above: learnt, predicted, scored, saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.cases import prepare_loosely
from napari_boundaryseg.engine.training.data.random_boxes import boxed
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.session.export import export_files

COUNT = 260
SHAPE = (16, 16, 16)


def scheme(step: int) -> LabelScheme:
    """260 organs, whose integers lie ``step`` apart."""
    organs = (Organ(id=n * step, name=f"Organ {n}", colour="#000000", boundary="blurry") for n in range(1, COUNT + 1))
    return LabelScheme(name="many", organs=tuple(organs))


def case(step: int) -> tuple[Volume, LabelMap]:
    """Columns, of which the last three hold the first and the last two organs."""
    labels = np.zeros(SHAPE, np.uint16)
    labels[:, 4:8], labels[:, 8:12], labels[:, 12:] = step, (COUNT - 1) * step, COUNT * step
    image = np.random.default_rng(0).normal(0, 1, SHAPE) + (labels > 0)
    volume = Volume(image[None].astype(np.float32), Geometry(SHAPE, np.eye(4)), name="many")
    return volume, volume.with_labels(labels, scheme(step))


def of_many(step: int, **changes: object) -> Recipe:
    organs = scheme(step)
    base = recipe("hippocampus-sgm").model_copy(
        update={
            "scheme": organs,
            "patch_vox": (8, 8, 8),
            "batch": 1,
            "steps": 1,
            "augmentation": Augmentation(),
            "network_arguments": {"width": 8, "norm": "group"},
            "expected_field_mm": None,
            "loss_arguments": {},
        }
    )
    return base.with_settings({"inference.window_vox": (8, 8, 8), **changes})


@pytest.mark.parametrize("step", [1, 252])
def test_every_organ_keeps_its_class_on_the_networks_grid(step: int) -> None:
    volume, labels = case(step)
    for settings in (Preprocessing(), Preprocessing(spacing_mm=(2.0, 2.0, 2.0))):
        classes = NetworkGrid(volume, settings).labels(labels)
        assert np.unique(classes).tolist() == [0, 1, COUNT - 1, COUNT]
    wanted = of_many(step, box_margin_mm=(0.0, 2.0))
    made = boxed(prepare_loosely(volume, labels, wanted), wanted, np.random.default_rng(0))
    assert set(np.unique(made.labels).tolist()) - {0} == {1, COUNT - 1, COUNT}


@pytest.mark.parametrize("step", [1, 252])
def test_many_organs_are_learnt_predicted_and_exported(tmp_path: Path, step: int) -> None:
    volume, labels = case(step)
    path = fit(of_many(step), [(volume, labels)], tmp_path / "model", validation=[(volume, labels)], steps=1)
    prediction = Predictor(load_model(path), "cpu").predict(volume)
    assert set(np.unique(prediction.labels.array).tolist()) <= {0, *scheme(step).ids}
    export_files(volume, labels, None, {"labels", "mesh", "report"}, tmp_path / "out")
    back = formats.read_labels(tmp_path / "out" / "many_seg.nii.gz", volume, labels.scheme)
    assert np.array_equal(back.array, labels.array)
    assert len(list((tmp_path / "out").glob("*.stl"))) == 3
    assert {organ: row["dsc"] for organ, row in evaluate(back, labels).items()} == {
        "Organ 1": 1, f"Organ {COUNT - 1}": 1, f"Organ {COUNT}": 1,
    }  # fmt: skip
    formats.write(labels, tmp_path / "a.nrrd")
    formats.write(labels, tmp_path / "a.mha")
    for name in ("a.nrrd", "a.mha"):
        assert np.array_equal(formats.read_labels(tmp_path / name, volume, labels.scheme).array, labels.array)
