"""The Scan panel: open a scan, see its geometry and warnings, choose window and plane."""

from __future__ import annotations

from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QMenu, QWidget

from napari_boundaryseg.data.formats.format import suffixes
from napari_boundaryseg.data.hounsfield import modality_of
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.ui import samples
from napari_boundaryseg.ui.control.view_actions import PLANES, windows
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.file_dialogs import choose_folder, open_files
from napari_boundaryseg.ui.panels.notices.recent_button import recent_button
from napari_boundaryseg.ui.panels.notices.series_choice import SeriesChoice
from napari_boundaryseg.ui.panels.panel import PANELS, Panel
from napari_boundaryseg.ui.widgets.controls import button, choice, column, form, line, styled_by

EMPTY = "Open a scan to begin: a file, a DICOM folder, a sample, or drop one on the view."
BY_HAND = "Set by hand"
GUESS = ", by its values"
LETTERS = {"R": "right", "L": "left", "A": "front", "P": "back", "S": "head", "I": "feet"}


def facts(volume: Volume, modality: str, guessed: bool) -> dict[str, str]:
    """What a person wants to know of a scan: short words, units. A modality may be a guess from the values."""
    geometry = volume.geometry
    made = {
        "Name": volume.name,
        "Size": " × ".join(str(n) for n in geometry.shape) + " voxels",
        "Spacing": " × ".join(f"{mm:.3g}" for mm in geometry.spacing_mm) + " mm",
        "Axes": f"{geometry.orientation} (to {', '.join(LETTERS[c] for c in geometry.orientation)})",
        "Obliquity": "none"
        if geometry.obliquity_deg < 0.05
        else f"{geometry.obliquity_deg:.1f}° against the patient axes",
        "Modality": f"{modality}{GUESS if guessed else ''}" if modality else "not stated in the file",
    }
    if len(volume.channels) > 1:
        made["Channels"] = ", ".join(volume.channels)
    return made


@PANELS.register("scan")
class ScanPanel(Panel):
    """The first section: open, check, look."""

    title, position = "Scan", 10

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._controller, self._view = controller, controller.view
        self.open = button("scan_panel.open", "Open file…", "NIfTI, NRRD, MHA or one DICOM file", main=True)
        self.open_folder = button(
            "scan_panel.open_folder", "Open folder…", "A folder with one DICOM series, or several to choose from"
        )
        self.sample = button("scan_panel.sample", "Sample", "Open a synthetic scan that comes with the program")
        self.recent = recent_button(controller)
        self.empty = line("scan_panel.empty", EMPTY)
        self.series = SeriesChoice(controller.opening)
        self.missing = button(
            "scan_panel.show_again", "Show the scan again", "Put back what was removed from the layer list", main=True
        )
        self.warnings = line("scan_panel.warnings")
        self.warnings.setProperty("level", "warning")
        self.window_preset = choice("scan_panel.window", "Window", "Grey levels to show")
        self.view = choice("scan_panel.view", "View", "The plane to show", PLANES)
        self.three_planes = button(
            "scan_panel.three_planes",
            "Three planes",
            "Axial, sagittal and coronal side by side. A click, or moving the mouse with Shift "
            "held, takes the others to that point",
        )
        self.three_planes.setCheckable(True)
        self._facts = QWidget()
        self._form = QFormLayout(self._facts)
        self._looks = QWidget()
        self._arrange()
        self._connect()
        self._on_scan(self._session.scan)

    def _arrange(self) -> None:
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.open, 2)
        row.addWidget(self.sample, 1)
        more = QWidget()
        other = QHBoxLayout(more)
        other.setContentsMargins(0, 0, 0, 0)
        other.addWidget(self.open_folder, 2)
        other.addWidget(self.recent, 1)
        self._form.setContentsMargins(0, 4, 0, 0)
        self._form.setVerticalSpacing(3)
        looks = form(self._looks)
        looks.setContentsMargins(0, 4, 0, 0)
        looks.addRow("Window", self.window_preset)
        looks.addRow("View", self.view)
        looks.addRow("", self.three_planes)
        menu = QMenu(self.sample)
        for sample in samples.SAMPLES:
            menu.addAction(sample.title, lambda s=sample: self._controller.open(*s.paths()))
        self.sample.setMenu(menu)
        parts = (
            buttons,
            more,
            self.series,
            self.empty,
            self.missing,
            self._facts,
            self.warnings,
            self._looks,
        )
        column(self, *parts).addStretch(1)

    def _connect(self) -> None:
        self.open.clicked.connect(self._ask_file)
        self.open_folder.clicked.connect(self._ask_folder)
        self.window_preset.activated.connect(lambda _: self._on_preset())
        self.view.activated.connect(lambda _: self._view.set_plane(self.view.currentText()))
        self.three_planes.clicked.connect(self._ask_planes)
        self.missing.hide()
        self.missing.clicked.connect(lambda _: self._on_missing())
        self._view.channels_missing.connect(self.missing.setVisible)
        self._view.three_planes_changed.connect(self.three_planes.setChecked)
        self._view.plane_changed.connect(self._on_plane)
        self._view.window_by_hand.connect(self._on_window_by_hand)
        self._controller.listen(self, self._session.scan_changed, self._on_scan)

    def _ask_planes(self, wanted: bool) -> None:
        self._view.show_three_planes(wanted, soon=True)
        self.three_planes.setChecked(self._view.has_three_planes())

    def _on_missing(self) -> None:
        self._view.show_missing()
        self._view.set_window(self.window_preset.currentText())

    def _ask_file(self) -> None:
        pattern = " ".join(f"*{suffix}" for suffix in suffixes())
        paths = open_files(
            self, "Open a scan (several files: channels of one scan)", "scans", f"Scans ({pattern});;All files (*)"
        )
        if paths:
            self._controller.open(*paths)

    def _ask_folder(self) -> None:
        folder = choose_folder(self, "Open a folder with one DICOM series, or several", "scans")
        if folder is not None:
            self._controller.open(folder)

    def _on_scan(self, volume: Volume | None) -> None:
        for part in (self._facts, self._looks):
            part.setVisible(volume is not None)
        self.empty.setVisible(volume is None)
        self.warnings.setVisible(volume is not None and bool(volume.warnings))
        styled_by(self.open, "main", volume is None)
        if volume is None:
            self.set_state("", "")
            return
        modality, guessed = modality_of(volume)
        self._show_facts(facts(volume, modality, guessed))
        self._show_warnings(volume)
        self._show_windows(modality)
        spacing = "×".join(f"{mm:.2g}" for mm in volume.spacing_mm)
        kind = f"{modality}{GUESS if guessed else ''}"
        text = " · ".join(part for part in (volume.name, kind, f"{spacing} mm") if part)
        self.set_state("warning" if volume.warnings else "done", text)

    def _on_plane(self, name: str) -> None:
        self.view.setCurrentIndex(self.view.findText(name))

    def _on_preset(self) -> None:
        if self.window_preset.currentText() != BY_HAND:
            self._view.set_window(self.window_preset.currentText())
            self.window_preset.removeItem(self.window_preset.findText(BY_HAND))

    def _on_window_by_hand(self) -> None:
        if self.window_preset.findText(BY_HAND) < 0:
            self.window_preset.addItem(BY_HAND)
        self.window_preset.setCurrentText(BY_HAND)

    def _show_facts(self, known: dict[str, str]) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        for name, value in known.items():
            self._form.addRow(name, line(f"scan_panel.{name.lower()}", value))

    def _show_warnings(self, volume: Volume) -> None:
        self.warnings.setText("\n".join(f"⚠ {warning}" for warning in volume.warnings))

    def _show_windows(self, modality: str) -> None:
        names = windows(modality)
        self.window_preset.clear()
        self.window_preset.addItems(names)
        self._view.set_window(names[0])
