"""The button that locks the slice in view, or one organ on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.ui.widgets.controls import named

if TYPE_CHECKING:
    from napari_boundaryseg.ui.control.viewer_controller import ViewerController


class LockButton(QPushButton):
    """Slices are axial ones, counted as napari's slider does."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        named(self, "correct_panel.lock_slice", "Lock slice", "Keep this axial slice, or one organ on it, as it is")
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        self.whole = menu.addAction("All labels")
        self.organ = menu.addAction("The chosen organ")
        for action in (self.whole, self.organ):
            action.setCheckable(True)
        self.whole.triggered.connect(lambda on: self._lock(Lock(slice=self._slice()), on))
        self.organ.triggered.connect(lambda on: self._lock(Lock(self._chosen(), self._slice()), on))
        menu.aboutToShow.connect(self.refresh)
        self.setMenu(menu)
        # The viewer outlives the panel.
        controller.viewer.dims.events.current_step.connect(self._on_slice)
        self.destroyed.connect(lambda *_: controller.viewer.dims.events.current_step.disconnect(self._on_slice))
        self.refresh()

    def refresh(self) -> None:
        """Say which slice, and what is locked on it."""
        editable = self._controller.tools.editable
        at = self._slice()
        held = editable.history.locks if editable is not None else ()
        whole, organ = Lock(slice=at) in held, self._chosen()
        parts = editable is not None and any(lock.slice == at and lock.organ for lock in held)
        self.setText(f"Slice {at}: {'locked' if whole else 'partly locked' if parts else 'not locked'}")
        self.setAccessibleName(self.text())
        self.whole.setText(f"All labels on slice {at}")
        self.whole.setChecked(whole)
        known = editable is not None and organ in editable.scheme.ids
        self.organ.setEnabled(known)
        if editable is not None and known:
            self.organ.setText(f"{editable.scheme.organ(organ).name} on slice {at}")
            self.organ.setChecked(Lock(organ, at) in held)

    def _on_slice(self, event: object = None) -> None:
        self.refresh()

    def _slice(self) -> int:
        return int(self._controller.viewer.dims.current_step[0]) if self._controller.viewer.dims.ndim >= 3 else 0

    def _chosen(self) -> int:
        return self._controller.tools.state()[2]

    def _lock(self, lock: Lock, on: bool) -> None:
        self._controller.lock(lock, on)
