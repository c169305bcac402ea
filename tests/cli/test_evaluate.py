"""`boundaryseg evaluate` on boxes whose overlap can be counted."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from cli_study import boxes, save


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """case0 is right; case1 is one voxel off; in case2 the second organ is missing."""
    folder = tmp_path / "predictions"
    save(folder / "case0_seg.nii.gz", boxes())
    save(folder / "case1_seg.nii.gz", boxes(0))
    missing = boxes(2)
    missing[missing == 2] = 0
    save(folder / "case2_seg.nii.gz", missing)
    return folder


@pytest.fixture
def references(study: Path) -> Path:
    """The labels of those three cases."""
    for n in (3, 4, 5):
        (study / "labels" / f"case{n}.nii.gz").unlink()
    return study / "labels"


def test_figures_per_case_and_their_mean(boundaryseg, references: Path, predictions: Path, tmp_path: Path) -> None:
    table, file = tmp_path / "scores.csv", tmp_path / "scores.json"
    done = boundaryseg(
        "evaluate",
        predictions,
        references,
        "--csv",
        table,
        "--json",
        file,
        "--scheme",
        "hippocampus",
        "--tolerance-mm",
        "1",
    )
    assert done.status == 0, done.err
    rows = {(row["case"], row["organ"]): row for row in csv.DictReader(table.open())}
    assert len(rows) == 6
    assert float(rows["case0", "Hippocampus_A"]["dsc"]) == 1
    assert float(rows["case0", "Hippocampus_A"]["hd_mm"]) == 0
    assert float(rows["case1", "Hippocampus_A"]["dsc"]) == pytest.approx(0.75)
    assert float(rows["case1", "Hippocampus_A"]["hd_mm"]) == pytest.approx(1.5)
    assert float(rows["case1", "Hippocampus_A"]["volume_ml"]) == pytest.approx(4 * 6 * 8 * 3 / 1000)
    assert float(rows["case1", "Hippocampus_P"]["dsc"]) == pytest.approx(0.8)
    summary = json.loads(file.read_text())["summary"]
    assert summary["Hippocampus_A"]["dsc"]["mean"] == pytest.approx((1 + 0.75 + 1) / 3)
    volume = summary["Hippocampus_A"]["volume_ml"]
    assert volume["mean"] == pytest.approx((4 * 6 * 8 * 3) / 1000)
    assert summary["Hippocampus_P"]["volume_ml"]["sd"] > summary["Hippocampus_P"]["reference_ml"]["sd"] == 0
    assert "Hippocampus_A" in done.out
    assert "reference_ml" in done.out
    assert "of 3 cases" not in done.out


def test_a_missing_organ_is_said_and_not_averaged_away(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path
) -> None:
    file = tmp_path / "scores.json"
    done = boundaryseg("evaluate", predictions, references, "--json", file, "--scheme", "hippocampus")
    assert "Hippocampus_P in case2" in done.out
    posterior = json.loads(file.read_text())["summary"]["Hippocampus_P"]
    assert posterior["missing"] == 1
    assert (posterior["dsc"]["n"], posterior["hd95_mm"]["n"]) == (3, 2)
    assert posterior["dsc"]["mean"] == pytest.approx((1 + 0.8 + 0) / 3)


def test_a_case_without_prediction_is_missing(boundaryseg, references: Path, predictions: Path, tmp_path: Path) -> None:
    (predictions / "case1_seg.nii.gz").unlink()
    table, file = tmp_path / "scores.csv", tmp_path / "scores.json"
    words = ("evaluate", predictions, references, "--scheme", "hippocampus", "--csv", table, "--json", file)
    done = boundaryseg(*words)
    assert done.status == 0, done.err
    assert "2 of 3 cases have a prediction. Counted as missing: case1." in done.out
    rows = [row for row in csv.DictReader(table.open()) if row["case"] == "case1"]
    assert [(row["organ"], row["missing"]) for row in rows] == [("Hippocampus_A", "True"), ("Hippocampus_P", "True")]
    assert [(float(row["dsc"]), row["hd_mm"]) for row in rows] == [(0, ""), (0, "")]
    report = json.loads(file.read_text())
    assert report["without_prediction"] == ["case1"]
    anterior = report["summary"]["Hippocampus_A"]
    assert (anterior["n"], anterior["missing"], anterior["dsc"]["mean"]) == (3, 1, pytest.approx(2 / 3))

    done = boundaryseg(*words, "--predicted-only")
    assert "2 of 3 cases have a prediction. Left out: case1." in done.out
    assert json.loads(file.read_text())["summary"]["Hippocampus_A"]["missing"] == 0


def test_a_case_without_reference_is_refused(boundaryseg, references: Path, predictions: Path) -> None:
    save(predictions / "case9_seg.nii.gz", boxes())
    done = boundaryseg("evaluate", predictions, references)
    assert (done.status, done.err.startswith("error: case9: ")) == (1, True)


def test_another_grid_is_refused(boundaryseg, references: Path, predictions: Path) -> None:
    save(predictions / "case0_seg.nii.gz", boxes()[:-1])
    done = boundaryseg("evaluate", predictions, references)
    assert (done.status, "grid" in done.err) == (1, True)


def test_one_file_against_one_file(boundaryseg, references: Path, predictions: Path) -> None:
    done = boundaryseg("evaluate", predictions / "case1_seg.nii.gz", references / "case1.nii.gz")
    assert done.status == 0
    assert "0.750" in done.out
