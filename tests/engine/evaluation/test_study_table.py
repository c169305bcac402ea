"""The table of a study: no fold's row gets lost, old tables are read, mean and SD are over cases."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from filelock import FileLock
from patience import PATIENCE_S, nothing_happens

from napari_boundaryseg.data.datasets import Case
from napari_boundaryseg.engine.evaluation.study import Training
from napari_boundaryseg.engine.evaluation.study_table import (
    as_markdown,
    columns,
    is_done,
    keep_fold,
    read_table,
    rows_of_case,
    scored,
    values,
    write_table,
)

OLD_HEAD = "training,fold,config,case,group,organ,dsc,surface_dice,asd_mm,hd95_mm,tolerance_mm,prior_dsc,seconds"
TRAINING = Training("sgm", "hippocampus-sgm", 10, (0, 1))


def row(fold: int, dsc: str = "0.5", case: str = "a") -> dict[str, Any]:
    return {**dict.fromkeys(columns(), "1"), "training": "sgm", "fold": str(fold), "case": case, "dsc": dsc}


def test_two_folds_that_end_together_both_keep_their_rows(tmp_path: Path) -> None:
    table = tmp_path / "study.csv"
    keep_fold(table, "sgm", 0, [row(0)])
    with FileLock(table.with_suffix(".lock")):
        second = threading.Thread(target=keep_fold, args=(table, "sgm", 1, [row(1)]))
        second.start()
        nothing_happens()
        assert second.is_alive(), "it waits until the other has written"
        write_table(table, [row(0), row(2)])
    second.join(PATIENCE_S)
    assert [r["fold"] for r in read_table(table)] == ["0", "1", "2"]


def test_a_fold_that_is_run_again_replaces_its_rows(tmp_path: Path) -> None:
    table = tmp_path / "study.csv"
    keep_fold(table, "sgm", 0, [row(0)])
    keep_fold(table, "sgm", 1, [row(1)])
    keep_fold(table, "sgm", 0, [row(0, "0.7")])
    assert [(r["fold"], r["dsc"]) for r in read_table(table)] == [("0", "0.7"), ("1", "0.5")]


def test_a_table_without_the_newer_metrics_is_kept_and_read(tmp_path: Path) -> None:
    table = tmp_path / "study.csv"
    table.write_text(f"{OLD_HEAD}\nsgm,0,x,a,a,GTV,0.8,nan,2,6,3,0.6,120\n")
    keep_fold(table, "sgm", 1, [row(1, "0.6", "b")])
    old, new = read_table(table)
    assert ",".join(old[key] for key in OLD_HEAD.split(",")) == "sgm,0,x,a,a,GTV,0.8,nan,2,6,3,0.6,120"
    assert (old["jaccard"], new["jaccard"]) == ("", "1")
    assert values([old, new], "jaccard") == [None, 1.0]


def test_a_fold_is_done_with_these_settings_only() -> None:
    scores = {"GTV": {metric.name: 0.5 for metric in scored()} | {"tolerance_mm": 2.0}}
    case = Case("a", (Path("a.nii"),), None, "patient")
    (made,) = rows_of_case(TRAINING, 1, case, scores, {"GTV": 0.25}, 99.6)
    assert set(made) == set(columns())
    assert (made["dsc"], made["prior_dsc"], made["seconds"], made["group"]) == ("0.5000", "0.2500", "100", "patient")
    assert rows_of_case(TRAINING, 1, case, scores, {}, 0)[0]["prior_dsc"] == "", "a region has no label prior"
    read = {key: str(value) for key, value in made.items()}
    assert is_done([read], TRAINING, 1)
    assert not is_done([read], TRAINING, 0)
    assert not is_done([{**read, "config": "other"}], TRAINING, 1)


def test_the_page_has_mean_and_sample_sd_of_the_cases_that_have_a_value(tmp_path: Path) -> None:
    table = tmp_path / "study.csv"
    lines = ("sgm,0,x,a,a,GTV,0.8,nan,2,6,3,0.6,120", "sgm,1,x,b,b,GTV,0.6,nan,4,nan,3,0.4,240")
    table.write_text("\n".join([OLD_HEAD, *lines, ""]))
    head, _, line = as_markdown(read_table(table)).splitlines()
    cells = dict(zip(head.split(" | "), line.split(" | "), strict=True))
    assert cells["DSC"] == "0.700 ± 0.141"
    assert cells["HD95 (mm)"] == "6.000 (n = 1)"
    assert cells["surface Dice"] == "-"
    assert (cells["n"], cells["folds"], cells["tolerance (mm)"], cells["label prior DSC"]) == ("2", "2", "3", "0.500")
    assert "Jaccard" not in head, "a metric that no row has"
    assert line.endswith("| 3 |")
