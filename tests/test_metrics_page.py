"""The page of evidence about the metrics: its tables are those of the files, and its figures follow from them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from napari_boundaryseg.data.metrics import metrics
from napari_boundaryseg.data.metrics.selftest.check import check, known_answers

HERE = "benchmarks/metrics"


@pytest.mark.parametrize("name", ["agreement", "surfaces"])
def test_its_tables_are_made_of_the_files(root: Path, scripts: Callable[..., ModuleType], name: str) -> None:
    tool = scripts(f"{HERE}/evidence_page.py", f"{HERE}/other_libraries.py", f"{HERE}/{name}.py")
    with tool.TABLE.open() as file:
        table = tool.as_markdown(list(csv.DictReader(file)))
    page = (root / "docs/evidence/metrics.md").read_text("utf-8")
    assert f"<!-- {name} -->\n{table}\n<!-- end -->" in page


def test_the_other_libraries_agree_in_the_file(root: Path) -> None:
    with (root / HERE / "agreement.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["data"] for row in rows} == {"check set", "hippocampus"}
    assert len({row["case"] for row in rows if row["data"] == "hippocampus"}) == 29
    for row in rows:
        ours = float(row["ours"])
        assert float(row["SimpleITK"]) == pytest.approx(ours, abs=1e-6, rel=1e-6)
        if row["MONAI"] and row["cut"] == "0":
            limit = 5e-5 if row["metric"] == "hd95_mm" else 1e-6
            assert float(row["MONAI"]) == pytest.approx(ours, abs=limit, rel=limit)


def test_it_defines_every_metric_and_counts_what_is_checked(root: Path) -> None:
    page = (root / "docs/evidence/metrics.md").read_text("utf-8")
    for metric in metrics():
        if metric.compute.__module__.startswith("napari_boundaryseg."):
            assert f"`{metric.name}`" in page
    found = list(check())
    assert len(known_answers()) == 13
    assert f"{len(found)} values of {len({one.metric.name for one in found})} metrics" in page
