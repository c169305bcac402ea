"""`boundaryseg models` says what each model is, what it learned from and how well it does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

SHIPPED = {
    "brain-tumour-bacnn",
    "brain-tumour-egcnn",
    "hippocampus-hmedn",
    "hippocampus-sgm",
    "pelvis-mr-sgm",
    "sarcoma-t1",
}


@pytest.fixture
def project(tiny_model: Path, tmp_path: Path) -> Path:
    (tmp_path / "project" / "models").mkdir(parents=True)
    shutil.copy(tiny_model, tmp_path / "project" / "models")
    return tmp_path / "project"


def test_the_shipped_models_have_complete_cards(boundaryseg) -> None:
    found = {model["name"]: model for model in json.loads(boundaryseg("models", "--json").out)}
    assert set(found) == SHIPPED
    for name in SHIPPED:
        model = found[name]
        assert model["training"]["licence"]
        assert model["training"]["attribution"]
        assert model["scores"]
        assert model["scored_on"]
        assert model["expected_field_mm"]
        assert model["parameters"] > 100_000


def test_a_projects_models_are_listed_too(boundaryseg, project: Path) -> None:
    text = boundaryseg("models", "--project", project).out
    assert "tiny: Anterior and posterior hippocampus" in text
    assert "1 Hippocampus_A, 2 Hippocampus_P" in text
    found = {model["name"]: model for model in json.loads(boundaryseg("models", "--project", project, "--json").out)}
    assert found["tiny"]["labels"] == {"Hippocampus_A": 1, "Hippocampus_P": 2}
    assert len(found["tiny"]["sha256"]) == 64


def test_a_card_is_told_whole(boundaryseg, tiny_model: Path, tmp_path: Path) -> None:
    from napari_boundaryseg.engine.checkpoints.card import Calibration, Scaling
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model, save

    loaded = load_model(tiny_model)
    errors = {"probabilities": 0.02, "edges": 0.031}
    calibration = Calibration(edges=Scaling(scale=2.0), fitted_on="40 cases", errors=errors)
    told = {"calibration": calibration, "notes": "For tests.", "name": "told"}
    (tmp_path / "models").mkdir()
    card = loaded.card.model_copy(update=told)
    save(tmp_path / "models" / "told.safetensors", card, loaded.network.state_dict())
    text = boundaryseg("models", "--project", tmp_path).out
    assert "calibration  edges put right; 40 cases; off on other folds: probabilities by 0.020 and edges" in text
    assert "notes        For tests." in text
    assert "made for     scans of about 40 × 55 × 40 mm" in text
    assert "by           Simpson et al. 2019" in text
    found = {m["name"]: m for m in json.loads(boundaryseg("models", "--project", tmp_path, "--json").out)}
    assert found["told"]["calibration"]["errors"]["edges"] == 0.031


def test_models_of_a_project_that_cannot_be_used_are_told(boundaryseg, tmp_path: Path, tiny_model: Path) -> None:
    from napari_boundaryseg.session.project.project import Project

    project = Project(tmp_path / "study")
    changed, damaged = (project.add_model(tiny_model).path for _ in range(2))
    changed.write_bytes(changed.read_bytes()[:-1] + b"\x01")
    damaged.write_bytes(b"x")
    done = boundaryseg("models", "--project", project.folder)
    assert done.status == 0
    assert [line.partition(". ")[0] for line in done.err.splitlines()] == [
        "note: tiny-v2.safetensors: it is not the model that the project stored under this name",
        "note: tiny-v3.safetensors: it is not a whole safetensors file",
    ]
    done = boundaryseg("models", "--project", tmp_path / "gone")
    assert (done.status, done.err) == (
        1,
        "error: gone: it cannot be read: No such file or directory. Choose a project folder.\n",
    )
