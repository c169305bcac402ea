"""`boundaryseg selftest`: what it prints, what it writes, and that a broken metric ends it with 1."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from napari_boundaryseg.data.metrics import metric
from napari_boundaryseg.data.metrics.metric import metrics
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES


def broken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    right = metric._registry[name]
    wrong = replace(right, compute=lambda pair: right.compute(pair) + 0.001)
    monkeypatch.setitem(metric._registry._entries, name, wrong)


def test_it_prints_values_beside_known_ones_with_reasons_and_definitions(boundaryseg) -> None:
    done = boundaryseg("selftest")
    assert done.status == 0, done.out
    assert done.out.rstrip().endswith("All 168 values of 12 metrics on 13 shapes are as they are known.")
    assert "OFF" not in done.out
    for one in metrics(AT_TOLERANCES):
        assert f"  {one.name}: {one.definition}\n" in done.out
    assert "two organs that touch, their interface one voxel off, label 2 (tolerance 0.5 mm)\n" in done.out
    island = done.out.partition("a cube with an island")[2].partition("\n\n")[0]
    assert "0.35 · 5" in island, "how it follows"
    assert ["hd95_mm", "1.750000", "1.750000"] in [line.split() for line in island.splitlines()]
    assert ["asd_mm", "none", "none"] in [line.split() for line in done.out.splitlines()]


@pytest.mark.parametrize("name", ["dsc", "hd95_mm", "surface_dice_2mm", "volume_ml"])
def test_a_broken_metric_ends_it_with_1_and_is_named(
    boundaryseg, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    broken(monkeypatch, name)
    done = boundaryseg("selftest", "--json", tmp_path / "found.json")
    assert done.status == 1
    last = done.out.rstrip().splitlines()[-1]
    assert f"{name} of a cube and itself is " in last
    assert "OFF" in done.out
    report = json.loads((tmp_path / "found.json").read_text())
    assert report["passed"] is False
    assert {value["metric"] for value in report["values"] if not value["right"]} == {name}


def test_the_file_has_everything_and_no_value_that_json_cannot_hold(boundaryseg, tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    assert boundaryseg("selftest", "--json", file).status == 0
    report = json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(name))
    assert report["passed"] is True
    assert len(report["values"]) == 168
    assert report["definitions"]["hd_mm"] == "Hausdorff distance: the largest of all."
    (empty,) = [v for v in report["values"] if v["shapes"] == "both empty" and v["metric"] == "hd_mm"]
    assert (empty["value"], empty["known"], empty["right"]) == (None, None, True)
    (shell,) = [v for v in report["values"] if "shell" in v["shapes"] and v["metric"] == "apl_mm"]
    assert (shell["value"], shell["tolerance_mm"], shell["spacing_mm"], shell["label"]) == (144, 1, [1, 1, 1], 1)
    assert "6 slices" in shell["why"]
    assert boundaryseg("selftest", "--json", file).status == 1, "nothing is replaced unasked"
    assert boundaryseg("selftest", "--json", file, "--overwrite").status == 0
