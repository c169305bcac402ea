"""Before and after: the verdict does not flatter."""

import math

import pytest

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
