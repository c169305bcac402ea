"""Pairs, rows and their mean."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.engine.evaluation.score_tables import as_csv, every_case
from napari_boundaryseg.engine.evaluation.scoring import (
    in_no_reference,
    pair,
    plain,
    score_case,
    score_unpredicted,
    summarise,
    summarise_thirds,
    unpredicted,
)
from napari_boundaryseg.errors import InputError


def test_pairs_are_by_name() -> None:
    found, truth = {"b": Path("p/b"), "a": Path("p/a")}, {"a": Path("r/a"), "b": Path("r/b"), "c": Path("r/c")}
    assert pair(found, truth) == {"b": (Path("p/b"), Path("r/b")), "a": (Path("p/a"), Path("r/a"))}


def test_folders_of_one_file_each_are_paired_by_name_all_the_same() -> None:
    with pytest.raises(InputError, match=r"none has a reference of its name \(patient4 against patient1\)"):
        pair({"patient4": Path("m")}, {"patient1": Path("t")})


def test_references_without_a_prediction_are_known() -> None:
    assert unpredicted({"a": Path("p/a")}, {"a": Path("r/a"), "b": Path("r/b")}) == {"b": Path("r/b")}


@pytest.mark.parametrize(
    ("predictions", "references", "words"),
    [
        ("yz", "ab", r"none has a reference of its name \(y, z against a, b\)"),
        ("vwxyz", "ab", r"\(v, w, x, ... against a, b\)"),
        ("", "ab", "there is no label map. "),
        ("a", "", "there is no label map among the references"),
    ],
)
def test_folders_that_do_not_belong_together_are_refused(predictions: str, references: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        pair({name: Path(name) for name in predictions}, {name: Path(name) for name in references})


def test_what_has_no_partner_is_in_no_pair() -> None:
    found, truth = {name: Path("p", name) for name in "az"}, {name: Path("r", name) for name in "ab"}
    assert pair(found, truth) == {"a": (Path("p/a"), Path("r/a"))}


def test_mean_and_sd_over_known_values_only() -> None:
    rows = [
        {"case": "1", "organ": "GTV", "missing": False, **plain({"dsc": 0.8, "hd_mm": 2.0})},
        {"case": "2", "organ": "GTV", "missing": False, **plain({"dsc": 0.6, "hd_mm": 4.0})},
        {"case": "3", "organ": "GTV", "missing": True, **plain({"dsc": 0.0, "hd_mm": float("inf")})},
    ]
    found = summarise(rows)["GTV"]
    assert (found["n"], found["missing"]) == (3, 1)
    assert found["dsc"] == {"n": 3, "mean": pytest.approx(1.4 / 3), "sd": pytest.approx(0.41633, abs=1e-5)}
    assert found["hd_mm"] == {"n": 2, "mean": 3.0, "sd": pytest.approx(2**0.5)}
    assert summarise(rows[:1])["GTV"]["dsc"] == {"n": 1, "mean": 0.8, "sd": None}


def test_nothing_known_is_said_as_nothing() -> None:
    found = summarise([{"case": "1", "organ": "GTV", "missing": True, "dsc": None}])["GTV"]
    assert found["dsc"] == {"n": 0, "mean": None, "sd": None}


def row(case: str, organ: str, dsc: float, in_reference: bool) -> dict[str, object]:
    return {"case": case, "organ": organ, "missing": not in_reference, "in_reference": in_reference, "dsc": dsc}


def test_an_organ_that_no_reference_holds_has_no_mean_and_is_named() -> None:
    rows = [row(case, organ, 0.0 if organ == "P" else 0.9, organ == "A") for case in "12" for organ in "AP"]
    found = summarise(rows)
    assert (found["P"]["n"], found["P"]["in_references"]) == (2, 0)
    assert found["P"]["dsc"] == {"n": 0, "mean": None, "sd": None}
    assert found["A"]["dsc"]["mean"] == pytest.approx(0.9)
    assert in_no_reference(found) == ("P",)
    assert in_no_reference(found, [None, preset("hippocampus")]) == ("P", "Hippocampus_A", "Hippocampus_P")


def test_an_organ_that_some_reference_holds_counts_as_it_is_where_it_was_invented() -> None:
    found = summarise([row("1", "P", 0.8, True), row("2", "P", 0.0, False)])
    assert found["P"]["dsc"]["mean"] == pytest.approx(0.4)
    assert in_no_reference(found) == ()


def test_a_composite_has_no_mean_where_no_reference_holds_one_of_its_members() -> None:
    truth, found = np.zeros((8, 8, 8), np.uint8), np.zeros((8, 8, 8), np.uint8)
    truth[2:6, 2:6, 2:6] = 1
    found[2:6, 2:6, 2:6], found[3:5, 3:5, 3:5] = 1, 2
    maps = [LabelMap(array, Geometry(array.shape, np.eye(4)), preset("kits")) for array in (found, truth)]
    rows = [{"case": "1", "organ": organ, **plain(values)} for organ, values in evaluate(*maps).items()]
    summary = summarise(rows)
    assert summary["Kidney_All"]["dsc"]["n"] == 1
    assert {"Kidney_Tumour", "Composite"} <= set(in_no_reference(summary))
    assert summary["Composite"]["dsc"]["mean"] is None


def test_figures_are_as_json_holds_them() -> None:
    values = {
        "missing": True,
        "in_reference": False,
        "hd_mm": math.inf,
        "asd_mm": math.nan,
        "n": 2,
        "dsc": np.float32(0.5),
    }
    found = plain({**values, "apl_mm": None})
    assert json.dumps(found, allow_nan=False) == (
        '{"missing": true, "in_reference": false, "hd_mm": null, "asd_mm": null, "n": 2.0, "dsc": 0.5, "apl_mm": null}'
    )


def gland(folder: Path, name: str, slices: int) -> Path:
    """A prostate of 4 × 4 voxels and so many slices, the first of which is the third of the scan."""
    array = np.zeros((8, 8, 16), np.uint8)
    array[2:6, 2:6, 2 : 2 + slices] = 1
    nib.save(nib.Nifti1Image(array, np.eye(4)), folder / name)
    return folder / name


def test_thirds_are_rows_after_the_whole_and_have_a_summary_of_their_own(tmp_path: Path) -> None:
    scheme, truth = preset("prostate"), gland(tmp_path, "truth.nii.gz", 9)
    rows = score_case(
        "a", gland(tmp_path, "found.nii.gz", 8), truth, scheme=scheme, also=["surface_dice_2mm"], thirds=True
    )
    rows += score_unpredicted("b", truth, scheme=scheme, also=["surface_dice_2mm"], thirds=True)
    assert [(row["case"], row["region"]) for row in rows] == [
        (case, region) for case in "ab" for region in ("whole", "apex", "middle", "base")
    ]
    assert [row["dsc"] for row in rows] == pytest.approx([16 / 17, 1, 1, 4 / 5, 0, 0, 0, 0])
    assert [row["surface_dice_2mm"] for row in rows] == [1, 1, 1, 1, 0, 0, 0, 0]
    assert [row["missing"] for row in rows] == [False] * 4 + [True] * 4
    found = summarise_thirds(rows)
    assert list(found) == ["Prostate"]
    assert list(found["Prostate"]) == ["apex", "middle", "base"]
    base = found["Prostate"]["base"]
    assert (base["n"], base["missing"], base["in_references"]) == (2, 1, 2)
    assert base["dsc"] == pytest.approx({"n": 2, "mean": 0.4, "sd": 0.8 / math.sqrt(2)})
    assert summarise_thirds(row for row in rows if row["region"] == "whole") == {}


def test_without_thirds_no_row_says_a_region(tmp_path: Path) -> None:
    truth = gland(tmp_path, "truth.nii.gz", 9)
    rows = score_case("a", truth, truth, scheme=preset("prostate")) + score_unpredicted("b", truth)
    assert [(row["case"], row["organ"]) for row in rows] == [("a", "Prostate"), ("b", "Label 1")]
    assert all("region" not in row for row in rows)
    assert summarise_thirds(rows) == {}


def test_a_table_has_the_regions_beside_the_organs_where_there_are_some(tmp_path: Path) -> None:
    truth = gland(tmp_path, "truth.nii.gz", 9)
    plain_rows, rows = (score_case("a", truth, truth, scheme=preset("prostate"), thirds=on) for on in (False, True))
    assert as_csv(plain_rows).startswith("case,organ,dsc,")
    text = as_csv(every_case(rows, {"a": ["Doubtful."]}, ["c"], {"d": "error"}))
    read = list(csv.DictReader(io.StringIO(text)))
    assert text.startswith("case,organ,region,dsc,")
    assert [row["region"] for row in read] == ["whole", "apex", "middle", "base", "", ""]
    assert [row["note"] for row in read[:5]] == ["Doubtful."] * 4 + ["no label map of this case holds a label"]
    assert read[5]["error"] == "error"


def test_what_is_doubtful_is_told_once(tmp_path: Path) -> None:
    """A prediction that lies a fifth of a voxel beside its reference."""
    truth = gland(tmp_path, "truth.nii.gz", 9)
    affine = np.eye(4)
    affine[0, 3] = 0.2
    nib.save(nib.Nifti1Image(np.asarray(nib.load(truth).dataobj), affine), tmp_path / "beside.nii.gz")
    told: list[str] = []
    rows = score_case("a", tmp_path / "beside.nii.gz", truth, scheme=preset("prostate"), note=told.append)
    assert [row["dsc"] for row in rows] == [1.0]
    assert len([text for text in told if "0.2 mm off the reference's grid, less than half a voxel" in text]) == 1
    assert len(told) == len(set(told))
