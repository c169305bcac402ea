"""Mean and sample SD, and what is said where there is none."""

from __future__ import annotations

import ast
import math
import statistics
from pathlib import Path

import pytest

from napari_boundaryseg.data.mean_sd import MeanSd, mean_sd


def test_it_is_the_sample_sd() -> None:
    values = [0.8, 0.85, 0.91, 0.7]
    found = mean_sd(values)
    assert found.n == 4
    assert found.mean == pytest.approx(statistics.mean(values))
    assert found.sd == pytest.approx(statistics.stdev(values))
    assert found.text() == "0.815 ± 0.089"


def test_one_case_has_no_sd() -> None:
    assert mean_sd([0.8]) == MeanSd(1, 0.8, None)
    assert mean_sd([0.8]).text(2) == "0.80 (n = 1)"


def test_what_is_not_there_is_left_out() -> None:
    assert mean_sd([1.0, None, math.nan, math.inf, 3.0]) == MeanSd(2, 2.0, math.sqrt(2))
    assert mean_sd([None, math.nan]) == MeanSd(0, None, None)
    assert mean_sd([]).text() == "-"


SIMULATED = {"arcs.py", "chart.py", "null_comparisons.py"}


def test_no_other_file_computes_the_sd_of_scores(root: Path) -> None:
    """NumPy's SD of the population, and of anything, is asked for in a few more places, none of them of scores.

    Intensities, distances of observers in a voxel; simulated series and features of places in the review's benchmarks.
    """
    found = set()
    for folder in ("napari_boundaryseg", "tools", "benchmarks"):
        for path in (root / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in ("std", "nanstd", "stdev", "pstdev"):
                    found.add(path.name)
    assert found == {"mean_sd.py", "intensities.py", "augment.py", "nnunet.py", "observers.py", *SIMULATED}
