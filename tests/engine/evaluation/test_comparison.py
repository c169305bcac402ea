"""Before and after: the verdict does not flatter."""

import json
import math
from typing import Any

import pytest

from napari_boundaryseg.data.labels import Composite, LabelScheme, preset
from napari_boundaryseg.data.metrics import names
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.evaluation.comparison import compare, migrated, wins, with_scores
from napari_boundaryseg.engine.evaluation.comparison_page import as_markdown
from napari_boundaryseg.engine.evaluation.comparison_words import change_in_words, remarks
from napari_boundaryseg.engine.recipes.shipped import recipe


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


def test_a_missed_organ_counts_as_zero_and_is_named():
    values = scores([0.1, 0.1, 0.1])
    for pair in values.values():
        pair["before"]["Prostate"] |= {"dsc": math.nan, "surface_dice": math.nan}
    comparison = compare(values)
    assert comparison["change"]["mean"] == pytest.approx(0.8)
    assert "missing" in as_markdown(comparison)


def test_markdown_has_a_row_per_case_and_the_verdict():
    page = as_markdown(compare(scores([0.05, 0.06, 0.04])))
    assert page.count("| case ") == 4
    assert "Verdict: better" in page
    assert "not a medical device" in page


def found_where_there_is_none(volume_ml: float) -> dict[str, Any]:
    figures = {"dsc": 0.0, "surface_dice": 0.0, "apl_mm": 0.0}
    return {**figures, "missing": True, "volume_ml": volume_ml, "reference_ml": 0.0}


def test_an_organ_that_no_reference_holds_has_no_dice_and_is_named() -> None:
    """Of one organ nobody drew anything: the model before found it, the one after lost it."""
    values = scores([0.0, 0.0, 0.0, 0.0])
    for pair in values.values():
        pair["before"]["Rectum"] = found_where_there_is_none(3.25)
    comparison = compare(values, preset("pelvis-mr"), not_taught=("Rectum",))
    assert (comparison["verdict"], comparison["change"]["mean"]) == ("no evidence", 0)
    assert {row["organ"] for row in comparison["cases"]} == {"Prostate"}
    assert comparison["unscored"][0] == {
        "case": "case 0",
        "organ": "Rectum",
        "volume_ml_before": 3.25,
        "volume_ml_after": 0.0,
    }
    assert comparison["not_in_references"] == ["Bladder", "Rectum"]
    page = as_markdown(comparison)
    assert "No judging case has Bladder: the verdict says nothing of it" in page
    assert "No case has Rectum: the new model was taught that there is none, and may have lost it" in page
    assert "3.25 mL are found before and 0.00 mL after (mean of 4 cases), which is not scored" in page
    assert "| Rectum |" not in page


def test_false_positives_never_make_a_verdict_either_way() -> None:
    values = scores([0.05, 0.06, 0.04])
    for pair in values.values():
        pair["after"]["Rectum"] = found_where_there_is_none(40.0)
    comparison = compare(values)
    assert (comparison["verdict"], comparison["change"]["mean"]) == ("better", pytest.approx(0.05))
    assert "40.00 mL after (mean of 3 cases)" in " ".join(remarks(comparison))


def test_an_organ_counts_in_the_cases_whose_reference_holds_it_and_in_no_other() -> None:
    values = scores([0.1, 0.1, 0.2])
    values["case 0"]["before"]["Prostate"] = found_where_there_is_none(5.0)
    del values["case 0"]["after"]["Prostate"]
    comparison = compare(values, preset("prostate"))
    assert (comparison["n"], comparison["change"]["mean"]) == (2, pytest.approx(0.15))
    assert comparison["not_in_references"] == []


def test_a_composite_counts_only_where_the_reference_holds_all_of_its_members() -> None:
    organs = preset("hippocampus").organs
    members = tuple(organ.name for organ in organs)
    scheme = LabelScheme(name="two", organs=organs, composites=(Composite(name="Both", members=members),))
    values = scores([0.0])
    row = values["case 0"]["before"]["Prostate"]
    mean = {**row, "volume_ml": math.nan, "reference_ml": math.nan}
    for side in values["case 0"].values():
        side |= {members[0]: row, members[1]: row, "Both": mean}
    rows = {row["organ"] for row in compare(values, scheme)["cases"]}
    assert rows == {"Prostate", *members, "Both"}
    for side in values["case 0"].values():
        side[members[1]] = found_where_there_is_none(1.0)
    assert "Both" not in {row["organ"] for row in compare(values, scheme)["cases"]}


def test_a_scan_whose_reference_holds_nothing_judges_nothing() -> None:
    comparison = compare({"empty": {"before": {}, "after": {}}})
    assert (comparison["n"], comparison["change"]["mean"], comparison["verdict"]) == (0, None, "no evidence")
    assert "no case could judge" in as_markdown(comparison)
    assert json.loads(json.dumps(comparison, allow_nan=False)) == comparison


def test_the_cases_of_one_patient_count_once() -> None:
    values = scores([0.05, 0.06, 0.04, 0.05, 0.06])
    one = compare(values, patients=dict.fromkeys(values, "somebody"))
    assert (one["n"], one["n_cases"], one["verdict"]) == (1, 5, "no evidence")
    two = compare(values, patients={"case 0": "a", "case 1": "a"})
    assert (two["n"], two["n_cases"], two["verdict"]) == (4, 5, "better")
    assert "n = 4 patients with 5 cases" in change_in_words(two)
    assert two["change"]["mean"] == pytest.approx((0.055 + 0.04 + 0.05 + 0.06) / 4)


def test_only_a_model_that_is_better_in_every_organ_that_it_has_may_replace_another() -> None:
    scheme = preset("prostate")
    assert wins(compare(scores([0.05, 0.06, 0.04]), scheme))
    assert not wins(compare(scores([-0.05, -0.06, -0.04]), scheme))
    assert not wins(compare(scores([0.05, 0.06, 0.04]), preset("pelvis-mr"))), "the rectum was never judged"
    assert not wins(compare(scores([0.05, 0.06, 0.04]), scheme, not_taught=["Prostate"]))
    assert not wins(None)


def test_who_may_not_judge_is_named_with_the_reason() -> None:
    comparison = compare(scores([0.1]), excluded={"case 7": "an earlier version saw it"}, unknown_ancestry=True)
    said = " ".join(remarks(comparison))
    assert "case 7 may not judge: an earlier version saw it." in said
    assert "could not be checked" in said


def test_the_verdict_says_what_it_rests_on_organ_by_organ() -> None:
    values = scores([0.05, 0.06, 0.04, 0.05])
    for pair in values.values():
        pair["before"]["Bladder"] = pair["before"]["Prostate"]
        pair["after"]["Bladder"] = {**pair["after"]["Prostate"], "apl_mm": 1.0}
    page = as_markdown(compare(values))
    assert "**Verdict: better** — surface Dice, mean over the organs that the reference holds: +0.0500 (95 %" in page
    assert "- To be drawn anew, of an organ: -1 mm (no interval: all changes are equal)" in page
    assert "- Bladder: better, surface Dice +0.050 (95 % interval +0.037 to +0.063, n = 4)." in page
    assert "With 4 patients a true gain of one SD is found in 3 of 10 trials." in page
    for pair in values.values():
        pair["after"]["Bladder"] = {**pair["before"]["Bladder"], "surface_dice": 0.68}
    worse = compare(values)
    assert (worse["verdict"], wins(worse)) == ("no evidence", False)
    assert "Not called better, for Bladder is perhaps worse." in as_markdown(worse)


def test_a_gain_smaller_than_what_matters_is_no_evidence() -> None:
    values = scores([0.005, 0.006, 0.004])
    assert compare(values)["verdict"] == "no evidence"
    assert "Not called better, for the gain of surface Dice is smaller than 0.01." in remarks(compare(values))
    assert compare(values, smallest=0.004)["verdict"] == "better"


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
    new = compare(scores([0.05, 0.06]))
    old = {name: new[name] for name in ("verdict", "n", "metric", "change", "cases")}
    for row in old["cases"]:
        for key in [key for key in row if key.startswith(("jaccard", "asd", "hd_mm"))]:
            del row[key]
    assert "Jaccard" not in as_markdown(old)
    assert "| DSC |" in as_markdown(old)
    assert "by the bootstrap of an older version" in as_markdown(old)
    assert "bootstrap" not in as_markdown(new)


def test_what_a_comparison_of_an_older_version_did_not_say_is_nothing() -> None:
    change = {"mean": 0.1, "low": 0.0, "high": 0.2}
    old = migrated({"verdict": "better", "n": 3, "change": change, "cases": []})
    assert old.pop("interval") != compare(scores([0.1]))["interval"]
    assert old == {
        "format": "napari-boundaryseg-comparison/3",
        "verdict": "better",
        "n": 3,
        "n_cases": 3,
        "metric": "dsc, mean over organs",
        "change": change,
        "cases": [],
        "unscored": [],
        "not_in_references": [],
        "not_taught": [],
        "excluded": {},
        "copies": [],
        "unknown_ancestry": False,
        "path": None,
        "organs": [],
        "held_back": [],
        "smallest": None,
        "models": 0,
        "on_slices": {},
        "earlier": None,
    }


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_structure_is_missing_before_when_the_model_before_did_not_find_it(lost: str) -> None:
    values = scores([0.1])
    values["case 0"][lost]["Prostate"]["missing"] = True
    (row,) = compare(values)["cases"]
    assert row["missing_before"] == (lost == "before")


@pytest.mark.parametrize("found", ["before", "after"])
def test_what_one_model_alone_finds_of_an_undrawn_organ_is_nothing_for_the_other(found: str) -> None:
    values = scores([0.1])
    values["case 0"][found]["Rectum"] = found_where_there_is_none(7.0)
    other = {"before": "after", "after": "before"}[found]
    values["case 0"][other]["Rectum"] = {"dsc": 0.0, "missing": True, "reference_ml": 0.0}  # it says no volume
    (row,) = compare(values)["unscored"]
    assert (row[f"volume_ml_{found}"], row[f"volume_ml_{other}"]) == (7.0, 0.0)


def test_a_case_that_is_labelled_with_the_old_models_own_result_judges_nothing() -> None:
    values = scores([-0.5, 0.05, 0.06, 0.04])
    values["case 0"]["before"]["Prostate"]["dsc"] = 1.0
    comparison = compare(values)
    assert (comparison["verdict"], comparison["n"]) == ("better", 3)
    assert comparison["change"]["mean"] == pytest.approx(0.05)
    said = " ".join(remarks(comparison))
    assert "case 0 may not judge: its labels are the old model's own result, which nobody has corrected." in said
    assert "case 1" not in said


def test_labels_that_are_hardly_corrected_are_told() -> None:
    values = scores([0.0, 0.05, 0.05])
    values["case 0"]["before"]["Prostate"]["dsc"] = 0.995
    assert "against itself: case 0" in " ".join(remarks(compare(values))), "hardly corrected"
    values["case 0"]["before"]["Prostate"]["dsc"] = 0.98
    assert "against itself" not in " ".join(remarks(compare(values)))


@pytest.mark.parametrize("old", [{}, {"format": "napari-boundaryseg-comparison/2", "interval": "x", "n_cases": 1}])
def test_one_case_has_no_interval_whatever_version_compared_it(old: dict) -> None:
    change = {"mean": -0.021, "low": -0.021, "high": -0.021}
    said = change_in_words({"verdict": "no evidence", "n": 1, "change": change, "cases": [], **old})
    assert said == "-0.0210 (no interval: one case has none, n = 1)"


def test_a_comparison_that_says_no_number_of_patients_has_no_cases() -> None:
    assert migrated({"verdict": "no evidence"})["n_cases"] == 0


def test_a_figure_that_a_row_does_not_have_counts_as_nothing() -> None:
    """As of a file of scores from before added path was measured."""
    values = {
        f"case {n}": {
            "before": {"Prostate": {"reference_ml": 2.0}},
            "after": {"Prostate": {"reference_ml": 2.0, "surface_dice": 0.8, "apl_mm": 30.0}},
        }
        for n in range(3)
    }
    comparison = compare(values)
    assert (comparison["change"]["mean"], comparison["path"]["mean"]) == (pytest.approx(0.8), pytest.approx(30.0))


def a_card() -> Card:
    return Card(name="tuned", recipe=recipe("be-msd09"), parameters=1)


def test_a_card_has_the_mean_over_scans_in_which_a_missed_organ_counts_as_zero() -> None:
    """Of 0.75 and nothing: mean 0.375, SD 0.75 / sqrt(2)."""
    values = scores([0.05, 0.05])
    values["case 1"]["after"]["Prostate"] |= {"dsc": math.nan, "surface_dice": math.nan}
    found = {score.metric: score for score in with_scores(a_card(), compare(values)).scores}
    assert set(found) == {"dsc", "surface_dice"}
    for score in found.values():
        assert (score.organ, score.n, score.mean) == ("Prostate", 2, pytest.approx(0.375))
        assert score.sd == pytest.approx(0.75 / math.sqrt(2))


def test_of_a_scan_under_several_names_the_mean_counts_once() -> None:
    """Cases 0 and 2 are one scan: 0.8 and 1.0 make 0.9, beside 0.7 of case 1."""
    card = with_scores(a_card(), compare(scores([0.1, 0.0, 0.3]), copies=[("case 0", "case 2")]))
    (dice,) = (score for score in card.scores if score.metric == "dsc")
    assert (dice.n, dice.mean, dice.sd) == (2, pytest.approx(0.8), pytest.approx(0.2 / math.sqrt(2)))
    assert card.scored_on.startswith("2 of the user's cases, held out; against the model before: ")


def test_a_card_says_how_the_cases_were_judged() -> None:
    said = with_scores(a_card(), compare(scores([0.05, 0.06, 0.04]), models=5)).scored_on
    assert said == (
        "3 of the user's cases, each by one of 5 models that had not seen it; against the model before: better, "
        "mean surface Dice +0.0500"
    )
    assert with_scores(a_card(), compare({"empty": {"before": {}, "after": {}}})).scored_on == ""
