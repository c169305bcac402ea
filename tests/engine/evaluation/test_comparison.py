"""Before and after: the verdict does not flatter."""

import math

import pytest

from napari_boundaryseg.data.metrics import names
from napari_boundaryseg.engine.evaluation.comparison import as_markdown, bootstrap_mean, compare


def scores(changes: list[float], missing: bool = False) -> dict:
    def organ(dsc: float) -> dict[str, float]:
        return {
            "dsc": dsc,
            "surface_dice": dsc,
            "hd95_mm": math.nan,
            "apl_mm": 3.0,
            "volume_ml": 1.0,
            "reference_ml": 2.0,
            "missing": missing,
        }

    return {
        f"case {n}": {"before": {"Prostate": organ(0.7)}, "after": {"Prostate": organ(0.7 + change)}}
        for n, change in enumerate(changes)
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([0.05, 0.06, 0.04, 0.05], "better"),
        ([-0.05, -0.06, -0.04], "worse"),
        ([0.05, -0.06, 0.04, -0.02], "no evidence"),
        ([0.0, 0.0, 0.0], "no evidence"),
        ([0.2, 0.2], "no evidence"),
    ],
)
def test_verdict(changes, expected):
    assert compare(scores(changes))["verdict"] == expected


def test_bootstrap_interval_holds_the_mean():
    mean, low, high = bootstrap_mean([0.0, 0.1, 0.2, 0.3])
    assert mean == pytest.approx(0.15)
    assert low < mean < high


def test_a_missed_organ_counts_as_zero_and_is_named():
    values = scores([0.1, 0.1, 0.1])
    for pair in values.values():
        pair["before"]["Prostate"]["dsc"] = math.nan
    comparison = compare(values)
    assert comparison["change"]["mean"] == pytest.approx(0.8)
    assert "missing" in as_markdown(comparison)


def test_markdown_has_a_row_per_case_and_the_verdict():
    page = as_markdown(compare(scores([0.05, 0.06, 0.04])))
    assert page.count("| case ") == 4
    assert "Verdict: better" in page
    assert "not a medical device" in page


def test_an_organ_that_only_one_model_sees_where_there_is_none_counts_for_the_other():
    values = scores([0.0, 0.0, 0.0])
    for pair in values.values():
        pair["before"]["Rectum"] = {"dsc": 0.0, "missing": True, "volume_ml": 3.0, "reference_ml": 0.0}
    comparison = compare(values)
    assert comparison["verdict"] == "better"
    assert comparison["change"]["mean"] == pytest.approx(0.5)
    swapped = {case: {"before": pair["after"], "after": pair["before"]} for case, pair in values.items()}
    assert compare(swapped)["verdict"] == "worse"
    assert "Rectum" in as_markdown(compare(swapped))


def test_a_scan_without_organs_that_gets_none_changes_nothing():
    assert compare({"empty": {"before": {}, "after": {}}})["change"]["mean"] == 0


def test_every_metric_is_compared_and_a_figure_that_stays_is_said_once():
    values = scores([0.05, 0.06, 0.04])
    for pair in values.values():
        pair["before"]["Prostate"] |= {"jaccard": 0.5, "asd_mm": 2.0}
        pair["after"]["Prostate"] |= {"jaccard": 0.6, "asd_mm": 2.0}
    comparison = compare(values)
    row = comparison["cases"][0]
    assert {f"{name}_{when}" for name in names() for when in ("before", "after")} <= set(row)
    assert (row["jaccard_before"], row["jaccard_after"], row["hd_mm_after"]) == (0.5, 0.6, None)
    head, line = (line for line in as_markdown(comparison).splitlines() if line.startswith(("| case |", "| case 0 |")))
    cells = dict(zip(head.split(" | "), line.split(" | "), strict=True))
    assert (cells["DSC"], cells["Jaccard"], cells["ASD (mm)"]) == ("0.700 → 0.750", "0.500 → 0.600", "2.000")
    assert (cells["HD95 (mm)"], cells["volume (mL)"]) == ("missing", "1.000")


def test_a_comparison_of_an_older_version_is_still_a_page():
    old = compare(scores([0.05]))
    for row in old["cases"]:
        for key in [key for key in row if key.startswith(("jaccard", "asd", "hd_mm"))]:
            del row[key]
    assert "Jaccard" not in as_markdown(old)
    assert "| DSC |" in as_markdown(old)
