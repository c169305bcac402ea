"""`boundaryseg evaluate --regions` and `--surface-dice-at`, on boxes whose overlap can be counted."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from cli_study import save

SHAPE = (12, 14, 12)
"""The second axis grows towards the head (`cli_study.AFFINE`)."""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A gland 12 voxels high, found 2 too short at the head; in case b one voxel beside; c is lost."""
    truth = np.zeros(SHAPE, np.uint8)
    truth[3:9, 1:13, 3:9] = 1
    short = np.where(np.arange(14)[:, None] < 11, truth, 0).astype(np.uint8)
    found, references = tmp_path / "found", tmp_path / "references"
    for case, labels in (("a", short), ("b", np.roll(truth, 1, axis=0))):
        save(found / f"{case}_seg.nii.gz", labels)
    for case in ("a", "b", "c"):
        save(references / f"{case}.nii.gz", truth)
    return found, references


def test_regions_are_rows_and_a_summary_of_their_own(boundaryseg, folders, tmp_path: Path) -> None:
    table, file = tmp_path / "scores.csv", tmp_path / "scores.json"
    words = ("evaluate", *folders, "--scheme", "prostate", "--csv", table, "--json", file)
    done = boundaryseg(*words, "--regions")
    assert done.status == 0, done.err
    rows = {(row["case"], row["region"]): row for row in csv.DictReader(table.open())}
    assert list(rows) == [(case, part) for case in "abc" for part in ("whole", "apex", "middle", "base")]
    dsc = {key: float(row["dsc"]) for key, row in rows.items()}
    assert dsc["a", "whole"] == pytest.approx(2 * 10 / 22)
    assert [dsc["a", part] for part in ("apex", "middle", "base")] == pytest.approx([1, 1, 2 * 2 / (2 + 4)])
    assert [dsc["b", part] for part in ("apex", "middle", "base")] == pytest.approx([5 / 6] * 3)
    assert [dsc["c", part] for part in ("apex", "middle", "base")] == [0, 0, 0]
    assert [rows["c", part]["missing"] for part in ("whole", "apex")] == ["True", "True"]
    assert float(rows["a", "base"]["reference_ml"]) == pytest.approx(
        4 * 36 * float(rows["a", "whole"]["reference_ml"]) / 432
    )
    report = json.loads(file.read_text())
    assert report["summary"]["Prostate"]["n"] == 3, "a whole counts once"
    assert report["summary"]["Prostate"]["dsc"]["mean"] == pytest.approx((20 / 22 + 5 / 6) / 3)
    assert report["regions"]["Prostate"]["base"]["dsc"]["mean"] == pytest.approx((4 / 6 + 5 / 6) / 3)
    assert (report["regions"]["Prostate"]["apex"]["n"], report["regions"]["Prostate"]["apex"]["missing"]) == (3, 1)
    assert "Prostate, by third from the feet to the head:" in done.out
    assert "Missing, and left out" not in done.out, "a case without a prediction is said once"
    plain = boundaryseg(*words, "--overwrite")
    assert "apex" not in plain.out
    assert list(csv.DictReader(table.open()).fieldnames or [])[:3] == ["case", "organ", "dsc"]
    assert "regions" not in json.loads(file.read_text())


def test_surface_dice_at_several_tolerances_has_a_column_for_each(boundaryseg, folders, tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    words = ("evaluate", *folders, "--predicted-only", "--scheme", "prostate", "--csv", table, "--overwrite")
    done = boundaryseg(*words, "--surface-dice-at", "1,2,3,7.5", "--tolerance-mm", "0.5")
    assert done.status == 0, done.err
    (row,) = [row for row in csv.DictReader(table.open()) if row["case"] == "a"]
    named = {name: float(value) for name, value in row.items() if name.startswith("surface_dice")}
    assert list(named) == ["surface_dice", *(f"surface_dice_{mm}mm" for mm in ("1", "2", "3", "7.5"))]
    assert (
        named["surface_dice"]
        <= named["surface_dice_1mm"]
        < named["surface_dice_3mm"]
        <= named["surface_dice_7.5mm"]
        == 1
    )
    assert "surface_dice_7.5mm" in done.out
    done = boundaryseg(*words, "--surface-dice-at", "2", "--regions")
    rows = [row for row in csv.DictReader(table.open()) if row["case"] == "a"]
    assert [float(row["surface_dice_2mm"]) for row in rows if row["region"] in ("apex", "middle")] == [1, 1]
    assert "surface_dice_1mm" not in rows[0]


@pytest.mark.parametrize("given", ["1;2", "one", "1,,2", "-1", "inf", "nan"])
def test_what_is_no_list_of_tolerances_is_refused(boundaryseg, folders, given: str) -> None:
    done = boundaryseg("evaluate", *folders, f"--surface-dice-at={given}")
    assert (done.status, done.out) == (1, "")
    assert "Write 1,2,3" in done.err or "is no tolerance" in done.err
