"""The table of metrics: what each says of itself, and that one new file is seen everywhere."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE_S

from napari_boundaryseg.data.metrics import StructurePair, compare_masks, metrics, names, register, structure_pair
from napari_boundaryseg.data.metrics.label_maps import row_of
from napari_boundaryseg.data.metrics.metric import Metric
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.errors import InputError

CUBE = np.zeros((12, 12, 12), bool)
CUBE[3:9, 3:9, 3:9] = True
NOTHING = np.zeros_like(CUBE)

NEW_METRIC = '''"""Relative volume difference."""
from napari_boundaryseg.data.metrics.metric import register


@register("rvd", title="RVD", better="zero", absent=0.0)
def relative_volume_difference(pair):
    """Of the reference's volume."""
    return (pair.n_prediction - pair.n_reference) / pair.n_reference if pair.n_reference else float("nan")
'''

EVERYWHERE = """
import json, sys
from pathlib import Path
import nibabel as nib
import numpy as np
import napari_boundaryseg
import napari_boundaryseg as bs
from napari_boundaryseg.cli import evaluate as command
from napari_boundaryseg.engine.evaluation import comparison, comparison_page, scoring, study_table
from napari_boundaryseg.engine.recipes.shipped import recipe

here = Path(sys.argv[1])
assert Path(napari_boundaryseg.__file__).is_relative_to(here), napari_boundaryseg.__file__
truth = np.zeros((8, 8, 8), np.uint8)
truth[2:6, 2:6, 2:6] = 1
found = truth.copy()
found[5] = 0
for name, array in (("found", found), ("truth", truth)):
    nib.save(nib.Nifti1Image(array, np.eye(4)), here / f"{name}.nii.gz")
rows = scoring.score_case("a", here / "found.nii.gz", here / "truth.nii.gz")
scores = {"Label 1": {k: v for k, v in rows[0].items() if k not in ("case", "organ")}}
compared = comparison.compare({"a": {"before": scores, "after": {}}})
sys.path.insert(0, str(here / "tools"))
import model_scores
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.evaluation.card_scores import card_scores
card = Card(name="a", recipe=recipe("be-msd09"), parameters=1, scores=card_scores({("Label 1", "rvd"): [0.1, 0.2]}))
print(json.dumps({
    "recipe": recipe("be-msd09").with_settings({"metrics": ["dsc", "rvd"]}).metrics,
    "evaluate": bs.evaluate(bs.read(here / "found.nii.gz").with_labels(found),
                            bs.read(here / "truth.nii.gz").with_labels(truth))["Label 1"]["rvd"],
    "csv": command.as_csv(rows),
    "text": command.as_text(scoring.summarise(rows), {}),
    "comparison": compared["cases"][0],
    "page": comparison_page.as_markdown(compared),
    "study": study_table.columns(),
    "models": model_scores.scores(card),
    "torch": "torch" in sys.modules,
}))
"""


def test_every_metric_says_what_it_is() -> None:
    table = metrics()
    assert len({metric.title for metric in table}) == len(table)
    for metric in table:
        assert metric.title
        assert not metric.unit or metric.name.endswith(f"_{metric.unit.lower()}")
        assert metric.better != "neither" or metric.unit, "what has no better way is a size"
        assert (metric.compute.__doc__ or "").strip()


def test_two_masks_that_agree_are_the_best_and_worse_ones_are_worse() -> None:
    same = compare_masks(CUBE, CUBE, (1, 1, 1), 0.5)
    worse = compare_masks(np.roll(CUBE, 2, 0), CUBE, (1, 1, 1), 0.5)
    for metric in metrics():
        if metric.better == "higher":
            assert same[metric.name] == 1 > worse[metric.name] >= 0, metric.name
        elif metric.better == "lower":
            assert same[metric.name] == 0 < worse[metric.name], metric.name
        elif metric.better == "zero":  # which a mask of the same size at another place may reach too
            assert same[metric.name] == 0, metric.name


@pytest.mark.parametrize(("found", "truth"), [(NOTHING, CUBE), (CUBE, NOTHING)], ids=["not found", "not there"])
def test_a_missing_structure_counts_as_the_table_says(found: np.ndarray, truth: np.ndarray) -> None:
    row = compare_masks(found, truth, (1, 1, 1))
    assert row["missing"] is True
    for metric in metrics():
        if metric.missing is not None:
            assert row[metric.name] == pytest.approx(metric.missing, nan_ok=True)
    assert row["apl_mm"] == (6 * 20 if truth.any() else 0), "a contour that is not there must be drawn"
    assert (row["volume_ml"], row["reference_ml"]) == (found.sum() / 1000, truth.sum() / 1000)
    assert row["in_reference"] is bool(truth.any())


def test_columns_come_in_their_order_and_a_structure_of_neither_mask_is_agreed_on() -> None:
    nan = math.nan
    absent = {
        "dsc": 1.0,
        "jaccard": 1.0,
        "asd_mm": nan,
        "hd_mm": nan,
        "hd95_mm": nan,
        "surface_dice": nan,
        "apl_mm": nan,
        "volume_ml": 0.0,
        "reference_ml": 0.0,
    }
    ours = [metric for metric in metrics() if metric.name in absent]  # a package may add some
    assert [metric.name for metric in ours] == [name for name in names() if name in absent] == list(absent)
    assert {metric.name: metric.absent for metric in ours} == pytest.approx(absent, nan_ok=True)


def test_slices_lie_along_the_last_axis_where_nobody_says_otherwise() -> None:
    mask = np.zeros((8, 9, 10), bool)
    mask[1:6, 2:6, 2:5] = True
    paths = [compare_masks(np.zeros_like(mask), mask, (1, 1, 1), slice_axis=axis)["apl_mm"] for axis in range(3)]
    pair = StructurePair.of(np.zeros_like(mask), mask, (1, 1, 1), 0.5)
    plainly = StructurePair(mask, mask, (1, 1, 1), 0.5, 0.001)
    assert pair.slice_axis == plainly.slice_axis == 2
    assert (plainly.scan_voxels, pair.scan_voxels) == (0, mask.size)
    assert len({pair, plainly, pair}) == 2, "a pair is itself, whatever its arrays hold"
    assert compare_masks(np.zeros_like(mask), mask, (1, 1, 1))["apl_mm"] == paths[2]
    assert len(set(paths)) == 3


def test_distances_are_computed_once_for_a_structure(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(*arguments: object) -> tuple[np.ndarray, np.ndarray]:
        calls.append(arguments)
        return original(*arguments)

    original = structure_pair.surface_distances
    monkeypatch.setattr(structure_pair, "surface_distances", counted)
    compare_masks(np.roll(CUBE, 1, 0), CUBE, (1, 1, 1))
    assert len(calls) == 1
    compare_masks(NOTHING, CUBE, (1, 1, 1))
    assert len(calls) == 1, "and not at all where there are none"


def test_masks_are_cut_out_with_a_rim_where_the_scan_has_one() -> None:
    pair = StructurePair.of(CUBE, NOTHING, (1, 1, 1), 2.0)
    assert pair.prediction.shape == pair.reference.shape == (8, 8, 8)
    assert (pair.n_prediction, pair.n_reference, pair.n_both, pair.missing) == (216, 0, 0, True)
    cut = np.roll(CUBE, -3, 0)
    assert StructurePair.of(cut, cut, (1, 1, 1), 2.0).prediction.shape == (7, 8, 8)
    assert pair.voxel_ml == 0.001


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="The metric 'dsc' is registered twice"):
        register("dsc", title="another", better="higher")(lambda pair: math.nan)
    assert names().count("dsc") == 1


def test_an_unknown_name_is_no_metric() -> None:
    from napari_boundaryseg.data.metrics import metric

    with pytest.raises(InputError, match="there is no such metric"):
        metric._registry["dice"]


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """The project's tree, without weights, with one file more."""
    skip = shutil.ignore_patterns("*.safetensors", "__pycache__")
    for folder in ("napari_boundaryseg", "tools"):
        shutil.copytree(root / folder, tmp_path / folder, ignore=skip)
    shutil.copytree(root / "benchmarks" / "studies", tmp_path / "benchmarks" / "studies", ignore=skip)
    (tmp_path / "napari_boundaryseg" / "data" / "metrics" / "relative_volume.py").write_text(NEW_METRIC)
    return tmp_path


def test_a_new_metric_is_one_new_file(copy: Path) -> None:
    """Recipes, `evaluate` and its CSV, the comparison, the study's and the models' tables have it."""
    done = subprocess.run(
        [sys.executable, "-c", EVERYWHERE, str(copy)],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["recipe"] == ["dsc", "rvd"]
    assert said["evaluate"] == -0.25
    head, line = said["csv"].splitlines()
    assert dict(zip(head.split(","), line.split(","), strict=True))["rvd"] == "-0.25"
    assert "rvd" in said["text"]
    assert (said["comparison"]["rvd_before"], said["comparison"]["rvd_after"]) == (-0.25, 0)
    assert "| RVD |" in said["page"]
    assert "-0.250 → 0.000" in said["page"]
    assert "rvd" in said["study"]
    assert "RVD" in said["models"]
    assert "0.150 ± 0.071" in said["models"]
    assert said["torch"] is False


def test_a_metric_says_which_way_is_better() -> None:
    with pytest.raises(ValueError, match="better is 'nonsense', and none of higher, lower, zero, neither"):
        register("wrong", title="wrong", better="nonsense")  # type: ignore[arg-type]


def test_equal_structures_that_fill_the_scan_agree() -> None:
    full = np.ones((4, 4, 4), bool)
    half = full.copy()
    half[2:] = False
    assert compare_masks(full, full, (1, 1, 1))["surface_dice"] == 1
    assert compare_masks(half, full, (1, 1, 1))["surface_dice"] == 0


def test_a_metric_is_measured_of_everything_and_stands_last_unless_it_says_otherwise() -> None:
    plain = Metric("plain", lambda pair: 0.5, "Plain", "higher")
    assert (plain.unit, plain.missing, plain.on_request, plain.of_parts) == ("", None, False, True)
    assert math.isnan(plain.absent)
    assert plain.order > max(metric.order for metric in metrics())
    assert plain.heading == "Plain"
    with pytest.raises(FrozenInstanceError):
        plain.order = 1  # type: ignore[misc]


def test_a_share_of_nothing_in_common_with_nothing_is_all_of_it() -> None:
    """Overlaps that are measured on request are 1 where neither mask holds the structure, as DSC is."""
    asked = {metric.name: metric for metric in metrics(["border_dsc", "slice_dsc"])}
    assert asked["border_dsc"].absent == asked["slice_dsc"].absent == asked["dsc"].absent == 1.0


def test_a_part_is_of_masks_as_the_whole_is_and_one_voxel_of_surface_is_enough() -> None:
    """Two bars, and the part of one voxel beyond the shorter one's end."""
    long, short = np.zeros((9, 3, 3), bool), np.zeros((9, 3, 3), bool)
    long[1:7, 1, 1], short[1:6, 1, 1] = True, True
    part = StructurePair.of(long, short, (2.0, 1.0, 1.0), 0.5).part(
        np.arange(8)[:, None, None] * np.ones((8, 3, 3)) > 5
    )
    assert part.prediction.dtype == part.reference.dtype == bool
    assert (part.n_prediction, part.n_reference) == (1, 0)
    assert [len(found) for found in part.distances_mm] == [1, 0]
    row = row_of(part)
    assert (row["asd_mm"], row["hd_mm"], row["surface_dice"]) == (2.0, 2.0, 0.0)


@pytest.mark.parametrize(
    ("ml", "text"),
    [(0, "0.0"), (0.04, "0.04"), (1.005, "1.00"), (9.99, "9.99"), (9.996, "10.0"), (10.5, "10.5"), (143.24, "143.2")],
)
def test_volumes_are_read_to_hundredths_below_ten(ml: float, text: str) -> None:
    assert ml_text(ml) == text
