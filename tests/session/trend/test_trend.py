"""The trend of an organ: which cases are charted, of which model version, and what a change comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.review.chart.charted import CHARTED
from napari_boundaryseg.session.certificate.accepted_figures import AcceptedFigures
from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.trend.limits_anew import EVERY_ORGAN
from napari_boundaryseg.session.trend.trend import LEARNED, SAME_PATIENT, UNKNOWN_PATIENT, Trend, trends_of
from napari_boundaryseg.session.trend.trend_words import as_json, cases_in_words, in_short, sentences

SHIPPED, TUNED = "aa" * 32, "bb" * 32


def figures_of(
    n: int, dice: float | None = 0.9, organ: str = "Bladder", minutes: float | None = 5.0, sha256: str = SHIPPED
) -> AcceptedFigures:
    return AcceptedFigures(
        case=f"case{n}",
        patient=f"P{n}",
        version=1,
        accepted="2026-01-01T10:00:00+00:00",
        organ=organ,
        model="bladder-net",
        model_sha256=sha256,
        unseen=True,
        surface_dice=dice,
        apl_mm=None if dice is None else 300 * (1 - dice),
        margin_mm=2.0,
        minutes=minutes,
        edited=True,
        ancestry_known=True,
    )


def trends(figures: Sequence[AcceptedFigures], *versions: ModelVersion, begun: dict | None = None) -> list[Trend]:
    order = {name: n for n, name in enumerate(dict.fromkeys((one.case, one.version) for one in figures), start=1)}
    return trends_of(figures, versions, order, begun or {})


def drawn(rng: np.random.Generator, n: int, shift_sd: float = 0.0) -> list[float]:
    """Surface Dice that is normal on the chart's scale: 0.90 with an SD of 0.05 or so."""
    scale = CHARTED["surface_dice"]
    scaled = scale.scale(np.array(0.9)) + 0.08 * (rng.normal(size=n) + shift_sd)
    return scale.back(scaled).tolist()


def by_name(trend: Trend) -> dict:
    return {figure.name: figure for figure in trend.figures}


def version(active: bool, sha256: str | None = TUNED) -> ModelVersion:
    return ModelVersion(Path("models/bladder-net-v2.safetensors"), "bladder-net", 2, "2026-01-02", None, active, sha256)


def test_a_shift_by_one_sd_is_found_and_without_one_hardly_any_alarm_is_told() -> None:
    rng, found = np.random.default_rng(8), {0.0: 0, -1.0: 0}
    for shift in found:
        for _ in range(60):
            dice = [*drawn(rng, 20), *drawn(rng, 10), *drawn(rng, 20, shift)]
            (trend,) = trends([figures_of(n, value) for n, value in enumerate(dice)])
            chart = by_name(trend)["surface_dice"].chart
            found[shift] += chart.suggests_fine_tuning and chart.found is not None and chart.found >= 30
    assert found[-1.0] >= 45 and found[0.0] <= 8, found


@pytest.mark.parametrize("n", [0, 1, 19])
def test_nothing_is_found_before_twenty_cases(n: int) -> None:
    dice = [*([0.95, 0.93] * 10)[:n], 0.2]
    (trend,) = trends([figures_of(at, value) for at, value in enumerate(dice)])
    assert not trend.changed and trend.since_then == ()
    assert (by_name(trend)["surface_dice"].chart.limit is None) == (n + 1 < 20)
    if n + 1 < 20:
        assert sentences(trend)[0] == f"Surface Dice: the chart begins after 20 cases (so far {n + 1})."
        assert in_short(trend) == f"{n + 1} of 20 cases"


def changed(worse: bool = True, usual: int = 20) -> list[AcceptedFigures]:
    """Twenty usual cases, then six that lie far off; minutes as before."""
    dice = [0.9, 0.92, 0.88, 0.91, 0.89] * (usual // 5) + [0.7 if worse else 0.995] * 6
    return [figures_of(n, value, minutes=[4.0, 5.0, 6.0][n % 3]) for n, value in enumerate(dice, start=1)]


def test_a_change_for_the_worse_names_the_cases_since_then() -> None:
    (trend,) = trends(changed())
    assert trend.suggests_fine_tuning and trend.since_then == tuple(f"case{n}" for n in range(21, 27))
    assert in_short(trend) == "worse since case 21"
    said = as_json(trend)
    first = said["charts"][0]
    assert (first["since_case"], first["better"], first["limits_from"]) == (21, False, 20)
    assert first["mean"] == pytest.approx(0.9, abs=0.002) and first["mean_since"] == pytest.approx(0.7)
    assert said["cases_since_then"] == list(trend.since_then)
    assert by_name(trend)["minutes"].chart.found is None


def test_a_change_for_the_better_suggests_nothing() -> None:
    (trend,) = trends(changed(worse=False))
    assert trend.changed and not trend.suggests_fine_tuning and trend.since_then == ()
    assert in_short(trend) == "better since case 21"
    assert "limits can be set anew" in sentences(trend)[0]


def test_one_case_of_a_patient_is_charted() -> None:
    figures = [replace(one, patient=f"P{n // 2}") for n, one in enumerate(changed())]
    (trend,) = trends(figures)
    assert [one.case for one in trend.figures[0].cases] == [f"case{n}" for n in range(1, 27, 2)]
    assert [one.case for one in by_name(trend)["minutes"].cases] == [f"case{n}" for n in range(1, 27, 2)]
    assert trend.left_out == {SAME_PATIENT: 13} and not trend.changed
    assert cases_in_words(trend).startswith("bladder-net: 13 cases, one of each patient. 13 cases more of the same")


def test_cases_of_nobody_knows_whom_are_patients_of_their_own() -> None:
    (trend,) = trends([replace(one, patient=None) for one in changed()])
    assert len(trend.figures[0].cases) == 26 and trend.left_out == {UNKNOWN_PATIENT: 26}
    assert "Of 26 cases the patient is not known" in cases_in_words(trend)


def test_cases_of_which_the_model_learned_are_left_out() -> None:
    figures = [replace(one, unseen=n % 2 == 0) for n, one in enumerate(changed())]
    (trend,) = trends(figures)
    assert len(trend.figures[0].cases) == 13 and trend.left_out == {LEARNED: 13}


def test_a_seen_case_takes_no_unseen_one_of_its_patient_along() -> None:
    seen, other = replace(figures_of(1), unseen=False), replace(figures_of(2), patient="P1")
    (trend,) = trends([seen, other])
    assert [one.case for one in trend.figures[0].cases] == ["case2"]


def test_what_was_accepted_as_predicted_keeps_its_place_and_is_not_counted() -> None:
    figures = changed()
    untouched = replace(figures_of(99, 1.0), apl_mm=0.0, margin_mm=0.0, edited=False, minutes=0.2)
    (trend,) = trends([*figures[:10], *[replace(untouched, case=f"u{n}", patient=f"U{n}") for n in range(9)]])
    assert by_name(trend)["surface_dice"].chart.n == by_name(trend)["minutes"].chart.n == 10
    (trend,) = trends([*figures[:22], untouched, *figures[22:]])
    chart = by_name(trend)["surface_dice"].chart
    assert chart.n == 26 and chart.better is False and chart.since == 20
    assert trend.figures[0].cases[22].as_predicted and trend.figures[0].cases[22].value == 1.0
    assert by_name(trend)["surface_dice"].mean_since == pytest.approx(0.7)
    assert "1 case accepted as predicted" in cases_in_words(trend)


def test_an_organ_that_nobody_touched_is_as_predicted_though_another_was_corrected() -> None:
    """A border that moved within the tolerance is corrected: its surface Dice is 1.0, measured."""
    as_drawn = replace(figures_of(1, 1.0, "Rectum"), apl_mm=0.0, margin_mm=0.0)
    within = replace(figures_of(2, 1.0, "Rectum"), apl_mm=0.0, margin_mm=1.5)
    (trend,) = [one for one in trends([figures_of(1), as_drawn, within]) if one.organ == "Rectum"]
    assert [one.as_predicted for one in trend.figures[0].cases] == [True, False]
    assert [one.as_predicted for one in by_name(trend)["minutes"].cases] == [False, False]


def test_minutes_count_once_a_case_whatever_organs_it_has() -> None:
    two = [one for n in range(1, 26) for one in (figures_of(n, minutes=n), figures_of(n, 0.8, "Rectum", minutes=n))]
    for trend in trends([*two, figures_of(30, organ="Prostate", minutes=30.0)]):
        minutes = by_name(trend)["minutes"]
        assert [one.value for one in minutes.cases] == [*range(1, 26), 30.0]


def test_a_case_accepted_twice_of_which_one_organ_is_known_of_once_counts_once() -> None:
    old = figures_of(1, organ="Rectum", minutes=3.0)
    new = replace(figures_of(1, minutes=9.0), version=2)
    trend = trends([old, figures_of(2), new])[0]
    assert [(one.case, one.value) for one in by_name(trend)["minutes"].cases] == [("case2", 5.0), ("case1", 9.0)]


def test_a_new_version_starts_anew_also_before_its_first_case() -> None:
    before = changed()
    (trend,) = trends(before, version(active=True))
    assert (trend.model.title, trend.model.sha256) == ("bladder-net-v2", TUNED)
    assert not trend.changed and trend.figures[0].cases == () and in_short(trend) == "0 of 20 cases"
    after = [figures_of(n, sha256=TUNED) for n in range(40, 43)]
    (trend,) = trends([*before, *after], version(active=True))
    assert [one.case for one in trend.figures[0].cases] == ["case40", "case41", "case42"]


def test_back_on_the_shipped_model_its_own_cases_are_charted_again() -> None:
    after = [replace(figures_of(n, sha256=TUNED), model="bladder-net-v2") for n in range(40, 43)]
    (trend,) = trends([*changed(), *after], version(active=False))
    assert trend.model == ("bladder-net", SHIPPED) and len(trend.figures[0].cases) == 26


def test_a_version_whose_hash_nobody_stored_is_known_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "bladder-net-v2.safetensors"
    file.write_bytes(b"weights")
    old = replace(version(active=True, sha256=None), path=file)
    (trend,) = trends(changed(), old)
    assert trend.model.title == "bladder-net-v2" and len(trend.model.sha256) == 64


def test_charts_begin_after_the_accept_at_which_limits_were_set_anew() -> None:
    figures = [*changed(), *(figures_of(n, organ="Rectum") for n in range(1, 27))]
    begun = {(SHIPPED, "Bladder"): 24, (SHIPPED, EVERY_ORGAN): 24, (TUNED, "Rectum"): 24}
    bladder, rectum = trends(figures, begun=begun)
    assert [one.case for one in bladder.figures[0].cases] == ["case25", "case26"]
    assert len(rectum.figures[0].cases) == 26, "another organ goes on"
    assert [one.case for one in by_name(rectum)["minutes"].cases] == ["case25", "case26"]


def test_cases_without_a_value_are_no_cases_of_a_chart() -> None:
    (trend,) = trends([*changed(), *(figures_of(n, None, minutes=None) for n in range(50, 53))])
    assert trend.figures[0].chart.n == 26 and len(trend.figures[0].cases) == 29


def test_no_figures_no_trends() -> None:
    assert trends([]) == []
