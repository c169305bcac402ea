"""`boundaryseg project chart`: what the charts of a project found, in sentences and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corrected_cases import ORGANS, accept_all_corrected
from typer.testing import CliRunner, Result

from napari_boundaryseg.cli import app
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.project import Project


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["project", *map(str, words)])


@pytest.fixture
def study(tmp_path: Path, tiny_model: Path) -> Path:
    """Twenty usual cases, and four of which much more was corrected."""
    slices = [*([2, 3, 1, 2] * 5), *[7] * 4]
    minutes = [*([4.0, 5.0, 6.0, 5.0] * 5), *[5.0] * 4]
    accept_all_corrected(
        Project(tmp_path / "study"), tmp_path / "journals", slices, minutes, sha256=read_card(tiny_model)[1]
    )
    return tmp_path / "study"


def test_the_sentences_of_every_organ_and_all_of_it_as_json(study: Path, tiny_model: Path) -> None:
    done = run("chart", study, "--model", tiny_model)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == f"{ORGANS[0]}. tiny: 24 cases, one of each patient."
    assert lines[1].startswith("  Surface Dice: lower since about case 21, found at case 2")
    assert lines[3] == "  Minutes a case: no change in 24 cases (limits from the first 20 cases)."
    assert lines[4] == "  Cases since then: case21, case22, case23, case24"
    assert lines[5].startswith(f"{ORGANS[1]}. tiny: 24 cases, one of each patient. 24 cases accepted as predicted")
    first, second = json.loads(run("chart", study, "--model", tiny_model, "--json").output)
    assert (first["organ"], first["suggests_fine_tuning"], second["suggests_fine_tuning"]) == (ORGANS[0], True, False)
    assert first["cases_since_then"] == ["case21", "case22", "case23", "case24"]
    assert [chart["figure"] for chart in first["charts"]] == ["surface_dice", "apl_mm", "minutes"]
    assert [one["value"] for one in first["charts"][2]["cases"]][:4] == [4.0, 5.0, 6.0, 5.0]
    without = run("chart", study)
    assert "24 cases left out, of which the model may have learned" in without.output


def test_what_is_no_project_is_not_made_one(tmp_path: Path) -> None:
    done = run("chart", tmp_path / "none")
    assert isinstance(done.exception, InputError) and "it is no project" in str(done.exception)
    assert not (tmp_path / "none").exists()


def test_a_project_without_figures_says_so(tmp_path: Path) -> None:
    Project(tmp_path / "study")
    assert run("chart", tmp_path / "study").output.startswith("No accepted case says how far off a model was")
    assert json.loads(run("chart", tmp_path / "study", "--json").output) == []


@pytest.mark.parametrize("words", [("chart", "--repair"), ("check", "--json"), ("check", "--model", "a.safetensors")])
def test_options_go_with_their_action(tmp_path: Path, words: tuple[str, ...]) -> None:
    Project(tmp_path / "study")
    done = run(words[0], tmp_path / "study", *words[1:])
    assert done.exit_code == 2 and "with c" in done.output
