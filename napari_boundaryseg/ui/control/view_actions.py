"""How the scan is looked at: grey-level window, plane, slice, three planes side by side."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.history.edit import Edit
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.canvas import canvas_widget, main_view
from napari_boundaryseg.ui.compat.slider_numbers import count_from_one
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers import access, styles
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.labels import guard_copy
from napari_boundaryseg.ui.layers.organ_slices import fullest_slice
from napari_boundaryseg.ui.layers.scan import set_window, show_missing
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.tools.effort_recorder import EffortRecorder
from napari_boundaryseg.ui.views import orientation
from napari_boundaryseg.ui.views.outline_views import OutlineViews
from napari_boundaryseg.ui.views.position_text import PositionText
from napari_boundaryseg.ui.views.three_planes import ThreePlanes

PLANES = tuple(orientation.ORDERS)
"""The planes that the main view can show, by name."""
ROBUST = "Robust (0.5 to 99.5 %)"
IN_3D = (
    "3-D view: the patient's directions are not shown, and the tools draw on slices only. "
    "The cube below the layer list goes back."
)


def windows(modality: str) -> list[str]:
    """The windows that suit a modality, the best first: Hounsfield presets for CT, never for MR."""
    presets = list(styles.WINDOWS_HU)
    if modality == "MR":
        return [ROBUST]
    return [*presets, ROBUST] if modality == "CT" else [ROBUST, *presets]


class ViewActions(QObject):
    """Sets how a viewer shows the scan, and says when that has changed by other means."""

    plane_changed = Signal(str)
    """The plane that is now shown, or nothing for another orientation."""
    slice_changed = Signal(int)
    """The axial slice in view, counted from 0 on the scan's own grid."""
    channels_missing = Signal(bool)
    """Whether a channel of the open scan is no longer in the layer list."""
    window_by_hand = Signal()
    """The grey levels are no longer those of a window from the list."""
    three_planes_changed = Signal(bool)
    """Whether three planes are now shown."""

    def __init__(self, grid: ScanGrid, session: Session, effort: EffortRecorder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        viewer = grid.viewer
        self._viewer, self._grid, self.session = viewer, grid, session
        self._told_3d = False
        self.planes = ThreePlanes(grid, self)
        self.planes.copied.connect(effort.follow_copy)
        self.planes.copied.connect(guard_copy)
        self.planes.changed.connect(self.three_planes_changed)
        self.outlines = OutlineViews(viewer, self.planes, self)
        self.position = PositionText(grid, canvas_widget(viewer), "position")
        self._count = count_from_one(main_view(viewer), lambda: grid.display is not None)
        self.letters = orientation.OrientationLetters(viewer)
        self.letters.view_changed.connect(self.plane_changed)
        viewer.dims.events.current_step.connect(self._on_step)
        viewer.dims.events.ndisplay.connect(self._on_3d)
        viewer.layers.events.removed.connect(self._on_removed)

    def set_window(self, name: str) -> None:
        """Show every channel of the scan in one of its windows."""
        set_window(self._viewer, name)

    @report_errors
    def show_missing(self) -> None:
        """Bring back the channels that were removed from the layer list."""
        if self.session.scan is not None:
            show_missing(self._viewer, self.session.scan)
            self.channels_missing.emit(False)

    def set_plane(self, name: str) -> None:
        """Show one of the planes."""
        orientation.set_view(self._viewer, name)

    @report_errors
    def show_three_planes(self, wanted: bool, soon: bool = False) -> None:
        """Show the other two planes beside the main view, or close them; ``soon`` lets the window live meanwhile."""
        self.planes.set_open(wanted, soon)

    def has_three_planes(self) -> bool:
        """Whether three planes are shown, or will be in a moment."""
        return self.planes.is_open or self.planes.is_opening

    def slice(self) -> int:
        """The axial slice in view, counted from 0 on the scan's own grid."""
        return self._grid.voxel()[0]

    def show_step(self, words: str, step: Edit | None) -> None:
        """Go where a step has changed something, and say what became of it."""
        self._go_to_step(step)
        self.session.say("info", words)

    def show_place_of(self, editable: EditableLabels | None) -> None:
        """Go where labels that come back were last looked at, or else changed."""
        if editable is not None and editable.place is not None:
            self._grid.go_to(editable.place)
        elif editable is not None:
            self._go_to_step(editable.history.top)

    def show_fullest_slice(self, editable: EditableLabels | None) -> None:
        """Go to the slice that shows most of a result; who has drawn in these labels stays where they are."""
        if editable is not None and editable.is_stored:
            voxel = fullest_slice(editable.history.array, editable.scheme.ids)
            self._grid.go_to(voxel or self._grid.voxel())

    def _go_to_step(self, step: Edit | None) -> None:
        if step is not None and step.box is not None:
            self._grid.go_into(step.box)
        elif step is not None and step.lock is not None and step.lock.slice is not None:
            at, (_, rows, columns) = step.lock.slice, self._grid.shape
            self._grid.go_into((slice(at, at + 1), slice(0, rows), slice(0, columns)))

    def follow(self, scan: Volume | None) -> None:
        """Show the patient's directions while a scan is open; without one there are no three planes."""
        self.letters.set_active(scan is not None)
        self.channels_missing.emit(False)
        self.position.update()
        self._count()
        if scan is None:
            self.planes.close()
        else:
            self.planes.follow()

    def _on_removed(self, event: Any) -> None:
        scan, gone = self.session.scan, event.value.metadata
        if scan is not None and gone.get(access.KIND) == "scan" and gone.get(access.KEY) is scan:
            QTimer.singleShot(0, self._tell_removed)

    def _tell_removed(self) -> None:
        if is_open(self._viewer):
            self.session.say("warning", "The scan was removed from the layer list. It is still open: see Scan.")
            self.channels_missing.emit(True)

    def _on_3d(self, event: object = None) -> None:
        is_3d, told = self._viewer.dims.ndisplay == 3 and self.session.scan is not None, self._told_3d
        self._told_3d = is_3d
        if is_3d or told:
            self.session.say("info", IN_3D if is_3d else "")

    def _on_step(self, event: object = None) -> None:
        self.slice_changed.emit(self.slice())
