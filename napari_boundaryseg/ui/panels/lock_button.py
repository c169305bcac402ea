"""The button that locks the slice in view, or one organ on it."""

from __future__ import annotations

from qtpy.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import named


class LockButton(QPushButton):
    """Slices are axial ones of the scan's own grid; a person counts them from 1."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels, self._drawing, self._view = controller.labels, controller.tools, controller.view
        named(self, "correct_panel.lock_slice", "Lock slice", "Keep this axial slice, or one organ on it, as it is")
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        self.whole = menu.addAction("All labels")
        self.organ = menu.addAction("The chosen organ")
        for action in (self.whole, self.organ):
            action.setCheckable(True)
        self.whole.triggered.connect(lambda on: self._labels.lock(Lock(slice=self._view.slice()), on))
        self.organ.triggered.connect(lambda on: self._labels.lock(Lock(self._chosen(), self._view.slice()), on))
        menu.aboutToShow.connect(self.refresh)
        self.setMenu(menu)
        self._view.slice_changed.connect(self._on_slice)
        self.refresh()

    def refresh(self) -> None:
        """Say which slice, and what is locked on it."""
        scheme, held, at = self._labels.scheme(), self._labels.locks(), self._view.slice()
        number = at + 1
        whole, organ = Lock(slice=at) in held, self._chosen()
        parts = any(lock.slice == at and lock.organ for lock in held)
        self.setText(f"Slice {number}: {'locked' if whole else 'partly locked' if parts else 'not locked'}")
        self.setAccessibleName(self.text())
        self.whole.setText(f"All labels on slice {number}")
        self.whole.setChecked(whole)
        known = scheme is not None and organ in scheme.ids
        self.organ.setEnabled(known)
        if scheme is not None and known:
            self.organ.setText(f"{scheme.organ(organ).name} on slice {number}")
            self.organ.setChecked(Lock(organ, at) in held)

    def _on_slice(self, at: int) -> None:
        self.refresh()

    def _chosen(self) -> int:
        return self._drawing.state()[2]
