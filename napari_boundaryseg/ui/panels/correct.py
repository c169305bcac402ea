"""The Correct panel: correct labels by hand, lock, undo, accept them as a case of the project."""

from __future__ import annotations

from qtpy.QtWidgets import QGridLayout, QInputDialog, QMenu, QWidget

from napari_boundaryseg.data.formats.format import suffixes
from napari_boundaryseg.data.labels import PRESETS, LabelScheme
from napari_boundaryseg.editing.effort import Work
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.labels_actions import in_words
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.file_dialogs import open_file, save_file
from napari_boundaryseg.ui.panels.adapt_box import AdaptBox
from napari_boundaryseg.ui.panels.carry_box import CarryBox
from napari_boundaryseg.ui.panels.clean_box import CleanBox
from napari_boundaryseg.ui.panels.lock_button import LockButton
from napari_boundaryseg.ui.panels.notices.recovery_offer import RecoveryOffer
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.panels.tool_box import ToolBox
from napari_boundaryseg.ui.widgets.controls import button, column, line
from napari_boundaryseg.ui.widgets.history_list import HistoryList
from napari_boundaryseg.ui.widgets.organ_table import OrganTable
from napari_boundaryseg.ui.widgets.scheme_words import scheme_title

OWN_NAMES = "What you will draw, with commas between, for example: Uterus, Cervix"
EMPTY = "Segment the scan first, or start with empty labels."
STORED = "Stored as a case of the project. Choose cases in Train."
STORED_BEFORE = "Stored as it was when you pressed Accept. What you drew since then is not."


def effort_in_words(work: Work) -> str:
    """Strokes, path, time and undos in one line."""
    minutes, seconds = divmod(round(work.seconds), 60)
    return (
        f"Effort: {work.strokes} stroke{'s' if work.strokes != 1 else ''} · {work.path_mm:.0f} mm · "
        f"{minutes}:{seconds:02d} min · {work.undos} undo{'s' if work.undos != 1 else ''}"
    )


@PANELS.register("correct")
class CorrectPanel(Panel):
    """The third section: organs and locks, tools, history, accept."""

    title, position = "Correct", 30

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._labels, self._drawing = controller.labels, controller.tools
        self.empty = line("correct_panel.empty", EMPTY)
        self.organs = OrganTable()
        self.tools = ToolBox(controller)
        self.carry = CarryBox(controller)
        self.adapt = AdaptBox(controller)
        self.clean = CleanBox(controller)
        self.lock_slice = LockButton(controller)
        self.history = HistoryList()
        self.effort = line("correct_panel.effort", quiet=True)
        self.save_effort = button(
            "correct_panel.save_effort",
            "Save effort…",
            "Strokes, path, time and undos of each organ and slice, as CSV; nothing is sent",
        )
        self.recovery = RecoveryOffer(controller)
        self.others = button("correct_panel.others", "Other labels", "Labels of this scan that were set aside")
        self.discarded = button("correct_panel.discarded", "Discarded work", "What was discarded in the last days")
        self.new = button("correct_panel.new", "New empty labels", "Start by hand, with the names of")
        self.load = button("correct_panel.load", "Open labels…", "A label map drawn on this scan")
        self.accept = button("correct_panel.accept", keys.KEYS["case.accept"].label, keys.tip("case.accept"), main=True)
        self.accepted = line("correct_panel.accepted", quiet=True)
        self._arrange()
        self._connect(controller)
        self._on_shown()

    def _arrange(self) -> None:
        self.editing, start = QWidget(), QWidget()
        inside = column(self.editing, self.organs, self.lock_slice, self.tools, self.carry, self.adapt, self.clean)
        inside.setContentsMargins(0, 0, 0, 0)
        for part in (self.history, self.accept, self.accepted, self.effort, self.save_effort):
            inside.addWidget(part)
        begin = QGridLayout(start)
        begin.setContentsMargins(0, 0, 0, 0)
        begin.addWidget(self.new, 0, 0)
        begin.addWidget(self.load, 1, 0)
        begin.addWidget(self.discarded, 2, 0)
        aside = QMenu(self.others)
        aside.aboutToShow.connect(lambda: self._fill_others(aside))
        self.others.setMenu(aside)
        put_away = QMenu(self.discarded)
        put_away.aboutToShow.connect(lambda: self.recovery.fill_discarded(put_away))
        self.discarded.setMenu(put_away)
        menu = QMenu(self.new)
        names = QMenu(self.load)
        for name, scheme in PRESETS.items():
            title = scheme_title(name)
            menu.addAction(title, lambda s=scheme: self._labels.new(s))
            names.addAction(title, lambda s=scheme: self._ask_labels(s))
        menu.addAction("Names of your own…", self._ask_names)
        names.addAction("Names not known", lambda: self._ask_labels(None))
        self.new.setMenu(menu)
        self.load.setMenu(names)
        column(self, self.recovery, self.others, self.empty, self.editing, start).addStretch(1)

    def _connect(self, controller: ViewerController) -> None:
        labels, drawing = self._labels, self._drawing
        self.accept.clicked.connect(labels.accept)
        self.organs.chosen.connect(drawing.choose)
        self.organs.hidden_changed.connect(labels.hide)
        self.organs.lock_asked.connect(lambda organ, on: labels.lock(Lock(organ), on))
        self.history.asked.connect(labels.go_to)
        self.save_effort.clicked.connect(self._ask_effort)
        labels.shown.connect(self._on_shown)
        labels.accepted.connect(self.show_accepted)
        drawing.edited.connect(self._on_edited)
        drawing.tool_changed.connect(self._on_tool)
        controller.listen(self, self._session.scan_changed, lambda _: self._on_shown())
        jobs = controller.jobs
        jobs.changed.connect(self._enable)
        controller.listen(self, self._session.project_changed, lambda _: self._enable())

    def _fill_others(self, menu: QMenu) -> None:
        menu.clear()
        for editable in self._labels.others():
            menu.addAction(in_words(editable), lambda one=editable: self._labels.show_other(one))

    def _ask_labels(self, scheme: LabelScheme | None) -> None:
        pattern = " ".join(f"*{suffix}" for suffix in suffixes())
        path = open_file(self, "Open labels drawn on this scan", "labels", f"Labels ({pattern})")
        if path is not None:
            self._labels.open(path, scheme)

    def _ask_names(self) -> None:
        text, given = QInputDialog.getText(self, "Names of your own", OWN_NAMES)
        if given:
            self._labels.new_of(text)

    def _ask_effort(self) -> None:
        path = save_file(self, "Save effort", "tables", "effort.csv", "CSV (*.csv)")
        if path is not None:
            self._labels.save_effort(path)

    def _on_shown(self) -> None:
        scheme = self._labels.scheme()
        self.organs.show_scheme(scheme)
        self.editing.setVisible(scheme is not None)
        self.empty.setVisible(scheme is None)
        self.others.setVisible(bool(self._labels.others()))
        self.accepted.setText("")
        self._on_edited()
        self._on_tool()
        self._enable()

    def _on_edited(self) -> None:
        self.organs.show_volumes(self._labels.volumes_ml())
        self.tools.show_tool()
        self.history.show_history(self._labels.history())
        self.organs.show_locks([lock.organ for lock in self._labels.locks() if lock.organ and lock.slice is None])
        self.lock_slice.refresh()
        work = self._labels.effort()
        self.effort.setText(effort_in_words(work) if work is not None else "")
        if not self._labels.is_stored():
            self.accepted.setText("")
        self._show_state()

    def _show_state(self) -> None:
        scheme, stored = self._labels.scheme(), self._labels.is_stored()
        if scheme is not None and self._drawing.can_undo() and not stored:
            self.set_state("warning", "corrected, not accepted")
        elif scheme is not None and stored and self.accepted.text():
            self.set_state("done", "accepted")
        else:
            number = 0 if scheme is None else len(scheme.organs)
            self.set_state("", f"{number} organ{'s' if number != 1 else ''}" if number else "")

    def _on_tool(self) -> None:
        chosen, scheme = self._drawing.state()[2], self._labels.scheme()
        self.organs.choose(chosen)
        organs = scheme.organs if scheme is not None else ()
        self.clean.show_organs({organ.id: organ.name for organ in organs if organ.id != chosen})
        self.lock_slice.refresh()

    def _enable(self) -> None:
        for part in (self.new, self.load):
            part.setEnabled(self._session.scan is not None)
        self.discarded.setEnabled(self._session.scan is not None and not self._labels.is_accepting())
        self.empty.setText(EMPTY if self._session.scan is not None else "Open a scan first, in Scan above.")
        self.accept.setEnabled(self._labels.scheme() is not None and not self._labels.is_accepting())

    def show_accepted(self) -> None:
        """Say that the labels were stored."""
        self.accepted.setText(STORED if self._labels.is_stored() else STORED_BEFORE)
        self._show_state()
