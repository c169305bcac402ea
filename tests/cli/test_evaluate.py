"""`boundaryseg evaluate` on boxes whose overlap can be counted."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from cli_study import boxes, save

from napari_boundaryseg.data.labels import preset


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

    done = boundaryseg(*words, "--predicted-only", "--overwrite")
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


def test_one_damaged_map_among_many_is_listed_and_the_others_are_scored(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path
) -> None:
    damaged = predictions / "case1_seg.nii.gz"
    damaged.write_bytes(damaged.read_bytes()[:100])
    table, file = tmp_path / "scores.csv", tmp_path / "scores.json"
    done = boundaryseg("evaluate", predictions, references, "--scheme", "hippocampus", "--csv", table, "--json", file)
    assert done.status == 1
    assert done.err.splitlines()[-2].startswith("error: case1_seg.nii.gz: ")
    assert done.err.splitlines()[-1] == "1 of 3 cases failed: case1."
    assert "2 of 3 cases were scored. Not scored: case1." in done.out
    rows = list(csv.DictReader(table.open()))
    assert [(row["case"], row["organ"]) for row in rows] == [
        ("case0", "Hippocampus_A"),
        ("case0", "Hippocampus_P"),
        ("case2", "Hippocampus_A"),
        ("case2", "Hippocampus_P"),
        ("case1", ""),
    ]
    assert [bool(row["error"]) for row in rows] == [False] * 4 + [True]
    assert [row["dsc"] for row in rows[-1:]] == [""]
    report = json.loads(file.read_text())
    assert list(report["not_scored"]) == ["case1"]
    assert report["summary"]["Hippocampus_A"]["dsc"]["n"] == 2
    (line,) = (line for line in done.out.splitlines() if line.startswith("Hippocampus_A"))
    assert line.split()[1:4] == ["2", "of", "3"]


@pytest.mark.parametrize("fault", ["a damaged reference", "a fault of the program", "a damaged report"])
def test_whatever_is_wrong_with_one_case_the_others_are_scored(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_boundaryseg.engine.evaluation import scoring

    if fault == "a damaged reference":
        (references / "case1.nii.gz").write_bytes(b"no image")
    elif fault == "a damaged report":
        (predictions / "case1.json").write_text("{")
    else:
        real = scoring.read_labels

        def fails(path: Path, **named: object) -> object:
            if path.name == "case1.nii.gz":
                raise ZeroDivisionError("division by zero")
            return real(path, **named)

        monkeypatch.setattr(scoring, "read_labels", fails)
    done = boundaryseg("evaluate", predictions, references, "--csv", tmp_path / "scores.csv")
    assert done.status == 1
    rows = list(csv.DictReader((tmp_path / "scores.csv").open()))
    assert {row["case"] for row in rows if not row["error"]} == {"case0", "case2"}
    assert {row["case"] for row in rows if row["error"]} == {"case1"}


def test_the_other_cases_are_scored_where_one_has_no_reference(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path
) -> None:
    save(predictions / "case9_seg.nii.gz", boxes())
    done = boundaryseg("evaluate", predictions, references, "--csv", tmp_path / "scores.csv")
    assert done.status == 1
    rows = list(csv.DictReader((tmp_path / "scores.csv").open()))
    assert {row["case"] for row in rows if not row["error"]} == {"case0", "case1", "case2"}
    assert "3 of 4 cases were scored. Not scored: case9." in done.out


def test_folders_that_do_not_belong_together_are_refused(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path
) -> None:
    for case in ("case0", "case1", "case2"):
        (predictions / f"{case}_seg.nii.gz").rename(predictions / f"other{case}_seg.nii.gz")
    done = boundaryseg("evaluate", predictions, references, "--csv", tmp_path / "scores.csv")
    assert (done.status, "none has a reference of its name" in done.err) == (1, True)
    assert not (tmp_path / "scores.csv").exists()


def test_folders_of_one_file_each_are_not_paired_whatever_their_names(boundaryseg, tmp_path: Path) -> None:
    save(tmp_path / "p" / "patient4.nii.gz", boxes())
    save(tmp_path / "r" / "patient1.nii.gz", boxes())
    done = boundaryseg("evaluate", tmp_path / "p", tmp_path / "r")
    assert (done.status, "patient4 against patient1" in done.err) == (1, True)
    assert boundaryseg("evaluate", tmp_path / "p" / "patient4.nii.gz", tmp_path / "r" / "patient1.nii.gz").status == 0


def test_an_organ_that_no_reference_holds_has_no_score_and_is_named(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path
) -> None:
    for n, shift in enumerate((0, 1, 2)):
        labels = boxes(shift)
        save(references / f"case{n}.nii.gz", np.where(labels == 2, 0, labels).astype(np.uint8))
    file = tmp_path / "scores.json"
    done = boundaryseg("evaluate", predictions, references, "--scheme", "hippocampus", "--json", file)
    assert "No reference holds Hippocampus_P: no mean is given." in done.out
    (line,) = (line for line in done.out.splitlines() if line.startswith("Hippocampus_P "))
    assert set(line.split()[5:]) == {"-"}, "no figure that could be read as one"
    report = json.loads(file.read_text())
    assert report["in_no_reference"] == ["Hippocampus_P"]
    assert report["summary"]["Hippocampus_P"]["dsc"]["mean"] is None
    assert report["summary"]["Hippocampus_A"]["dsc"]["mean"] is not None


@pytest.mark.parametrize(
    ("shift_mm", "status", "said"),
    [(0.0005, 0, None), (0.02, 0, "less than half a voxel"), (0.4, 0, "less than half a voxel"), (0.9, 1, "grid")],
)
def test_grids_that_differ_by_rounding_are_said_and_others_refused(
    boundaryseg, tmp_path: Path, shift_mm: float, status: int, said: str | None
) -> None:
    for name, shift in (("p", shift_mm), ("r", 0.0)):
        affine = np.diag([1.0, 1.0, 2.0, 1.0])
        affine[0, 3] = shift
        nib.save(nib.Nifti1Image(boxes(), affine), tmp_path / f"{name}.nii.gz")
    done = boundaryseg("evaluate", tmp_path / "p.nii.gz", tmp_path / "r.nii.gz")
    assert done.status == status
    assert (said in done.err) if said else (done.err == "")


@pytest.mark.parametrize("place", ["labels", "."], ids=["in the folder", "beside labelsTr"])
def test_integers_that_the_references_give_to_other_organs_are_refused(
    boundaryseg, references: Path, predictions: Path, place: str
) -> None:
    listing = references.parent / place / "dataset.json"
    listing.write_text(json.dumps({"labels": {"background": 0, "posterior": 1, "anterior": 2}}))
    done = boundaryseg("evaluate", predictions, references, "--scheme", "hippocampus")
    assert done.status == 1
    assert "the integer 1 is posterior there, and hippocampus has Hippocampus_P as 2" in done.err
    listing.write_text(json.dumps({"labels": {"background": 0, "Anterior": 1, "Posterior": 2, "vessel": 3}}))
    assert boundaryseg("evaluate", predictions, references, "--scheme", "hippocampus").status == 0
    listing.write_text(json.dumps({"labels": {"background": 0, "one": 2, "two": 1}}))
    assert boundaryseg("evaluate", predictions, references, "--scheme", "hippocampus").status == 0, "unknown names"


def named(path: Path, array: np.ndarray, *names: str) -> None:
    """A label map with a table that names 1, 2 and so on."""
    rows = "".join(f'<Label Key="{i}">{name}</Label>' for i, name in enumerate(names, start=1))
    text = f"<CaretExtension><LabelTable>{rows}</LabelTable></CaretExtension>"
    image = nib.Nifti1Image(array, nib.load(path).affine)
    image.header.extensions.append(nib.nifti1.Nifti1Extension(30, text.encode()))
    nib.save(image, path)


@pytest.mark.parametrize("which", ["predictions", "references"])
def test_names_in_a_label_map_count_and_not_its_integers(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path, which: str
) -> None:
    path = predictions / "case0_seg.nii.gz" if which == "predictions" else references / "case0.nii.gz"
    swapped = np.array([0, 2, 1], np.uint8)[np.asarray(nib.load(path).dataobj).astype(np.uint8)]
    named(path, swapped, "Posterior", "Anterior")
    pair = (predictions / "case0_seg.nii.gz", references / "case0.nii.gz", "--scheme", "hippocampus")
    done = boundaryseg("evaluate", *pair, "--json", tmp_path / "scores.json")
    assert done.status == 0, done.err
    assert "1 Posterior is 2, 2 Anterior is 1" in done.err
    assert [row["dsc"] for row in json.loads((tmp_path / "scores.json").read_text())["cases"]] == [1, 1]
    if which == "references":
        (references / "dataset.json").write_text(json.dumps({"labels": {"anterior": 1, "posterior": 2}}))
        for scored in (pair, (predictions / "case1_seg.nii.gz", references, "--scheme", "hippocampus")):
            done = boundaryseg("evaluate", *scored)
            assert done.status == 1
            assert "case0.nii.gz: the integer 1 is Posterior there" in done.err


def test_two_label_maps_with_other_names_for_their_integers_are_not_compared(
    boundaryseg, references: Path, predictions: Path
) -> None:
    one, two = predictions / "case0_seg.nii.gz", references / "case0.nii.gz"
    named(one, boxes(), "ANTERIOR", "Posterior")
    named(two, boxes(), "anterior", "posterior")
    assert boundaryseg("evaluate", one, two).status == 0
    named(two, boxes(), "posterior", "anterior")
    done = boundaryseg("evaluate", one, two)
    assert done.status == 1
    assert "the integer 1 is ANTERIOR there and posterior in the reference" in done.err
    named(two, 2 * (boxes() == 1).astype(np.uint8), "Segment_1", "anterior")
    done = boundaryseg("evaluate", one, two)
    assert done.status == 1
    assert "ANTERIOR is 1 there and 2 in the reference" in done.err


# --- nothing is left out in silence -----------------------------------------------------------------------------------


def empty() -> np.ndarray:
    return np.zeros_like(boxes())


@pytest.mark.parametrize("scheme", [(), ("--scheme", "hippocampus")], ids=["no scheme", "scheme"])
@pytest.mark.parametrize("prediction", [True, False], ids=["empty", "not there"])
def test_a_case_in_which_there_is_nothing_to_score_is_in_the_tables_and_in_no_mean(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path, scheme: tuple[str, ...], prediction: bool
) -> None:
    plain = tmp_path / "plain.json"
    assert boundaryseg("evaluate", predictions, references, *scheme, "--json", plain).status == 0
    save(references / "none.nii.gz", empty())
    if prediction:
        save(predictions / "none_seg.nii.gz", empty())
    table, file = tmp_path / "scores.csv", tmp_path / "scores.json"
    done = boundaryseg("evaluate", predictions, references, *scheme, "--csv", table, "--json", file)
    assert done.status == 0, done.err
    assert "Nothing to score, for no label map holds a label: none." in done.out
    (row,) = (row for row in csv.DictReader(table.open()) if row["case"] == "none")
    assert row.pop("note") == "no label map of this case holds a label"
    assert set(row.values()) == {"none", ""}
    report = json.loads(file.read_text())
    assert report["without_labels"] == ["none"]
    assert report["summary"] == json.loads(plain.read_text())["summary"]
    assert " 3 of 4 " in done.out.splitlines()[1]


def test_only_empty_label_maps_are_said(boundaryseg, tmp_path: Path) -> None:
    maps = save(tmp_path / "p.nii.gz", empty()), save(tmp_path / "r.nii.gz", empty())
    done = boundaryseg("evaluate", *maps, "--csv", tmp_path / "s.csv")
    assert (done.status, "Nothing to score, for no label map holds a label: p." in done.out) == (0, True)
    assert [row["case"] for row in csv.DictReader((tmp_path / "s.csv").open())] == ["p"]


@pytest.mark.parametrize("kind", ["edges", "contours", "probabilities", "uncertainty"])
def test_a_reference_of_any_name_counts(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path, kind: str
) -> None:
    """`case0_edges` is a label map of the structures that are called edges."""
    save(references / f"case0_{kind}.nii.gz", boxes())
    done = boundaryseg("evaluate", predictions, references, "--json", tmp_path / "s.json")
    assert f"3 of 4 cases have a prediction. Counted as missing: case0_{kind}." in done.out
    save(predictions / f"case0_{kind}.nii.gz", boxes())
    done = boundaryseg("evaluate", predictions, references, "--json", tmp_path / "t.json")
    assert {row["case"] for row in json.loads((tmp_path / "t.json").read_text())["cases"]} == {
        *("case0", "case1", "case2"), f"case0_{kind}"
    }  # fmt: skip


def test_what_is_told_of_files_stands_in_the_tables_too(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path
) -> None:
    (predictions / "case3.mgz").touch()
    (references / "case1.nii.gz").rename(references / "case1_0000.nii.gz")
    scheme = preset("hippocampus").model_dump(mode="json")
    (predictions / "case0.json").write_text(json.dumps({"case": "case0", "label_scheme": scheme}))
    table, file = tmp_path / "s.csv", tmp_path / "s.json"
    save(references / "case9.nii.gz", boxes())
    done = boundaryseg("evaluate", predictions, references, "--csv", table, "--json", file)
    report = json.loads(file.read_text())
    remarks = [
        "Left out of predictions, for they cannot be read as label maps: case3.mgz.",
        "The reference case1_0000 is taken for that of case1.",
    ]
    assert report["remarks"] == remarks
    assert all(f"note: {remark}" in done.err.splitlines() for remark in remarks)
    assert set(report["notes"]) == {"case1", "case2", "case9"}
    assert "Its label scheme is another one than that of case0" in report["notes"]["case1"][0]
    assert "those of others differ in their label schemes" in report["notes"]["case9"][0]
    noted = {row["case"] for row in csv.DictReader(table.open()) if "label scheme" in row["note"]}
    assert noted == {"case1", "case2", "case9"}
    done = boundaryseg("evaluate", predictions, references, "--json", tmp_path / "t.json", "--scheme", "hippocampus")
    assert json.loads((tmp_path / "t.json").read_text())["notes"] == {}


def test_a_label_map_that_is_compared_with_itself_is_said(boundaryseg, references: Path) -> None:
    done = boundaryseg("evaluate", references, references, "--scheme", "hippocampus")
    assert done.status == 0
    assert "note: case0: Its prediction and its reference are the same file." in done.err.splitlines()


def test_integers_are_looked_up_also_where_the_folder_is_the_current_one(
    boundaryseg, references: Path, predictions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps({"labels": {"background": 0, "posterior": 1, "anterior": 2}})
    (references.parent / "dataset.json").write_text(text)
    monkeypatch.chdir(references)
    done = boundaryseg("evaluate", predictions, ".", "--scheme", "hippocampus")
    assert (done.status, "the integer 1 is posterior there" in done.err) == (1, True)


def test_names_of_organs_are_found_however_the_accents_of_a_case_are_written(boundaryseg, tmp_path: Path) -> None:
    case = "Mu\u0308ller"  # as macOS writes it
    save(tmp_path / "p" / f"{case}_seg.nii.gz", boxes())
    save(tmp_path / "r" / "M\u00fcller.nii.gz", boxes())
    scheme = preset("hippocampus").model_dump(mode="json")
    (tmp_path / "p" / f"{case}.json").write_text(json.dumps({"case": case, "label_scheme": scheme}))
    done = boundaryseg("evaluate", tmp_path / "p", tmp_path / "r", "--json", tmp_path / "s.json")
    assert done.status == 0, done.err
    assert set(json.loads((tmp_path / "s.json").read_text())["summary"]) == {"Hippocampus_A", "Hippocampus_P"}


def test_a_metric_is_measured_where_it_is_asked_for(
    boundaryseg, references: Path, predictions: Path, tmp_path: Path
) -> None:
    words = ("evaluate", predictions, references, "--scheme", "hippocampus")
    table, file = tmp_path / "scores.csv", tmp_path / "scores.json"
    done = boundaryseg(*words, "--metric", "slice_dsc", "--metric", "mean_iou", "--csv", table, "--json", file)
    assert done.status == 0, done.err
    rows = {(row["case"], row["organ"]): row for row in csv.DictReader(table.open())}
    assert float(rows["case1", "Hippocampus_A"]["slice_dsc"]) == pytest.approx(0.75), "alike in every slice"
    assert float(rows["case2", "Hippocampus_P"]["slice_dsc"]) == 0
    assert json.loads(file.read_text())["summary"]["Hippocampus_A"]["mean_iou"]["n"] == 3
    assert "slice_dsc" in done.out
    plain = boundaryseg(*words)
    assert "slice_dsc" not in plain.out
    wrong = boundaryseg(*words, "--metric", "slice_dice")
    assert wrong.status != 0
    assert "slice_dice" in wrong.err


def test_what_the_reference_lacks_is_not_called_missing(boundaryseg, references: Path, predictions: Path) -> None:
    path = references / "case0.nii.gz"
    without = np.asarray(nib.load(path).dataobj).copy()
    without[without == 2] = 0
    save(path, without)
    done = boundaryseg("evaluate", predictions, references, "--scheme", "hippocampus")
    assert "Missing, and left out of the distances: Hippocampus_P in case2." in done.out
    assert "Found where the reference has none, and left out of the distances: Hippocampus_P in case0." in done.out
