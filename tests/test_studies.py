"""The committed scores of the studies belong to the trainings that their files list."""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from napari_boundaryseg.engine.recipe import recipe

STUDIES = Path(__file__).parents[1] / "benchmarks" / "studies"


@pytest.mark.parametrize("study", sorted(STUDIES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_row_was_made_with_the_settings_that_the_study_lists(study: Path) -> None:
    listed = {
        entry["name"]: recipe(entry["recipe"]).with_settings({**entry.get("settings", {}), "steps": entry["steps"]})
        for entry in tomllib.loads(study.read_text("utf-8"))["training"]
    }
    rows = list(csv.DictReader(study.with_suffix(".csv").open(encoding="utf-8")))
    assert rows
    for row in rows:
        assert row["config"] == listed[row["training"]].digest, (row["training"], row["fold"])
    twice = [key for key, n in Counter((r["training"], r["case"], r["organ"]) for r in rows).items() if n > 1]
    assert not twice, "a case is scored once, by the fold that did not see it"
