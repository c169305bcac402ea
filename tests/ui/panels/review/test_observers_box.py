"""Several observers in the window: ticked, compared together, shown, never labels; the labels in work among them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, live
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLineEdit
from scans_of_a_day import FINE, THICK, new_labels, open_scan, stroke, write_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.observing import labels_among, observe
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.layers.access import KIND
from napari_boundaryseg.ui.panels.review import observers_box
from napari_boundaryseg.ui.widgets.review import observer_words as words

BLADDER = 1


def press(widget: Any) -> None:
    QTest.mouseClick(widget, LEFT, pos=QPoint(12, widget.height() // 2))
    live(50)


def tick(observers: Any, name: str) -> None:
    """Click into the box of a name."""
    row = next(n for n in range(observers.count()) if observers.item(n).text() == name)
    box = observers.visualItemRect(observers.item(row))
    QTest.mouseClick(observers.viewport(), LEFT, pos=QPoint(box.left() + 10, box.center().y()))
    live(50)


def known(controller: Any) -> Callable[[], bool]:
    return lambda: controller.observers.is_fresh and not controller.observers.is_busy


def kinds(controller: Any, kind: str) -> list[Any]:
    return [layer for layer in controller.viewer.layers if layer.metadata.get(KIND) == kind]


def as_map(controller: Any, array: np.ndarray) -> LabelMap:
    scan, scheme = controller.session.scan, controller.tools.editable.scheme
    return LabelMap(np.ascontiguousarray(scan.geometry.display.from_display(np.array(array))), scan.geometry, scheme)


def layers_of(controller: Any, *shifts: int) -> list[np.ndarray]:
    """Layers of labels as other people's, each the labels in work some voxels farther on."""
    made = []
    for n, by in enumerate(shifts, start=1):
        made.append(np.roll(np.array(controller.tools.layer.data), by, axis=2))
        scale = controller.tools.layer.scale
        layer = controller.viewer.add_labels(made[-1], name=f"colleague {n}", scale=scale, units=("mm",) * 3)
        layer.visible = False
    controller.viewer.layers.selection.active = controller.tools.layer
    return made


def test_observers_are_ticked_and_compared_and_what_is_said_is_what_the_arrays_say(
    drawing: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path
) -> None:
    bench.sections.open("Review")
    live(50)
    compare, state, observers = (
        find(f"review_panel.{name}") for name in ("compare_observers", "observers_state", "observers")
    )
    assert state.text() == words.NOBODY and not compare.isEnabled()
    arrays = layers_of(drawing, 1, 2, 4)
    assert state.text() == words.TOO_FEW
    tick(observers, "colleague 1")
    press(compare)
    assert state.text() == words.TOO_FEW and not compare.isEnabled() and drawing.observers.known() is None
    for n in (2, 3):
        tick(observers, f"colleague {n}")
    assert compare.isEnabled()
    press(compare)
    wait(known(drawing))
    names = drawing.observers.known().names
    assert sorted(names) == ["colleague 1", "colleague 2", "colleague 3"]
    maps = [as_map(drawing, arrays[int(name[-1]) - 1]) for name in names]
    wanted = observe(maps, drawing.tools.editable.scheme)
    lying = labels_among(as_map(drawing, drawing.tools.layer.data), wanted)
    assert find("review_panel.spread").texts() == words.spread_rows(wanted, lying)
    first = wanted.organs["Bladder"]
    assert find("review_panel.spread_detail").texts() == words.observer_rows(names, first, lying["Bladder"])
    assert find("review_panel.lying").text() == words.lying_sentence("Bladder", lying["Bladder"])
    places = find("review_panel.spread_places")
    assert places.sentences() == [place.sentence for place in first.places] != []
    # The layers: nobody's labels.
    active = drawing.viewer.layers.selection.active
    press(find("review_panel.median"))
    press(find("review_panel.spread_map"))
    ((median,), (spread,)) = kinds(drawing, "median"), kinds(drawing, "spread")
    assert np.array_equal(median.data, first.middle.mask) and np.array_equal(
        spread.data, first.middle.range_mm, equal_nan=True
    )
    assert np.allclose(median.translate, np.array(first.corner) * median.scale)
    assert median.contour > 0 and not median.editable and not median.data.flags.writeable
    assert drawing.viewer.layers.selection.active is active is drawing.tools.layer
    assert drawing.tools.editable.history.array is drawing.tools.layer.data
    assert len(drawing.observers.others()) == 3, "neither of them can be chosen as an observer"
    data, meta, _ = median.as_layer_data_tuple()
    with pytest.raises(InputError, match="nobody's labels"):
        hooks.write_labels(str(tmp_path / "median.nii.gz"), data, meta)
    assert not (tmp_path / "median.nii.gz").exists()
    places.scrollToItem(places.item(0))
    QTest.mouseClick(places.viewport(), LEFT, pos=places.visualItemRect(places.item(0)).center())
    live(50)
    at = [round(mm / size) for mm, size in zip(drawing.viewer.dims.point, drawing.tools.layer.scale)]
    assert at == list(first.places[0].voxel)
    table = find("review_panel.spread")
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.item(2, 0)).center())
    wanted_names = ["median of observers: Rectum", "observers apart: Rectum, mm"]  # once the mouse is up for a moment
    wait(lambda: [one.name for one in (*kinds(drawing, "median"), *kinds(drawing, "spread"))] == wanted_names)
    assert find("review_panel.spread_title").text().startswith("Rectum, ")
    # The labels in work follow, and the certificate says it.
    drawn = np.array(drawing.tools.layer.data)
    drawn[2:5, 2:12, 50:60] = BLADDER
    drawing.tools.editable.put("Lump", drawn)
    assert table.property("old") and drawing.observers.for_certificate() is None
    wait(known(drawing))
    changed = labels_among(as_map(drawing, drawn), wanted)
    assert table.texts() == words.spread_rows(wanted, changed) and not table.property("old")
    assert changed["Bladder"] != lying["Bladder"] and drawing.observers.known().organ == "Rectum"
    drawing.labels.accept()
    wait(lambda: drawing.session.job is None and drawing.labels.is_stored())
    (case,) = drawing.session.project.cases()
    text = case.label.with_name("certificate-v1.json").read_text("utf-8")
    said = json.loads(text)["review"]["reference"]["several observers"]
    assert said["against"] == "the median surface of 3 observers" and "colleague" not in text
    assert said["organs"]["Bladder"]["labels"]["among"] == pytest.approx(changed["Bladder"]["among"], abs=1e-4)
    press(find("review_panel.median"))
    press(find("review_panel.spread_map"))
    assert kinds(drawing, "median") == kinds(drawing, "spread") == []


def test_files_have_the_names_that_a_person_gives_and_what_does_not_fit_is_said(
    drawing: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels = formats.read_labels(pelvis_files[0].with_name("case1_labels.nii.gz"))
    paths = [tmp_path / f"{name}.nii.gz" for name in ("one", "two", "strange")]
    for path, by in zip(paths, (0, 1, 0)):
        array = np.roll(labels.array, by, axis=0)
        array = np.where(array > 0, 9, 0) if path.name == "strange.nii.gz" else array
        formats.write(LabelMap(array.astype(np.uint8), labels.geometry), path)
    bench.sections.open("Review")
    live(50)
    monkeypatch.setattr(observers_box, "open_files", lambda *_: paths)
    press(find("review_panel.observer_files"))
    observers, state = find("review_panel.observers"), find("review_panel.observers_state")
    assert sorted(observers.names()) == ["one", "strange", "two"], "the files' stems"
    press(find("review_panel.compare_observers"))
    wait(lambda: drawing.observers.known() is not None and not drawing.observers.is_busy)
    assert state.text().startswith("Not compared: ") and "9" in state.text()
    tick(observers, "strange")
    row = next(n for n in range(3) if observers.item(n).text() == "one")
    place = observers.visualItemRect(observers.item(row)).center()
    QTest.mouseClick(observers.viewport(), LEFT, pos=place)
    QTest.mouseDClick(observers.viewport(), LEFT, pos=place)
    live(50)
    field = observers.findChild(QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, "senior reader")
    QTest.keyClick(field, Qt.Key.Key_Return)
    live(50)
    assert sorted(observers.names()) == ["senior reader", "strange", "two"]
    press(find("review_panel.compare_observers"))
    wait(known(drawing))
    assert "2 observers:" in state.text() and "senior reader" in state.text() and "one" not in state.text()
    assert {row[0] for row in find("review_panel.spread_detail").texts()} == {"senior reader", "two", words.IN_WORK}
    among = find("review_panel.spread").texts()[0][-1]
    assert among == "100 %", "the labels in work are those of one of them"
    for name in ("spread", "spread_detail"):  # nothing is cut off
        table, header = find(f"review_panel.{name}"), find(f"review_panel.{name}").horizontalHeader()
        assert header.length() <= table.viewport().width() + 1
        for column in range(table.columnCount()):
            for word in table.horizontalHeaderItem(column).text().splitlines():
                assert table.fontMetrics().horizontalAdvance(word) <= header.sectionSize(column), word


def test_two_scans_each_keep_their_observers_while_the_other_is_open(
    controller: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Unaccepted work on both; no layer and no figure of one patient is seen with the other's scan."""
    scans = [write_scan(tmp_path / "first.nii.gz", THICK), write_scan(tmp_path / "second.nii.gz", FINE)]
    texts = []
    for n, path in enumerate(scans):
        open_scan(controller, wait, path, monkeypatch)
        bench.sections.open("Correct")
        new_labels(find, "Pelvis MR")
        controller.grid.go_to((6, 20, 20))
        stroke(controller, 60 + 20 * n)
        drawn = np.array(controller.tools.layer.data)
        drawn[4:12, 10:25, 10:25] = BLADDER
        controller.tools.editable.put("Box", drawn)
        bench.sections.open("Review")
        live(50)
        files = []
        for by in (0, 3 + n):
            files.append(tmp_path / f"scan{n}_observer{by}.nii.gz")
            formats.write(as_map(controller, np.roll(np.array(controller.tools.layer.data), by, axis=2)), files[-1])
        monkeypatch.setattr(observers_box, "open_files", lambda *_, files=files: files)
        press(find("review_panel.observer_files"))
        assert sorted(find("review_panel.observers").names()) == [f"scan{n}_observer{by}" for by in (0, 3 + n)]
        press(find("review_panel.compare_observers"))
        wait(known(controller))
        press(find("review_panel.median"))
        press(find("review_panel.spread_map"))
        assert len(kinds(controller, "median")) == len(kinds(controller, "spread")) == 1
        texts.append((find("review_panel.spread").texts(), find("review_panel.spread_places").sentences()))
    assert texts[0] != texts[1]
    for n in (0, 1, 0):
        open_scan(controller, wait, scans[n], monkeypatch)
        wait(lambda: controller._settled.is_quiet and known(controller)())
        live(100)
        assert kinds(controller, "median") == kinds(controller, "spread") == []
        assert (find("review_panel.spread").texts(), find("review_panel.spread_places").sentences()) == texts[n]
        assert sorted(find("review_panel.observers").names()) == [f"scan{n}_observer{by}" for by in (0, 3 + n)]
        assert all(name.startswith(f"scan{n}") for name in controller.observers.known().names)
        press(find("review_panel.median"))
        assert len(kinds(controller, "median")) == 1
        assert kinds(controller, "median")[0].metadata["boundaryseg"] is controller.session.scan
    assert len(controller.labels.in_work()) == 2
