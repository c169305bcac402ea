"""The Export panel: what is written and where, and what was read back."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QCheckBox, QWidget

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.file_dialogs import choose_folder
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.widgets.controls import button, column, line, named

WHAT = {
    "labels": ("Label map (NIfTI)", "On the scan's own grid, bit for bit its geometry"),
    "edges": ("Edge map (NIfTI)", "0 to 1, from the last segmentation"),
    "contours": ("Soft contours (NIfTI)", "One map per organ, 0 to 1, from the last segmentation"),
    "mesh": ("Surface meshes (STL)", "One per organ, in mm, patient axes left, back, head (LPS)"),
    "report": ("Report (JSON)", "Volumes, model, geometry"),
}
NEEDS_PREDICTION = ("edges", "contours")
EMPTY = "Nothing to export yet: segment a scan, or draw labels."
CHECKED = "Written. Every file was read back and compared:"
CHOOSE = "Choose a folder to save in."


@PANELS.register("export")
class ExportPanel(Panel):
    """The last section: tick, choose a folder, save."""

    title, position = "Export", 50

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._labels, self._results = controller.labels, controller.results
        self._folder: Path | None = None
        self.empty = line("export_panel.empty", EMPTY)
        self.what = {
            name: named(QCheckBox(label), f"export_panel.{name}", label, tip) for name, (label, tip) in WHAT.items()
        }
        for tick in self.what.values():
            tick.setChecked(True)
        self.choose = button("export_panel.folder", "Folder…", "Where the files go")
        self.place = line("export_panel.place", CHOOSE, quiet=True)
        self.save = button("export_panel.save", "Save", "Write the ticked files and read each one back", main=True)
        self.question = line("export_panel.question")
        self.question.setProperty("level", "warning")
        self.replace = button("export_panel.replace", "Replace", "Write all the same; what is there is lost", main=True)
        self.keep = button("export_panel.keep", "Keep", "Write nothing; choose another folder")
        self.written = line("export_panel.written")
        asked = (self.question, self.replace, self.keep)
        column(
            self, self.empty, *self.what.values(), self.choose, self.place, self.save, *asked, self.written
        ).addStretch(1)
        self.choose.clicked.connect(self._ask_folder)
        self.save.clicked.connect(self._on_save)
        self._labels.shown.connect(self._enable)
        self.replace.clicked.connect(lambda _: self._results.replace())
        self.keep.clicked.connect(self._on_keep)
        self._results.exported.connect(self._on_exported)
        self._results.asked.connect(self._ask)
        session = self._session
        jobs = controller.jobs
        jobs.changed.connect(self._enable)
        for signal in (session.scan_changed, session.prediction_changed):
            controller.listen(self, signal, lambda _: self._enable())
        controller.listen(self, session.scan_changed, lambda _: self._forget())
        self._ask("")
        self._enable()

    def _forget(self) -> None:
        """Say nothing more of the scan before."""
        self.written.setText("")
        self.set_state("", "")

    def _ask_folder(self) -> None:
        folder = choose_folder(self, "Save in this folder", "results")
        if folder is not None:
            self.set_folder(folder)

    def set_folder(self, folder: Path) -> None:
        """Save in this folder."""
        self._folder = folder
        self.place.setText(f"Folder: {folder.name}")
        self.place.setToolTip(str(folder))
        self._enable()

    def _enable(self) -> None:
        ready = self._labels.scheme() is not None and self._session.scan is not None
        predicted = self._session.prediction is not None
        for name in NEEDS_PREDICTION:
            self.what[name].setEnabled(predicted)
        self.empty.setVisible(not ready)
        self.save.setEnabled(ready and self._folder is not None and not self._results.is_writing())

    def _on_save(self) -> None:
        if self._folder is None:
            return
        chosen = {name for name, tick in self.what.items() if tick.isChecked() and tick.isEnabled()}
        self.written.setText("")
        self._results.save(chosen, self._folder)

    def _ask(self, question: str) -> None:
        self.question.setText(question)
        for part in (self.question, self.replace, self.keep):
            part.setVisible(bool(question))
        if question:
            self.set_state("warning", "needs an answer")

    def _on_keep(self) -> None:
        self._results.forget()
        self.set_state("", "nothing was written")

    def _on_exported(self, paths: list[Path]) -> None:
        self.written.setText("\n".join([CHECKED, *(f"✓ {path.name}" for path in paths)]))
        self.set_state("done", f"{len(paths)} files")
