"""Trends of a project that accepted real cases: read from its certificates, for the version in use."""

from __future__ import annotations

from pathlib import Path

from corrected_cases import ORGANS, accept_all_corrected, accept_corrected

from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.trend.limits_anew import set_anew
from napari_boundaryseg.session.trend.trend import LEARNED, Trend, read_trends

USUAL, MINUTES = [2, 3, 1, 2, 3, 2, 1, 3, 2, 2] * 2, [4.0, 5.0, 6.0, 5.0, 4.5] * 4


def first(project: Project, model: Path) -> Trend:
    (trend,) = [one for one in read_trends(project, [model]) if one.organ == ORGANS[0]]
    return trend


def test_thirty_cases_and_a_change_that_was_dealt_with(project: Project, tmp_path: Path, tiny_model: Path) -> None:
    sha256, journals = read_card(tiny_model)[1], tmp_path / "journals"
    names = accept_all_corrected(project, journals, USUAL, MINUTES, sha256=sha256)
    names += accept_all_corrected(project, journals, [2, 3, 2, 1], [5.0] * 4, sha256=sha256, first=21)
    assert not first(project, tiny_model).changed
    names += accept_all_corrected(project, journals, [6, 5, 7, 6], [5.0] * 4, sha256=sha256, first=25)
    trend = first(Project(project.folder), tiny_model)
    assert trend.model == ("tiny", sha256)
    assert [one.case for one in trend.figures[0].cases] == names
    assert [one.value for one in trend.figures[2].cases] == [*MINUTES, *[5.0] * 8]
    assert trend.suggests_fine_tuning and trend.since_then == tuple(names[24:])
    left_alone = read_trends(project, [tiny_model])[1]
    assert left_alone.organ == ORGANS[1] and all(one.as_predicted for one in left_alone.figures[0].cases)
    assert left_alone.figures[0].chart.n == 0

    set_anew(project, sha256, ORGANS[0])
    assert first(project, tiny_model).figures[0].cases == ()
    names = accept_all_corrected(project, journals, [6, 6], [5.0, 5.0], sha256=sha256, first=40)
    trend = first(project, tiny_model)
    assert [[one.case for one in figure.cases] for figure in trend.figures] == [names] * 3 and not trend.changed


def test_a_version_that_is_put_to_use_starts_anew(project: Project, tmp_path: Path, tiny_model: Path) -> None:
    sha256 = read_card(tiny_model)[1]
    accept_all_corrected(project, tmp_path / "journals", [1, 2], [1.0, 2.0], sha256=sha256)
    version = project.add_model(tiny_model.with_name("tiny.safetensors"))
    trend = first(project, tiny_model)
    assert trend.model.title == "tiny-v2"
    assert version.sha256 == sha256, "a copy: its cases are those of the file"
    assert len(trend.figures[0].cases) == 2


def test_a_model_that_is_not_at_hand_may_have_learned(project: Project, tmp_path: Path, tiny_model: Path) -> None:
    accept_corrected(project, tmp_path / "journals", "case1", 2, 1.0, sha256="cd" * 32)
    trend = first(project, tiny_model)
    assert trend.figures[0].cases == () and trend.left_out == {LEARNED: 1}
