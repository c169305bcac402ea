"""What the window exports and what `boundaryseg predict` writes is scored alike: names and nested regions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from cli_study import AFFINE, save

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.jobs.runner import InlineRunner
from napari_boundaryseg.session.actions.export import export
from napari_boundaryseg.session.session import Session

SHAPE = (12, 14, 10)
REGIONS = {"NCR": (1,), "ED": (2,), "ET": (3,), "WT": (1, 2, 3), "TC": (1, 3)}


def tumour(shift: int = 0) -> np.ndarray:
    """Oedema (2) round a necrotic core (1) in which something enhances (3)."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2 + shift : 10, 2:11, 2:8] = 2
    labels[4 + shift : 9, 4:10, 3:7] = 1
    labels[5 + shift : 8, 5:9, 4:6] = 3
    return labels


@pytest.fixture
def brain(tmp_path: Path) -> Path:
    """Four channels in one file."""
    noise = np.random.default_rng(0).normal(100, 5, (*SHAPE, 4))
    return save(tmp_path / "brain.nii.gz", (noise + 40 * tumour()[..., None]).astype(np.float32))


@pytest.fixture
def references(tmp_path: Path) -> Path:
    return save(tmp_path / "references" / "brain.nii.gz", tumour()).parent


def exported(brain: Path, folder: Path) -> None:
    session = Session(InlineRunner())
    session.scan = formats.read(brain)
    labels = session.scan.with_labels(tumour(shift=1), preset("brats-2023"))
    export(session, labels, {"labels", "report"}, folder)
    session.close()


@pytest.fixture(scope="session")
def tiny_brain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of brain tumours with random weights."""
    import torch

    from napari_boundaryseg.engine.checkpoints.card import Card
    from napari_boundaryseg.engine.checkpoints.checkpoint import build_network
    from napari_boundaryseg.engine.checkpoints.checkpoint import save as save_model
    from napari_boundaryseg.engine.recipes.shipped import recipe

    torch.manual_seed(0)
    changed = {"network_arguments": {"backbone": "unet", "width": 1, "norm": "group"}, "expected_field_mm": None}
    wanted = recipe("brain-tumour-egcnn").model_copy(update={**changed, "patch_vox": (16, 16, 16)})
    path = tmp_path_factory.mktemp("model") / "tiny-brain.safetensors"
    save_model(path, Card(name="tiny-brain", recipe=wanted, parameters=1), build_network(wanted).state_dict())
    return path


def scores(boundaryseg: Callable, predictions: Path, references: Path) -> dict[str, float]:
    file = predictions / "scores.json"
    done = boundaryseg("evaluate", predictions, references, "--json", file)
    assert done.status == 0, done.err
    return {organ: row["dsc"]["mean"] for organ, row in json.loads(file.read_text())["summary"].items()}


def overlaps(predictions: Path) -> dict[str, float]:
    """Dice of each organ and nested region, counted from the files, and the regions' mean."""
    found = np.asarray(nib.load(predictions / "brain_seg.nii.gz").dataobj)
    pairs = {name: (np.isin(found, ids), np.isin(tumour(), ids)) for name, ids in REGIONS.items()}
    dice = {name: 2 * (a & b).sum() / (a.sum() + b.sum()) for name, (a, b) in pairs.items()}
    return {**dice, "Average": (dice["WT"] + dice["TC"] + dice["ET"]) / 3}


def test_what_the_window_exports(boundaryseg: Callable, brain: Path, references: Path, tmp_path: Path) -> None:
    exported(brain, tmp_path / "out")
    found = scores(boundaryseg, tmp_path / "out", references)
    assert found == pytest.approx(overlaps(tmp_path / "out"))
    assert found["WT"] == pytest.approx(2 * 7 / (7 + 8)), "one of eight layers of the whole tumour is missing"


def test_what_the_command_line_predicts(
    boundaryseg: Callable, brain: Path, references: Path, tiny_brain_model: Path, tmp_path: Path
) -> None:
    words = ("predict", brain, "--model", tiny_brain_model, "-o", tmp_path / "out", "--device", "cpu")
    assert boundaryseg(*words).status == 0
    assert scores(boundaryseg, tmp_path / "out", references) == pytest.approx(overlaps(tmp_path / "out"))


def test_both_say_the_same_under_the_same_names(
    boundaryseg: Callable, brain: Path, tiny_brain_model: Path, tmp_path: Path
) -> None:
    exported(brain, tmp_path / "window")
    words = ("predict", brain, "--model", tiny_brain_model, "-o", tmp_path / "out", "--device", "cpu")
    assert boundaryseg(*words).status == 0
    window, line = (json.loads((tmp_path / name / "brain.json").read_text()) for name in ("window", "out"))
    assert set(window) <= set(line)
    assert set(line) - set(window) == {"base", "calibrated", "left_out", "ships", "silent"}, (
        "which only a prediction knows"
    )
    for name in ("format", "case", "notice", "software", "scan", "label_scheme", "files"):
        assert window[name] == line[name]
    assert np.allclose(AFFINE[:3, :3], nib.load(tmp_path / "out" / "brain_seg.nii.gz").affine[:3, :3])


def test_a_report_of_a_later_version_is_not_guessed_at(boundaryseg: Callable, brain: Path, references: Path) -> None:
    exported(brain, brain.parent / "out")
    report = brain.parent / "out" / "brain.json"
    report.write_text(report.read_text().replace("-report/2", "-report/3"))
    done = boundaryseg("evaluate", brain.parent / "out", references)
    assert (done.status, done.err) == (
        1,
        "error: brain.json: a later version of the program wrote it. Update the program.\n",
    )
