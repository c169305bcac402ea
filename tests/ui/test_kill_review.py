"""Answers and the state of a review survive: a killed window, another scan and back, undo; each scan has its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import review_killed
from hands import live

sys.path.insert(0, str(Path(__file__).parent / "panels" / "review"))

from doubtful_results import prove, segmented, settled

from napari_boundaryseg.data import formats


def sentences(find: Callable[[str], Any], name: str) -> list[str]:
    return find(f"review_panel.{name}").sentences()  # type: ignore[no-any-return]


def test_a_killed_window_loses_no_answer(
    tmp_path: Path, pelvis_files: list[Path], controller: Any, bench: Any, find: Callable[[str], Any], wait: Any
) -> None:
    """Not even where nothing was drawn: the labels were a file's."""
    scan, labels = pelvis_files[0], pelvis_files[0].with_name("case1_labels.nii.gz")
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "other")}
    command = [sys.executable, review_killed.__file__, str(scan), str(labels)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        line = next((line for line in child.stdout if line.startswith("[")), "")
        child.kill()
    sentence, place, progress, _ = json.loads(line)
    bench.sections.open("Review")
    controller.open(scan)
    wait(lambda: controller.session.scan is not None and controller.tools.editable is not None)
    settled(controller, wait)
    assert sentences(find, "answered") == [f"{sentence} — {review_killed.REASON}"]
    assert sentence not in sentences(find, "findings")
    assert sentences(find, "place")[0] == place
    assert find("review_panel.progress").text() == progress
    assert len(sentences(find, "flagged")) == 1
    controller.review.next()
    assert sentences(find, "place")[0] != place, "it goes on"


@pytest.fixture
def two(
    controller: Any, bench: Any, wait: Any, pelvis_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], None]:
    """Open the first or the second scan; each is segmented when it is opened for the first time."""
    prove(monkeypatch)
    bench.sections.open("Review")
    seen: set[int] = set()

    def show(n: int) -> None:
        path = pelvis_files[n]
        controller.open(path)
        wait(lambda: controller.session.scan is not None and controller.session.scan.name == f"case{n + 1}")
        wait(lambda: controller.session.job is None)
        live(50)
        if n not in seen:
            seen.add(n)
            array = np.asarray(formats.read(path.with_name(f"case{n + 1}_labels.nii.gz")).array[0]).astype(np.uint8)
            array[40:44, 4:8, 2] = 1
            segmented(controller, monkeypatch, array, (slice(20, 30), slice(20, 30), slice(8, 9)))
        settled(controller, wait)

    return show


def begin(controller: Any, wait: Any) -> None:
    controller.review.begin()
    wait(lambda: controller.review.going is not None and not controller.review.is_beginning)


def test_two_scans_keep_a_review_each(
    controller: Any, two: Callable[[int], None], find: Callable[[str], Any], wait: Any
) -> None:
    two(0)
    island = next(one for one in controller.checks.open() if "island" in one.sentence)
    controller.checks.mean_so(island, "the first's")
    begin(controller, wait)
    controller.review.flag()
    first = (sentences(find, "place")[0], find("review_panel.progress").text(), sentences(find, "flagged"))
    said = sentences(find, "answered")
    two(1)
    assert sentences(find, "answered") == []
    assert any("island" in one for one in sentences(find, "findings"))
    assert not find("review_panel.place").isVisible(), "nothing was begun here"
    assert controller.view.outlines.main.mark.drawn == []
    begin(controller, wait)
    for _ in range(3):
        controller.review.accept()
    second = find("review_panel.progress").text()
    assert second.startswith("3 of ")
    two(0)
    assert (
        sentences(find, "place")[0],
        find("review_panel.progress").text(),
        sentences(find, "flagged"),
    ) == first
    assert sentences(find, "answered") == said == [f"{island.sentence} — the first's"]
    two(1)
    assert find("review_panel.progress").text() == second
    assert sentences(find, "answered") == []


def test_undo_takes_back_what_was_drawn_and_no_answer(
    controller: Any, two: Callable[[int], None], find: Callable[[str], Any], wait: Any
) -> None:
    two(0)
    begin(controller, wait)
    island = next(one for one in controller.checks.open() if "island" in one.sentence)
    controller.tools.editable.put("Dot", np.array([[[3]]], np.uint8), tuple(slice(n, n + 1) for n in (8, 2, 2)))
    controller.checks.mean_so(island, "so it is")
    controller.review.accept()
    controller.review.flag()
    before = find("review_panel.progress").text()
    controller.tools.undo()
    settled(controller, wait)
    assert find("review_panel.progress").text() == before
    assert island.sentence not in sentences(find, "findings")
    assert sentences(find, "answered") == [f"{island.sentence} — so it is"]


def test_a_new_result_makes_a_review_stale_and_undo_brings_it_back(
    controller: Any, two: Callable[[int], None], find: Callable[[str], Any], wait: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(0)
    begin(controller, wait)
    controller.review.accept()
    shown = find("review_panel.progress").text()
    array = np.asarray(controller.session.scan.geometry.display.from_display(controller.tools.layer.data)).copy()
    array[:32] = 0
    segmented(controller, monkeypatch, array.astype(np.uint8), (slice(20, 30), slice(20, 30), slice(8, 9)))
    settled(controller, wait)
    assert "Begin again" in find("review_panel.rankings").text()
    assert not find("review_panel.progress").isVisible()
    for _ in range(2):  # it stops once before a whole result
        controller.tools.undo()
    settled(controller, wait)
    assert find("review_panel.progress").text() == shown
    assert find("review_panel.progress").isVisible()


def test_accept_hands_over_what_was_checked_and_reviewed(
    controller: Any, two: Callable[[int], None], find: Callable[[str], Any], wait: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_boundaryseg.session.actions import accept as accept_action

    handed: list[Any] = []
    real = accept_action.accept

    def seen(*arguments: Any, **named: Any) -> Any:
        handed.append(named["reviewed"].as_json())
        return real(*arguments, **named)

    monkeypatch.setattr(accept_action, "accept", seen)
    two(0)
    island = next(one for one in controller.checks.open() if "island" in one.sentence)
    controller.checks.mean_so(island, "so it is")
    begin(controller, wait)
    controller.review.accept()
    controller.review.flag()
    controller.labels.accept()
    (review,) = handed
    said = {one["sentence"]: one for one in review["rules"]}
    assert said[island.sentence]["answer"] == "meant so"
    assert said[island.sentence]["reason"] == "so it is"
    assert {one["answer"] for sentence, one in said.items() if sentence != island.sentence} <= {"open"}
    organs, places = review["arcs"]["organs"], controller.review.going.places
    assert set(organs) == {"Bladder", "Prostate"}
    assert review["arcs"]["no ranking"] == ["Rectum"]
    arcs = [len(place.what.arcs) for place in places[:2]]
    assert sum(one["accepted"] for one in organs.values()) == arcs[0]
    assert sum(one["flagged"] for one in organs.values()) == arcs[1]
    assert sum(one["arcs"] for one in organs.values()) == sum(
        len(place.what.arcs) for place in places if place.kind == "arc"
    )
    wait(lambda: controller.labels.is_stored() and not controller.labels.is_accepting())
