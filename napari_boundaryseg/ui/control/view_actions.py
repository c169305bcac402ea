"""How the scan is looked at: grey-level window, plane, slice, three planes side by side."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.labels import guard_copy
from napari_boundaryseg.ui.layers.scan import set_window
from napari_boundaryseg.ui.tools.effort_recorder import EffortRecorder
from napari_boundaryseg.ui.views import orientation
from napari_boundaryseg.ui.views.three_planes import ThreePlanes

PLANES = tuple(orientation.ORDERS)
"""The planes that the main view can show, by name."""
ROBUST = "Robust (0.5 to 99.5 %)"


def windows(scan: Volume) -> list[str]:
    """The windows that suit a scan, the best first: Hounsfield presets for CT, never for MR."""
    presets = list(styles.WINDOWS_HU)
    if scan.modality == "MR":
        return [ROBUST]
    return [*presets, ROBUST] if scan.modality == "CT" else [ROBUST, *presets]


class ViewActions(QObject):
    """Sets how a viewer shows the scan, and says when that has changed by other means."""

    plane_changed = Signal(str)
    """The plane that is now shown, or nothing for another orientation."""
    slice_changed = Signal(int)
    """The axial slice in view, counted as napari's slider does."""
    three_planes_changed = Signal(bool)
    """Whether three planes are now shown."""

    def __init__(self, viewer: Any, session: Session, effort: EffortRecorder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session = viewer, session
        self.planes = ThreePlanes(viewer, self)
        self.planes.copied.connect(effort.follow_copy)
        self.planes.copied.connect(guard_copy)
        self.planes.changed.connect(self.three_planes_changed)
        self.letters = orientation.OrientationLetters(viewer)
        self.letters.view_changed.connect(self.plane_changed)
        viewer.dims.events.current_step.connect(self._on_step)

    def set_window(self, name: str) -> None:
        """Show every channel of the scan in one of its windows."""
        set_window(self._viewer, name)

    def set_plane(self, name: str) -> None:
        """Show one of the planes."""
        orientation.set_view(self._viewer, name)

    @report_errors
    def show_three_planes(self, wanted: bool) -> None:
        """Show the other two planes beside the main view, or close them."""
        self.planes.set_open(wanted)

    def has_three_planes(self) -> bool:
        """Whether three planes are shown."""
        return self.planes.is_open

    def slice(self) -> int:
        """The axial slice in view, counted as napari's slider does."""
        dims = self._viewer.dims
        return int(dims.current_step[0]) if dims.ndim >= 3 else 0

    def follow(self, scan: Volume | None) -> None:
        """Show the patient's directions while a scan is open; without one there are no three planes."""
        self.letters.set_active(scan is not None)
        if scan is None:
            self.planes.close()

    def _on_step(self, event: object = None) -> None:
        self.slice_changed.emit(self.slice())
