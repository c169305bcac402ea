"""What version 0.1 of the program left behind opens. ``made_by_0_1/make.py`` made it; every test works on a copy."""

from __future__ import annotations

import json
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from napari_boundaryseg.cli import app
from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal.recovery import recover, recoverable
from napari_boundaryseg.editing.journal.scan_hash import scan_hash
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.recipes.recipe import read_recipe
from napari_boundaryseg.engine.training.loop.folder import card_in
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.report import FORMAT, read_report

HERE = Path(__file__).parent / "made_by_0_1"
SHAPE = (12, 12, 10)


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A copy of what version 0.1 left behind."""
    return Path(shutil.copytree(HERE, tmp_path / "left"))


def two_parts() -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:6, 2:9, 2:8], labels[6:10, 2:9, 2:8] = 1, 2
    return labels


def neck(left: Path) -> tuple[Volume, LabelMap]:
    """The scan of the project with its first labels."""
    scan = formats.read(left / "project" / "cases" / "neck-1-716f9a60" / "scan.nii.gz")
    return scan, scan.with_labels(two_parts(), preset("hippocampus"))


def test_a_project_lists_its_case_and_says_what_each_version_of_its_labels_means(left: Path) -> None:
    project = Project(left / "project")
    (case,) = project.cases()
    assert (case.name, case.version, case.scheme) == ("neck 1", 2, "own")
    corrected = two_parts()
    corrected[6] = 1
    scan = formats.read(case.image)
    np.testing.assert_array_equal(formats.read_labels(case.label, scan).array, corrected)
    newest = project.meaning_of(case)
    assert newest["box"] == [[1, 11], [0, 12], [2, 8]]
    scheme = LabelScheme.model_validate(newest["scheme"])
    assert (scheme.name, scheme.names) == ("own", ("Thymus", "Thyroid"))

    first = replace(case, version=1, label=case.label.with_name("labels-v1.nii.gz"))
    np.testing.assert_array_equal(formats.read_labels(first.label, scan).array, two_parts())
    whole = {"box": None, "looked": None}
    assert project.meaning_of(first) == {"scheme": preset("hippocampus").model_dump(mode="json"), **whole}


def test_a_project_takes_further_labels_of_its_case(left: Path) -> None:
    project = Project(left / "project")
    scan, labels = neck(left)
    added = project.add_case(replace(scan, name="neck 1"), labels)
    assert added.version == 3
    assert LabelScheme.model_validate(project.meaning_of(added)["scheme"]) == preset("hippocampus")
    assert project.meaning_of(replace(added, version=2, scheme="own"))["box"] == [[1, 11], [0, 12], [2, 8]]


def test_a_model_version_of_a_project_can_be_used(left: Path) -> None:
    (version,) = Project(left / "project").models()
    assert (version.base, version.version, version.active) == ("tiny-brain", 2, True)
    assert version.comparison == {"verdict": "better"}
    model = load_model(version.path)
    assert [score.label_prior for score in model.card.scores] == [0.25]
    assert model.card.recipe.optimiser.ema_decay == 0.99
    assert sum(parameter.numel() for parameter in model.network.parameters()) == model.card.parameters


def test_unsaved_work_is_recovered_exactly(left: Path) -> None:
    (work,) = recoverable(left / "journal")
    scan, _ = neck(left)
    assert work.header.scan_name == "neck 1"
    assert work.header.scan_hash == scan_hash(scan.array, scan.affine)
    assert LabelScheme.model_validate_json(work.header.scheme) == preset("hippocampus")
    assert (work.steps, work.complete) == (3, True)

    found = recover(work)
    np.testing.assert_array_equal(found.start, two_parts())
    painted = two_parts()
    painted[0, 0:3, 0:4] = 1
    first = painted.copy()
    second = np.zeros(SHAPE, bool)
    second[5:8, 1:4, 2:4] = True
    painted[second & (first != 2)] = 1  # the second organ was locked
    np.testing.assert_array_equal(found.labels, painted)
    assert list(found.locks) == [Lock(2, None)]
    history = found.history()
    history.redo()
    assert (history.array[11] == 1).all(), "what was undone can be done again"
    history.go_to(1)
    np.testing.assert_array_equal(history.array, first)


def test_a_training_resumes_and_ends(left: Path) -> None:
    folder = left / "training"
    recipe = read_recipe((folder / "recipe.json").read_bytes())
    assert recipe.optimiser.ema_decay == 0.9
    card = card_in(folder)
    assert card is not None
    assert (card.recipe, card.step) == (recipe, 2)
    before = (folder / "log.jsonl").read_text().splitlines()
    best = fit(recipe, [neck(left)], folder, validation=[neck(left)], resume=True, device="cpu")
    lines = (folder / "log.jsonl").read_text().splitlines()
    assert lines[: len(before)] == before
    assert [line["step"] for line in map(json.loads, lines) if "loss" in line] == [1, 2, 3, 4]
    assert load_model(folder / "last.safetensors").card.step == 4
    assert load_model(best).card.recipe.optimiser.ema_decay == 0.9


def test_a_recipe_file_keeps_its_settings() -> None:
    old = json.loads((HERE / "recipe.json").read_text())
    assert (old["optimiser"]["average"], old["augmentation"]["coarser"]) == (0.95, 2.0), "the names of version 0.1"
    recipe = read_recipe((HERE / "recipe.json").read_bytes())
    assert (recipe.optimiser.ema_decay, recipe.augmentation.low_resolution) == (0.95, 2.0)
    assert (recipe.name, recipe.optimiser.lr) == (old["name"], old["optimiser"]["lr"])


def tumour() -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:10, 2:10, 2:8], labels[4:9, 4:9, 3:7], labels[5:7, 5:8, 4:6] = 2, 1, 3
    return labels


REGIONS = {"NCR": (1,), "ED": (2,), "ET": (3,), "WT": (1, 2, 3), "TC": (1, 3)}


@pytest.mark.parametrize("writer", ["export", "prediction"])
def test_what_window_and_command_line_wrote_is_scored_with_names_and_nested_regions(left: Path, writer: str) -> None:
    written = nib.load(left / writer / "brain_seg.nii.gz")
    (left / "reference").mkdir()
    nib.save(nib.Nifti1Image(tumour(), written.affine), left / "reference" / "brain.nii.gz")
    words = ["evaluate", str(left / writer), str(left / "reference"), "--json", str(left / "scores.json")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    summary = json.loads((left / "scores.json").read_text())["summary"]
    found = np.asarray(written.dataobj)
    assert set(summary) == {*REGIONS, "Average"}, "an average that version 0.1 did not know"
    for region, members in REGIONS.items():
        a, b = np.isin(found, members), np.isin(tumour(), members)
        assert summary[region]["dsc"]["mean"] == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum())), region


def test_the_windows_report_is_read_under_the_names_of_today(left: Path) -> None:
    old = json.loads((left / "export" / "brain.json").read_text())
    assert {"tilt_deg", "doubts"} <= set(old["scan"]), "the names of version 0.1"
    report = read_report(left / "export" / "brain.json")
    assert report["format"] == FORMAT
    assert report["scan"]["obliquity_deg"] == old["scan"]["tilt_deg"] > 0
    assert report["contour_sources"] == {"NCR": "derived", "ED": "derived", "ET": "derived", "edges": "hard head"}
    assert report["model"] == "tiny-brain"


def test_the_command_lines_report_is_read_under_the_names_of_today(left: Path) -> None:
    assert "scheme" in json.loads((left / "prediction" / "brain.json").read_text()), "the name of version 0.1"
    report = read_report(left / "prediction" / "brain.json")
    assert LabelScheme.model_validate(report["label_scheme"]) == preset("brats-2023")
    assert report["scan"]["shape"] == list(SHAPE)
    assert report["contour_order"] == ["NCR", "ED", "ET"]
    assert report["software"] == "napari-boundaryseg 0.1.0"


def raw_card(path: Path) -> dict[str, Any]:
    """A card as its file holds it."""
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    return json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["card"])


def test_shipped_weights_load_with_their_label_priors_and_averages() -> None:
    priors: list[float] = []
    decays: list[float] = []
    for path in model_library.shipped().values():
        raw, card = raw_card(path), load_model(path).card
        known = [score.get("floor", score.get("label_prior")) for score in raw["scores"]]
        assert [score.label_prior for score in card.scores] == known, path.name
        optimiser = raw["recipe"]["optimiser"]
        assert card.recipe.optimiser.ema_decay == optimiser.get("average", optimiser.get("ema_decay")), path.name
        priors += [prior for prior in known if prior is not None]
        decays += [card.recipe.optimiser.ema_decay] if card.recipe.optimiser.ema_decay else []
    assert priors
    assert decays
