"""The review in the window: the most doubtful place first, keys and buttons, accepted slices, what is left."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from doubtful_results import ORGANS, prove, segmented, settled
from hands import LEFT, live
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from scipy.ndimage import binary_erosion

from napari_boundaryseg.data import formats
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget

BLADDER, RECTUM = 1, 3


@pytest.fixture(params=["as written", "turned"])
def stored(request: pytest.FixtureRequest, pelvis_files: list[Path], tmp_path: Path) -> tuple[Path, Path]:
    """A scan and its labels; turned, the axes of the file are others than those of the window, and flipped."""
    files = pelvis_files[0], pelvis_files[0].with_name("case1_labels.nii.gz")
    if request.param == "as written":
        return files
    turned = []
    for file in files:
        image = nib.load(file)
        there = nib.orientations.ornt_transform(
            nib.orientations.io_orientation(image.affine), nib.orientations.axcodes2ornt("IAR")
        )
        turned.append(tmp_path / file.name)
        nib.save(image.as_reoriented(there), turned[-1])
    return turned[0], turned[1]


@pytest.fixture
def labels(stored: tuple[Path, Path]) -> np.ndarray:
    """(I, J, K), true ones."""
    return np.asarray(formats.read(stored[1]).array[0]).astype(np.uint8)


@pytest.fixture
def opened(
    controller: Any, bench: Any, wait: Callable[..., None], stored: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """A scan is open; of the tiny model bladder and prostate have a proven ranking, the rectum has none."""
    prove(monkeypatch)
    controller.open(stored[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    bench.sections.open("Review")
    return controller


@pytest.fixture
def reviewed(
    opened: Any, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch, find: Callable[[str], Any], wait: Any
) -> Any:
    """The review of a result that is doubtful on the right of the bladder on one slice has begun."""
    segmented(opened, monkeypatch, labels, doubtful(labels))
    settled(opened, wait)
    QTest.mouseClick(find("review_panel.begin"), LEFT)
    wait(lambda: opened.review.going is not None and not opened.review.is_beginning)
    live(50)
    return opened


def doubtful(labels: np.ndarray) -> tuple[slice, slice, slice]:
    """A box on the border of the bladder, on the slice in its middle."""
    slices = int(np.argmin(labels.shape))
    middle = [int(n) for n in np.argwhere(labels == BLADDER).mean(axis=0).round()]
    along = next(axis for axis in (0, 1, 2) if axis != slices)
    line = labels[tuple(slice(None) if axis == along else middle[axis] for axis in range(3))]
    middle[along] = int(np.flatnonzero(line == BLADDER)[0])
    i, j, k = (slice(n, n + 1) if axis == slices else slice(n - 4, n + 4) for axis, n in enumerate(middle))
    return i, j, k


def to_display(controller: Any, point: tuple[float, ...]) -> list[float]:
    """Voxel indices I, J, K to z, y, x, by the array of a single voxel."""
    geometry = controller.session.scan.geometry
    array = np.zeros(geometry.shape, bool)
    array[tuple(round(n) for n in point)] = True
    return np.argwhere(geometry.display.to_display(array))[0].tolist()  # type: ignore[no-any-return]


def place(find: Callable[[str], Any]) -> str:
    return str(find("review_panel.place").sentences()[0])


def press(controller: Any, key: Any) -> None:
    QTest.keyClick(canvas_widget(controller.viewer), key)
    live(50)


def test_an_organ_without_a_proven_ranking_has_none_and_is_not_gone_through(
    reviewed: Any, find: Callable[[str], Any]
) -> None:
    assert find("review_panel.rankings").text() == "Rectum: no ranking for this organ\nChecks only."
    organs = {place.organ for place in reviewed.review.going.places}
    assert organs == {1, 2}


def test_without_any_proven_ranking_there_are_the_checks_alone(
    opened: Any, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch, find: Callable[[str], Any], wait: Any
) -> None:
    prove(monkeypatch, ())
    segmented(opened, monkeypatch, labels, doubtful(labels))
    settled(opened, wait)
    said = find("review_panel.rankings").text().splitlines()
    assert said == [*(f"{name}: no ranking for this organ" for name in ORGANS), "Checks only."]
    assert not find("review_panel.begin").isVisible()
    assert find("review_panel.checks_state").text()


def test_the_most_doubtful_place_comes_first_centred_and_marked(
    reviewed: Any, labels: np.ndarray, find: Callable[[str], Any]
) -> None:
    """Or second, behind a random one."""
    box = doubtful(labels)
    middle = to_display(reviewed, tuple((part.start + part.stop - 1) / 2 for part in box))
    first = [reviewed.review.going.places[n].what.arcs[0] for n in (0, 1)]
    at = box[int(np.argmin(labels.shape))].start
    hit = [n for n, arc in enumerate(first) if arc.organ == BLADDER and arc.slice == at]
    assert hit
    dims, scale = reviewed.viewer.dims, np.array(reviewed.tools.layer.scale)

    def shown(n: int) -> list[int]:
        reviewed.review.go_to(n)
        live(50)
        return [round(at / mm) for at, mm in zip(dims.point, scale)]

    near = [n for n in hit if np.abs(np.array(shown(n)) - middle).max() <= 5]
    assert near, "a random place may lie on the same slice; the doubtful one is there"
    z, y, x = shown(near[0])
    assert z == middle[0]
    np.testing.assert_allclose(camera_of(reviewed.viewer).center[-2:] / scale[1:], (y, x), atol=0.51)
    assert re.match(rf"{near[0] + 1} of \d+: Bladder, slices? \d+.*, \d+ mm of border$", place(find)), place(find)
    assert f"slice {z + 1}" in place(find) or f"slices {z}" in place(find) or f"to {z + 1}," in place(find)
    lines = reviewed.view.outlines.main.mark.drawn
    assert lines
    mask = np.asarray(reviewed.tools.layer.data)[z] == BLADDER
    rim = mask & ~binary_erosion(mask)
    near = np.argwhere(rim) * scale[1:]
    for line in lines:
        away = np.linalg.norm(near[:, None] - line[None], axis=2).min(axis=0)
        assert away.max() <= scale[1:].max(), "the line lies on the border of the bladder"
    last = max(to_display(reviewed, tuple(arc.centre))[0] for arc in reviewed.review.going.current.what.arcs)
    reviewed.grid.show_slice(last + 1)
    live(50)
    assert reviewed.view.outlines.main.mark.drawn == [], "it is on no other slice"
    listed = find("review_panel.place")
    QTest.mouseClick(listed.viewport(), LEFT, pos=listed.visualItemRect(listed.item(0)).center())
    live(50)
    assert reviewed.grid.slice() == z
    assert len(reviewed.view.outlines.main.mark.drawn) == len(lines)


def test_keys_and_buttons_answer_go_on_and_go_back(reviewed: Any, find: Callable[[str], Any]) -> None:
    assert place(find).startswith("1 of ")
    press(reviewed, Qt.Key.Key_Y)
    assert place(find).startswith("2 of ")
    QTest.mouseClick(find("review_panel.flag"), LEFT)
    live(50)
    flagged = find("review_panel.flagged").sentences()
    assert len(flagged) == 1
    assert place(find).startswith("3 of ")
    press(reviewed, Qt.Key.Key_J)
    assert place(find).startswith("4 of ")
    press(reviewed, Qt.Key.Key_K)
    assert place(find).startswith("3 of ")
    count = len(reviewed.review.going.places)
    assert find("review_panel.progress").text() == f"2 of {count} looked at: 1 right, 1 flagged."
    listed = find("review_panel.flagged")
    QTest.mouseClick(listed.viewport(), LEFT, pos=listed.visualItemRect(listed.item(0)).center())
    live(50)
    assert place(find) == f"2 of {count}: {flagged[0]} — flagged"
    press(reviewed, Qt.Key.Key_Y)
    assert find("review_panel.flagged").sentences() == []
    assert f"2 of {count} looked at: 2 right." == find("review_panel.progress").text()


def test_an_answer_is_never_about_a_place_that_is_not_in_view(reviewed: Any, find: Callable[[str], Any]) -> None:
    before, at = place(find), reviewed.grid.slice()
    reviewed.grid.show_slice(0)
    live(50)
    press(reviewed, Qt.Key.Key_Y)
    assert place(find) == before
    assert find("review_panel.progress").text().startswith("0 of ")
    assert reviewed.grid.slice() == at, "it is shown instead"
    reviewed.view.set_plane("Coronal")
    press(reviewed, Qt.Key.Key_Q)
    assert find("review_panel.progress").text().startswith("0 of ")
    assert reviewed.viewer.dims.order[0] == 0
    press(reviewed, Qt.Key.Key_Q)
    assert len(find("review_panel.flagged").sentences()) == 1


def test_to_begin_again_is_asked_where_answers_would_go(reviewed: Any, find: Callable[[str], Any], wait: Any) -> None:
    press(reviewed, Qt.Key.Key_Y)
    QTest.mouseClick(find("review_panel.begin"), LEFT)
    live(50)
    assert find("review_panel.question").text() == "What was said of 1 place is forgotten. Begin again?"
    QTest.mouseClick(find("review_panel.go_on"), LEFT)
    live(50)
    assert find("review_panel.progress").text().startswith("1 of ")
    QTest.mouseClick(find("review_panel.begin"), LEFT)
    live(50)
    QTest.mouseClick(find("review_panel.begin_again"), LEFT)
    wait(lambda: not reviewed.review.is_beginning and find("review_panel.progress").text().startswith("0 of "))
    assert place(find).startswith("1 of ")


def test_without_a_review_the_keys_are_naparis(opened: Any, find: Callable[[str], Any]) -> None:
    press(opened, Qt.Key.Key_Y)
    assert not find("review_panel.accept").isVisible()
    assert opened.review.going is None


def test_where_the_border_was_changed_the_place_is_corrected_until_that_is_taken_back(
    reviewed: Any, find: Callable[[str], Any], wait: Any
) -> None:
    going = reviewed.review.going
    arc = next(one for one in going.places if one.kind == "arc").what.arcs[0]
    point = to_display(reviewed, tuple(arc.centre))
    z, y, x = point
    box = (slice(z, z + 1), slice(max(y - 6, 0), y + 7), slice(max(x - 6, 0), x + 7))
    layer = reviewed.tools.layer
    gone = np.where(layer.data[box] == arc.organ, 0, layer.data[box])
    reviewed.tools.editable.put("Erase", gone, box)
    settled(reviewed, wait)
    assert "corrected" in find("review_panel.progress").text()
    assert place(find).endswith("— corrected")
    reviewed.tools.undo()
    settled(reviewed, wait)
    assert "corrected" not in find("review_panel.progress").text()
    assert not place(find).endswith("— corrected")


def test_an_accepted_slice_counts_its_places(reviewed: Any, find: Callable[[str], Any], wait: Any) -> None:
    going = reviewed.review.going
    one = next(place for place in going.places if place.kind == "arc" and place.slices[0] == place.slices[1])
    alone = [p for p in going.places if p.organ == one.organ and p.slices == one.slices]
    at = to_display(reviewed, one.centre)[0]
    before = find("review_panel.progress").text()
    assert before.startswith("0 of ")
    reviewed.tools.choose(one.organ)
    reviewed.grid.show_slice(at)
    press(reviewed, Qt.Key.Key_A)
    assert Lock(one.organ, at) in reviewed.tools.editable.history.locks
    live(100)
    assert find("review_panel.progress").text().startswith(f"{len(alone)} of ")
    done = reviewed.progress.strip.marks[at][1]
    assert done >= len(alone)
    assert f"{done} looked at" in reviewed.progress.strip.words(at)


def test_the_certificate_counts_places_as_the_window_does(reviewed: Any, find: Callable[[str], Any]) -> None:
    press(reviewed, Qt.Key.Key_Y)
    press(reviewed, Qt.Key.Key_Y)
    QTest.mouseClick(find("review_panel.flag"), LEFT)
    live(100)
    said = reviewed.review.for_certificate()
    places = said["places"]
    total = len(reviewed.review.going.places)
    assert find("review_panel.progress").text() == f"3 of {total} looked at: 2 right, 1 flagged."
    assert places == {
        "listed": total,
        "looked at": 3,
        "right": 2,
        "flagged": 1,
        "corrected": 0,
        "to come": total - 3,
    }
    arcs = sum(row["reviewed"] for row in said["organs"].values())
    assert arcs >= 3, "a place covers one arc or several"


def test_empty_slices_beside_an_organ_are_places_of_their_own(
    reviewed: Any, find: Callable[[str], Any], wait: Any
) -> None:
    going, data = reviewed.review.going, np.asarray(reviewed.tools.layer.data)
    n, one = next((n, place) for n, place in enumerate(going.places) if place.kind == "empty")
    reviewed.review.go_to(n)
    live(50)
    at = reviewed.grid.slice()
    assert not (data[at] == one.organ).any()
    assert (data[at - 1] == one.organ).any() or (data[at + 1] == one.organ).any()
    name = ORGANS[one.organ - 1]
    assert place(find) == f"{n + 1} of {len(going.places)}: {name}, slice {at + 1}: nothing of it is drawn here, " + (
        "beside a slice that has it"
    )
    assert reviewed.view.outlines.main.mark.drawn == []
    where = tuple(slice(p, p + 1) for p in (at, 3, 3))
    reviewed.tools.editable.put("Dot", np.array([[[one.organ]]], np.uint8), where)
    settled(reviewed, wait)
    assert place(find).endswith("— corrected"), "it is empty no longer"


def test_what_is_left_is_told_when_it_is_asked_for_and_never_which_places_were_random(
    reviewed: Any, find: Callable[[str], Any]
) -> None:
    assert not find("review_panel.estimate").isVisible()
    going = reviewed.review.going
    random = {draw.item for draw in going.review.queue.draws}
    assert random, "some are"
    for n in range(len(going.places) // 2):
        assert place(find).startswith(f"{n + 1} of ")
        assert not re.search("random|audit", place(find))
        press(reviewed, Qt.Key.Key_Y)
    assert not find("review_panel.estimate").isVisible()
    QTest.mouseClick(find("review_panel.estimate_left"), LEFT)
    live(50)
    audit, said = going.audit, find("review_panel.estimate").text()
    share = rf"{audit.low:.0%} to {audit.high:.0%} of the border".replace("%", " %")
    expected = (
        rf"Of what was not reviewed, {share} is still off by more than 2 mm "
        rf"\(95 % confidence, from {audit.drawn} random places\)\."
    )
    if audit.drawn - audit.skipped >= 10:
        assert re.fullmatch(expected, said), said
    else:
        assert said.startswith("Too few random places") and "from 10 on" in said and "%" not in said
    press(reviewed, Qt.Key.Key_Y)
    assert not find("review_panel.estimate").isVisible(), "it was said of what had been reviewed then"
