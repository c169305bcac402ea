"""Correct the labels by hand, and accept them as a case of the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QGridLayout, QLabel, QMenu, QSlider, QWidget

from napari_boundaryseg.data.formats.format import suffixes
from napari_boundaryseg.data.labels import PRESETS, LabelScheme
from napari_boundaryseg.editing.effort import Work
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.ui.layers import visibility
from napari_boundaryseg.ui.panels.lock_button import LockButton
from napari_boundaryseg.ui.panels.panel import Panel
from napari_boundaryseg.ui.panels.recovery_offer import RecoveryOffer, fill_discarded
from napari_boundaryseg.ui.widgets.controls import button, column, line, named, tool
from napari_boundaryseg.ui.widgets.history_list import HistoryList
from napari_boundaryseg.ui.widgets.organ_table import OrganTable

if TYPE_CHECKING:
    from napari_boundaryseg.ui.control.viewer_controller import ViewerController

EMPTY = "Segment the scan first, or start with empty labels."
STORED = "Stored as a case of the project. Choose cases in Train."
STORED_BEFORE = "Stored as it was when you pressed Accept. What you drew since then is not."
TOOLS = (
    ("brush", "Brush", "B", "paint", "Paint the chosen organ"),
    ("eraser", "Eraser", "E", "erase", "Erase"),
    ("fill", "Fill", "F", "fill", "Fill the area under the mouse with the chosen organ"),
    ("polygon", "Polygon", "P", "polygon", "Click corners round an area; double-click to close it"),
)
SCHEME_TITLES = {
    "pelvis-mr": "Pelvis MR",
    "pelvis-ct": "Pelvis CT",
    "prostate": "Prostate",
    "hippocampus": "Hippocampus",
    "sarcoma": "Sarcoma",
    "brats-2022": "Brain tumour (BraTS to 2022)",
    "brats-2023": "Brain tumour (BraTS 2023)",
    "kits": "Kidney tumour (KiTS)",
    "kits-2019": "Kidney tumour (KiTS 2019)",
}


def effort_in_words(work: Work) -> str:
    """Strokes, path, time and undos in one line."""
    minutes, seconds = divmod(round(work.seconds), 60)
    return (
        f"Effort: {work.strokes} stroke{'s' if work.strokes != 1 else ''} · {work.path_mm:.0f} mm · "
        f"{minutes}:{seconds:02d} min · {work.undos} undo{'s' if work.undos != 1 else ''}"
    )


class CorrectPanel(Panel):
    """The third section: organs and locks, tools, history, accept."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.empty = line("correct_panel.empty", EMPTY)
        self.organs = OrganTable()
        self.tools = {name: tool(f"correct_panel.{name}", label, key, tip) for name, label, key, _, tip in TOOLS}
        self.size = named(
            QSlider(Qt.Orientation.Horizontal),
            "correct_panel.size",
            "Brush size",
            "Diameter of the brush and the eraser",
        )
        self.size.setRange(1, 40)
        self.size_text = line("correct_panel.size_text")
        self.undo = button("correct_panel.undo", "Undo", "Take the last change back (Ctrl+Z)")
        self.redo = button("correct_panel.redo", "Redo", "Make it again (Ctrl+Shift+Z)")
        self.lock_slice = LockButton(controller)
        self.history = HistoryList()
        self.effort = line("correct_panel.effort", quiet=True)
        self.save_effort = button(
            "correct_panel.save_effort",
            "Save effort…",
            "Strokes, path, time and undos of each organ and slice, as CSV; nothing is sent",
        )
        self.recovery = RecoveryOffer(controller)
        self.discarded = button("correct_panel.discarded", "Discarded work", "What was discarded in the last days")
        self.new = button("correct_panel.new", "New empty labels", "Start by hand, with the names of")
        self.load = button("correct_panel.load", "Open labels…", "A label map drawn on this scan")
        self.accept = button(
            "correct_panel.accept", "Accept", "Store scan and labels as a case of the project", main=True
        )
        self.accepted = line("correct_panel.accepted", quiet=True)
        self._arrange()
        self._connect()
        self._on_shown()

    def _arrange(self) -> None:
        self.editing, start = QWidget(), QWidget()
        grid = QGridLayout()
        for n, made in enumerate(self.tools.values()):
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            grid.addWidget(made, n // 2, n % 2)
        grid.addWidget(QLabel("Brush size"), 2, 0)
        grid.addWidget(self.size_text, 2, 1)
        grid.addWidget(self.size, 3, 0, 1, 2)
        grid.addWidget(self.undo, 4, 0)
        grid.addWidget(self.redo, 4, 1)
        inside = column(self.editing, self.organs, self.lock_slice)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(grid)
        for part in (self.history, self.accept, self.accepted, self.effort, self.save_effort):
            inside.addWidget(part)
        begin = QGridLayout(start)
        begin.setContentsMargins(0, 0, 0, 0)
        begin.addWidget(self.new, 0, 0)
        begin.addWidget(self.load, 1, 0)
        begin.addWidget(self.discarded, 2, 0)
        put_away = QMenu(self.discarded)
        put_away.aboutToShow.connect(lambda: fill_discarded(put_away, self._controller))
        self.discarded.setMenu(put_away)
        menu = QMenu(self.new)
        names = QMenu(self.load)
        for name, scheme in PRESETS.items():
            title = SCHEME_TITLES.get(name, name)
            menu.addAction(title, lambda s=scheme: self._controller.new_labels(s))
            names.addAction(title, lambda s=scheme: self._ask_labels(s))
        names.addAction("Names not known", lambda: self._ask_labels(None))
        self.new.setMenu(menu)
        self.load.setMenu(names)
        column(self, self.lost, self.empty, self.editing, start).addStretch(1)

    def _connect(self) -> None:
        controller = self._controller
        for name, _, _, mode, _ in TOOLS:
            self.tools[name].clicked.connect(lambda on, m=mode: controller.tools.set_mode(m if on else "pan_zoom"))
        self.size.valueChanged.connect(controller.tools.set_brush)
        self.undo.clicked.connect(lambda _: controller.tools.undo())
        self.redo.clicked.connect(lambda _: controller.tools.redo())
        self.accept.clicked.connect(controller.accept)
        self.organs.chosen.connect(controller.tools.choose)
        self.organs.hidden_changed.connect(lambda hidden: visibility.hide_organs(controller.viewer, hidden))
        self.organs.lock_asked.connect(lambda organ, on: controller.lock(Lock(organ), on))
        self.history.asked.connect(controller.go_to)
        self.save_effort.clicked.connect(self._ask_effort)
        controller.labels_shown.connect(self._on_shown)
        controller.tools.edited.connect(self._on_edited)
        controller.tools.tool_changed.connect(self._on_tool)
        controller.accepted.connect(self.show_accepted)
        controller.listen(self, controller.session.scan_changed, lambda _: self._on_shown())
        controller.listen(self, controller.session.job_changed, lambda _: self._enable())
        controller.listen(self, controller.session.project_changed, lambda _: self._enable())

    def _ask_labels(self, scheme: LabelScheme | None) -> None:
        pattern = " ".join(f"*{suffix}" for suffix in suffixes())
        path, _ = QFileDialog.getOpenFileName(self, "Open labels drawn on this scan", "", f"Labels ({pattern})")
        if path:
            self._controller.open_labels(Path(path), scheme)

    def _ask_effort(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save effort", "effort.csv", "CSV (*.csv)")
        if path:
            self._controller.save_effort(Path(path))

    def _on_shown(self) -> None:
        scheme = self._controller.scheme()
        self.organs.show_scheme(scheme)
        self.editing.setVisible(scheme is not None)
        self.empty.setVisible(scheme is None)
        self.accepted.setText("")
        self._on_edited()
        self._on_tool()
        self._enable()

    def _on_edited(self) -> None:
        self.organs.show_volumes(self._controller.volumes_ml())
        self.undo.setEnabled(self._controller.tools.can_undo())
        self.redo.setEnabled(self._controller.tools.can_redo())
        editable = self._controller.tools.editable
        self.history.show_history(editable.history if editable is not None else None)
        self.organs.show_locks(
            [lock.organ for lock in editable.history.locks if lock.organ and lock.slice is None]
            if editable is not None
            else []
        )
        self.lock_slice.refresh()
        self.effort.setText(effort_in_words(editable.effort.total()) if editable is not None else "")
        if not self._controller.tools.is_stored():
            self.accepted.setText("")
        self._show_state()

    def _show_state(self) -> None:
        scheme, tools = self._controller.scheme(), self._controller.tools
        if scheme is not None and tools.can_undo() and not tools.is_stored():
            self.set_state("warning", "corrected, not accepted")
        elif scheme is not None and tools.is_stored() and self.accepted.text():
            self.set_state("done", "accepted")
        else:
            number = 0 if scheme is None else len(scheme.organs)
            self.set_state("", f"{number} organ{'s' if number != 1 else ''}" if number else "")

    def _on_tool(self) -> None:
        mode, size, organ = self._controller.tools.state()
        for name, _, _, its_mode, _ in TOOLS:
            self.tools[name].setChecked(mode == its_mode)
        self.size.blockSignals(True)
        self.size.setValue(round(size))
        self.size.blockSignals(False)
        self.size_text.setText(self._controller.tools.brush_text())
        self.organs.choose(organ)
        self.lock_slice.refresh()

    def _enable(self) -> None:
        session = self._controller.session
        for part in (self.new, self.load, self.discarded):
            part.setEnabled(session.scan is not None)
        self.empty.setText(EMPTY if session.scan is not None else "Open a scan first, in Scan above.")
        self.accept.setEnabled(self._controller.scheme() is not None and session.job is None)

    def show_accepted(self) -> None:
        """Say that the labels were stored."""
        self.accepted.setText(STORED if self._controller.tools.is_stored() else STORED_BEFORE)
        self._show_state()
