"""The small widgets alone, without a viewer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.ui.compat.call_queue import CallQueue
from napari_boundaryseg.ui.widgets.case_table import HELD_OUT, LEFT_OUT, TRAIN, CaseLine, CaseTable
from napari_boundaryseg.ui.widgets.comparison_table import ComparisonTable
from napari_boundaryseg.ui.widgets.jobs.chart import Chart
from napari_boundaryseg.ui.widgets.jobs.loss_curve import LossCurve
from napari_boundaryseg.ui.widgets.jobs.score_curve import ScoreCurve, reach
from napari_boundaryseg.ui.widgets.jobs.smoothing import begun_at, smoothed
from napari_boundaryseg.ui.widgets.jobs.training_log import Course, TrainingLog
from napari_boundaryseg.ui.widgets.organ_table import OrganTable
from napari_boundaryseg.ui.widgets.sections import Sections
from napari_boundaryseg.ui.widgets.version_list import Version, VersionList


def test_a_log_that_is_being_written_gives_its_whole_lines_and_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = TrainingLog(path)
    assert log.read() == Course()
    lines = [
        {"step": 1, "loss": 2.5, "lr": 1e-3},
        {"step": 2, "loss": 2.0},
        {"step": 2, "mean_dsc": 0.4},
        {"step": 2, "restored": True},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines) + '\nno entry\n{"step": 3, "lo')
    assert log.read()[:2] == (((1.0, 2.5), (2.0, 2.0)), ((2.0, 0.4),))
    with path.open("a") as file:
        file.write('ss": 1.5}\n')
    path.write_bytes(b" " * 10 + path.read_bytes()[10:])  # what was read before is not read again
    assert log.read()[:2] == (((1.0, 2.5), (2.0, 2.0), (3.0, 1.5)), ((2.0, 0.4),))
    path.unlink()
    assert len(log.read().losses) == 3


def test_the_scores_of_a_log_begin_with_the_old_model_of_the_cases_that_were_looked_at_last(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = TrainingLog(path)
    lines: list[dict[str, Any]] = [
        {"step": 0, "old_model": 0.8, "label_prior": 0.5, "watched": {"cases": 3, "of": "a"}},
        {"step": 4, "mean_dsc": 0.82},
        {"step": 4, "old_model": 0.7, "label_prior": None, "watched": {"cases": 2, "of": "b"}},
        {"step": 8, "mean_dsc": 0.72},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines[:2]))
    assert log.read() == Course((), ((0.0, 0.8), (4.0, 0.82)), 0.8, 0.5, 3)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert log.read() == Course((), ((0.0, 0.7), (8.0, 0.72)), 0.7, None, 2)


def test_the_lines_beside_the_scores_are_named_and_lie_where_their_values_are(qtbot: Any) -> None:
    curve = ScoreCurve()
    qtbot.addWidget(curve)
    curve.resize(300, 160)
    curve.set_course(Course((), ((0, 0.8), (40, 0.86)), 0.8, 0.55, 3), 80)
    assert curve.words == "Dice of 3 held-out cases: 0.860"
    assert curve.levels == {"old model": 0.8, "label prior": 0.55}
    with_prior = curve.grab().toImage()
    chart = Chart.of(curve, 80, *reach([0.8, 0.86, 0.55]))
    assert (chart.low, chart.high) == (0.5, 0.9)
    x = int(chart.frame.left() + chart.frame.width() * 0.3)
    drawn = {value: dark(with_prior, x, round(chart.y(value))) for value in (0.55, 0.65, 0.7)}
    assert drawn == {0.55: True, 0.65: False, 0.7: False}
    curve.set_course(Course((), ((0, 0.8), (40, 0.86)), 0.8, None, 3), 80)
    assert curve.levels == {"old model": 0.8}
    assert curve.grab().toImage() != with_prior


def dark(image: Any, x: int, y: int) -> bool:
    """Whether anything is drawn within some pixels of a place, on the background of the corner."""
    plain = image.pixel(image.width() - 1, image.height() - 1)
    near = [image.pixel(x + dx, y + dy) for dx in range(-6, 7) for dy in (-1, 0, 1)]
    return any(one != plain for one in near)


def test_the_curve_draws_what_it_is_given(qtbot: Any) -> None:
    curve = LossCurve()
    qtbot.addWidget(curve)
    curve.resize(300, 120)
    empty = curve.grab().toImage()
    curve.set_points([(1, 3.0), (50, 1.0)])
    drawn = curve.grab().toImage()
    assert drawn != empty
    curve.set_points([(1, 3.0), (50, 1.0)], 100)
    assert curve.grab().toImage() != drawn, "the axis has every step that is to come"
    curve.set_points([(n, float("nan")) for n in range(20)])
    curve.grab()


def test_a_loss_is_seen_beside_its_start_and_without_the_noise_of_single_steps() -> None:
    losses = [(float(n), 2.0 if n < 10 else 1.0 + (-1) ** n) for n in range(60)]
    assert begun_at(losses[:9]) is None
    assert begun_at(losses) == 2.0
    assert {value for _, value in smoothed(losses)[40:]} == {1.0}
    assert smoothed([]) == []


def test_one_section_is_open_at_a_time_and_its_header_tells_the_state(qtbot: Any) -> None:
    sections = Sections({"Scan": QLabel("a"), "Segment": QLabel("b")})
    qtbot.addWidget(sections)
    sections.show()
    sections.by_title["Segment"].header.click()
    assert [s.area.isVisible() for s in sections.by_title.values()] == [False, True]
    sections.by_title["Scan"].set_state("done", "T2")
    assert "✓" in sections.by_title["Scan"].header.text()
    assert "T2" in sections.by_title["Scan"].header.text()


def test_a_narrow_header_keeps_a_name_and_its_last_fact(qtbot: Any) -> None:
    sections = Sections({"Scan": QLabel("a")})
    qtbot.addWidget(sections)
    sections.show()
    section, whole = sections.by_title["Scan"], "a_pelvis_of_somebody_ct · CT, by its values · 1.5×1.5×3 mm"
    section.set_state("done", whole)
    for width, facts in ((900, whole), (420, " · CT, by its values · 1.5×1.5×3 mm"), (270, "ct · 1.5×1.5×3 mm")):
        sections.resize(width, 300)
        header = section.header
        assert header.text().endswith(facts), width
        assert header.fontMetrics().horizontalAdvance(header.text()) <= header.width() - 30
    assert header.toolTip() == whole
    sections.resize(215, 300)
    assert re.search(r"a_p.*_ct$", header.text()), "a name that can be read goes before a fact"
    assert header.fontMetrics().horizontalAdvance(header.text()) <= header.width() - 30


def test_calls_are_made_one_a_turn_and_a_new_batch_replaces_the_rest(wait: Callable[..., None]) -> None:
    made: list[str] = []
    calls = CallQueue()
    calls.replace(
        [lambda: made.append("a"), lambda: calls.replace([lambda: made.append("b")]), lambda: made.append("never")]
    )
    wait(lambda: not calls.busy)
    assert made == ["a", "b"]


def test_the_organ_table_tells_the_chosen_and_the_hidden(qtbot: Any) -> None:
    table = OrganTable()
    qtbot.addWidget(table)
    table.show_scheme(preset("pelvis-mr"))
    table.show_volumes({1: 143.24, 2: 0.0, 3: 2.5})
    assert [table.item(row, 1).text() for row in range(3)] == ["143.2", "none", "2.50"]
    with qtbot.waitSignal(table.chosen) as chosen:
        table.selectRow(2)
    assert chosen.args == [3]
    with qtbot.waitSignal(table.hidden_changed) as hidden:
        table.item(1, 2).setCheckState(Qt.CheckState.Unchecked)
    assert hidden.args == [{2}]


def test_a_role_that_was_chosen_is_known_and_a_case_that_the_model_cannot_use_is_grey(qtbot: Any) -> None:
    table = CaseTable()
    qtbot.addWidget(table)
    lines = [CaseLine("a", TRAIN), CaseLine("b", LEFT_OUT, "b: other organs", usable=False)]
    table.show_cases(lines)
    assert table.roles() == {"a": TRAIN, "b": LEFT_OUT}
    assert table.chosen() == {}
    assert [bool(table.item(row, 0).flags() & Qt.ItemFlag.ItemIsEnabled) for row in range(2)] == [True, False]
    assert [table.cellWidget(row, 1).isEnabled() for row in range(2)] == [True, False]
    assert table.item(1, 0).toolTip() == table.cellWidget(1, 1).toolTip() == "b: other organs"
    with qtbot.waitSignal(table.roles_changed):
        table.set_role("a", HELD_OUT)
    assert table.chosen() == {"a": HELD_OUT}
    table.show_cases(lines[1:])
    assert table.chosen() == {}


def test_a_worse_model_is_called_worse_and_a_missing_organ_missing(qtbot: Any) -> None:
    table = ComparisonTable()
    qtbot.addWidget(table)
    table.show_comparison(
        {
            "verdict": "worse",
            "n": 3,
            "change": {"mean": -0.1, "low": -0.2, "high": -0.05},
            "cases": [{"case": "a", "organ": "Bladder", "dsc_before": 0.9, "dsc_after": None}],
        }
    )
    assert "Worse" in table.verdict.text()
    assert "-0.100" in table.verdict.text()
    assert table.table.item(0, 0).text() == "a"
    assert [table.table.item(1, n).text() for n in range(3)] == ["  Bladder", "0.900", "missing"]


def test_versions_can_be_used_and_rolled_back(qtbot: Any) -> None:
    versions = [Version(Path(f"m-v{n}.safetensors"), "m", f"2026-01-0{n}", n == 3) for n in (2, 3)]
    shown = VersionList()
    qtbot.addWidget(shown)
    shown.show_versions(versions)
    assert [shown.list.item(row).text() for row in range(2)] == [
        "m-v2\n    not compared",
        "● m-v3 · in use\n    not compared",
    ]
    shown.choose(versions[0].path)
    with qtbot.waitSignal(shown.use_requested) as used:
        shown.use.click()
    assert used.args == ["m", "m-v2.safetensors"]
    with qtbot.waitSignal(shown.rollback_requested) as back:
        shown.rollback.click()
    assert back.args == ["m"]
