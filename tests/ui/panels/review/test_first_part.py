"""Where the most doubtful fifth of the border ends: marked, with what was measured, and *What is left?* after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubtful_results import MODEL, prove, segmented, settled
from hands import LEFT, live
from qtpy.QtTest import QTest

from napari_boundaryseg.data import formats
from napari_boundaryseg.review.arcs.rankings import FirstPlaces
from napari_boundaryseg.ui.control.reviewing import review_words

KNOWN = FirstPlaces(MODEL, "Bladder Prostate", "hard tests that nobody saw", 9, 0.5, 0.451, 0.549, 0.62)
HELD = " It held 50 % of the error (45 % to 55 %; n = 9, hard tests)."


@pytest.fixture
def reviewed(
    controller: Any,
    bench: Any,
    wait: Callable[..., None],
    pelvis_files: list[Path],
    find: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Any]:
    """The review of a result of a model, of which more is said, has begun."""

    def begun(**said: Any) -> Any:
        prove(monkeypatch)
        controller.open(pelvis_files[0])
        wait(lambda: controller.session.scan is not None and controller.session.job is None)
        bench.sections.open("Review")
        stored = formats.read(pelvis_files[0].with_name("case1_labels.nii.gz"))
        segmented(controller, monkeypatch, np.asarray(stored.array[0]).astype(np.uint8), (slice(0, 2),) * 3, **said)
        settled(controller, wait)
        QTest.mouseClick(find("review_panel.begin"), LEFT)
        wait(lambda: controller.review.going is not None and not controller.review.is_beginning)
        live(50)
        return controller

    return begun


def test_the_end_of_the_fifth_is_marked_and_what_is_left_is_offered_there(
    reviewed: Callable[..., Any], find: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_words, "first_places", lambda model, organs: KNOWN if model == MODEL else None)
    controller = reviewed()
    going = controller.review.going
    end, bar, told = find("review_panel.estimate_left"), find("review_panel.bar"), find("review_panel.first_part")
    first, places = going.first_part, len(going.places)
    assert 0 < first < places
    assert (bar.mark, bar.at, len(bar.seen)) == (first, 0, places)
    assert told.text() == f"The most doubtful fifth of the border ends at place {first} of {places}.{HELD}"
    assert not end.property("main")
    controller.review.go_to(first)
    live(50)
    assert end.property("main")
    assert end.visibleRegion().boundingRect() == end.rect(), "it is in sight"
    QTest.mouseClick(end, LEFT)
    live(50)
    assert not end.property("main"), "it was asked"


def test_a_number_is_said_only_of_what_was_measured(
    reviewed: Callable[..., Any], find: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, list[str]]] = []

    def nothing(model: str, organs: list[str]) -> None:
        asked.append((model, sorted(organs)))

    monkeypatch.setattr(review_words, "first_places", nothing)
    going = reviewed().review.going
    assert find("review_panel.first_part").text().endswith(f"place {going.first_part} of {len(going.places)}.")
    assert set(map(str, asked)) == {str((MODEL, ["Bladder", "Prostate"]))}


def test_nothing_is_said_to_be_measured_of_a_version(
    reviewed: Callable[..., Any], find: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_words, "first_places", lambda model, organs: KNOWN)
    reviewed(model=f"{MODEL}-v2", ships=False, base=MODEL)
    assert "held" not in find("review_panel.first_part").text()


def test_when_all_of_the_fifth_was_looked_at_it_is_past_wherever_one_is(
    reviewed: Callable[..., Any], find: Callable[[str], Any]
) -> None:
    review = reviewed().review
    for _ in range(review.going.first_part):
        assert not review.going.is_past_first_part
        review.accept()
    review.go_to(0)
    assert review.going.is_past_first_part
    assert sum(find("review_panel.bar").seen) == review.going.first_part
