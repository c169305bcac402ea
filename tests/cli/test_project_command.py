"""`boundaryseg project check`: what is wrong is listed, status 1, and is mended only after a question."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import typer
from project_holder import held
from typer.testing import CliRunner, Result

from napari_boundaryseg.cli import app
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.project import Project


def accept(folder: Path) -> None:
    """Accept labels on one small scan."""
    array = np.arange(600, dtype=np.int16).reshape(1, 10, 10, 6)
    scan = Volume(array, Geometry((10, 10, 6), np.eye(4)), name="case1")
    Project(folder).add_case(scan, scan.with_labels((array[0] > 90).astype(np.uint8), preset("msd-spleen")))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    accept(tmp_path / "study")
    return tmp_path / "study"


def run(*words: object, answer: str = "") -> Result:
    return CliRunner().invoke(app, ["project", *map(str, words)], input=answer)


def leftover(study: Path) -> Path:
    (folder,) = (study / "cases").iterdir()
    (folder / ".boundaryseg-ab.nii.gz").touch(0o600)
    return folder / ".boundaryseg-ab.nii.gz"


def test_a_whole_project_is_status_0(study: Path) -> None:
    done = run("check", study)
    assert (done.exit_code, done.output) == (
        0,
        "Every listed scan, label map and model is there and unchanged.\n1 certificate is whole.\n",
    )


def test_what_is_wrong_is_listed_with_status_1_and_not_touched(study: Path) -> None:
    left = leftover(study)
    done = run("check", study)
    assert done.exit_code == 1
    assert "was not written to its end" in done.output
    assert "move it to removed/" in done.output
    assert left.exists()


@pytest.mark.parametrize("answer, status", [("y\n", 0), ("n\n", 1), ("", 1)])
def test_a_repair_says_what_it_will_do_and_asks(study: Path, answer: str, status: int) -> None:
    left = leftover(study)
    done = run("check", study, "--repair", answer=answer)
    assert done.output.index("move it to removed/") < done.output.index("Carry out 1 repair?")
    assert done.exit_code == status
    assert left.exists() == bool(status)
    assert run("check", study).exit_code == status


def test_scripts_repair_without_a_question_and_learn_what_is_left(study: Path) -> None:
    leftover(study)
    assert run("check", study, "--repair", "--yes").exit_code == 0
    leftover(study)
    next(study.rglob("labels-v1.nii.gz")).unlink()
    done = run("check", study, "--repair", "--yes")
    assert done.exit_code == 1
    assert "Repaired. 1 left." in done.output
    assert "labels-v1.nii.gz: is listed, and not there" in done.output


def test_a_project_that_a_window_holds_is_checked_and_not_repaired(study: Path) -> None:
    (study / "cases" / "empty").mkdir(0o755)
    with held(study) as child:
        (study / "cases").chmod(0o755)
        done = run("check", study, "--repair", "--yes")
    assert isinstance(done.exception, ReadOnly)
    assert "held by a window on" in str(done.exception)
    assert f"(process {child.pid})" in str(done.exception)


def test_wrong_usage_is_status_2_and_no_project_a_sentence(tmp_path: Path) -> None:
    assert run("check", tmp_path, "--yes").exit_code == 2
    assert run("mend", tmp_path).exit_code == 2
    assert "it holds no project" in str(run("check", tmp_path).exception)


def test_what_was_accepted_while_the_question_waited_is_not_set_aside(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed process left the scan alone in its folder; another accepts into that folder now."""
    (place,) = (study / "cases").iterdir()
    Project(study).remove_case("case1")
    shutil.copytree(next((study / "removed").iterdir()), place)
    for name in ("labels-v1.nii.gz", "case.json"):
        (place / name).unlink()
    assert "holds no labels, and is not listed" in run("check", study).output

    def agree(text: str) -> bool:
        accept(study)
        return True

    monkeypatch.setattr(typer, "confirm", agree)
    done = run("check", study, "--repair")
    (case,) = Project(study).cases()
    assert case.label.parent == place and case.label.is_file(), done.output
    assert (done.exit_code, run("check", study).exit_code) == (0, 0)
