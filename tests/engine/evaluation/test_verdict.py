"""A model is called better only where surface Dice and path agree, enough, and no organ pays for another."""

from __future__ import annotations

import pytest
from scipy import stats

from napari_boundaryseg.engine.evaluation.verdict import Change, judge


def patients(**organs: list[tuple[float, float]]) -> dict[str, dict[str, Change]]:
    n = len(next(iter(organs.values())))
    return {f"patient {k}": {organ: Change(*values[k]) for organ, values in organs.items()} for k in range(n)}


GAIN = [(0.05, -10.0), (0.06, -12.0), (0.04, -9.0)]
LOSS = [(-one, -two) for one, two in GAIN]


def test_better_where_all_agree() -> None:
    found = judge(patients(Prostate=GAIN))
    assert (found.said, found.n, found.held_back) == ("better", 3, [])
    expected = stats.ttest_1samp([0.05, 0.06, 0.04], 0).confidence_interval()
    assert (found.change["low"], found.change["high"]) == pytest.approx((expected.low, expected.high))
    assert found.path["mean"] == pytest.approx(-31 / 3)


def test_a_longer_path_is_no_gain() -> None:
    found = judge(patients(Prostate=[(0.05, -10.0), (0.06, -12.0), (0.04, 30.0)]))
    assert (found.said, found.held_back) == ("no evidence", ["there is more to draw anew"])


def test_an_organ_whose_path_grows_for_sure_is_worse() -> None:
    found = judge(patients(Prostate=[(0.05, 20.0), (0.06, 21.0), (0.04, 19.0)]))
    assert (found.said, found.organs[0]["verdict"]) == ("worse", "worse")


def test_no_organ_pays_for_another() -> None:
    """Of the mean over organs alone this would be better."""
    much = [(0.3, -40.0), (0.31, -41.0), (0.29, -39.0)]
    unsure = [(-0.06, 5.0), (0.01, -5.0), (0.01, -1.0)]
    found = judge(patients(Prostate=much, Rectum=unsure))
    assert (found.said, [one["verdict"] for one in found.organs]) == ("no evidence", ["better", "perhaps worse"])
    assert found.held_back == ["Rectum is perhaps worse"]
    assert judge(patients(Prostate=much, Rectum=LOSS)).said == "worse"
    assert judge(patients(Prostate=much, Rectum=[(-0.005, 1.0), (0.002, 0.0), (0.001, -1.0)])).said == "better"


def test_worse_in_all() -> None:
    assert judge(patients(Prostate=LOSS)).said == "worse"


def test_an_organ_counts_in_the_patients_who_have_it() -> None:
    changes = patients(Prostate=GAIN)
    changes["patient 0"]["Bladder"] = Change(-0.001, 0.0)
    found = judge(changes)
    assert [(one["organ"], one["n"], one["verdict"]) for one in found.organs] == [
        ("Prostate", 3, "better"),
        ("Bladder", 1, "no evidence"),
    ]
    assert found.change["mean"] == pytest.approx(((0.05 - 0.001) / 2 + 0.06 + 0.04) / 3)


def test_two_patients_and_none_are_no_evidence() -> None:
    assert judge(patients(Prostate=GAIN[:2])).said == "no evidence"
    assert judge({}).n == 0
    assert judge({}).change == {"mean": None, "low": None, "high": None}


def test_half_a_millimetre_more_to_draw_is_more() -> None:
    found = judge(patients(Prostate=[(0.05, -10.0), (0.06, -12.0), (0.04, 23.5)]))
    assert found.path["mean"] == pytest.approx(0.5)
    assert (found.said, found.held_back) == ("no evidence", ["there is more to draw anew"])


def test_an_organ_that_loses_just_what_matters_is_perhaps_worse() -> None:
    """Bladder loses an eighth on average, of which one patient has all."""
    much = [(0.5, -40.0), (0.51, -41.0), (0.49, -39.0)]
    found = judge(patients(Prostate=much, Bladder=[(-0.375, 0.0), (0.0, 0.0), (0.0, 0.0)]), smallest=0.125)
    assert [one["verdict"] for one in found.organs] == ["better", "perhaps worse"]
    assert found.organs[1]["change"]["mean"] == -0.125


def test_each_organ_has_its_own_change_and_path() -> None:
    (organ,) = judge(patients(Prostate=GAIN)).organs
    assert organ["change"]["mean"] == pytest.approx(0.05)
    assert organ["path"]["mean"] == pytest.approx(-31 / 3)
