"""The part of the Correct panel that adapts a copy of the model to the open scan, and keeps it for others."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button, column
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid


class AdaptBox(QWidget):
    """A button; once a model is adapted to the scan, what may become of it."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._adapting = controller.adapting
        key = keys.KEYS["adapt.run"]
        self.adapt = button("correct_panel.adapt", f"{key.label}  {keys.shown(key.action)}", key.words)
        self.use_it = button(
            "correct_panel.adapted_use", "Use for other scans", "Choose the adapted model until the window closes"
        )
        self.keep_it = button(
            "correct_panel.adapted_keep",
            "Keep as a version",
            "Add the adapted model to the project, not in use: nothing says yet whether it is better on other scans",
        )
        self._kept = ButtonGrid([self.use_it, self.keep_it])
        column(self, self.adapt, self._kept).setContentsMargins(0, 0, 0, 0)
        self.adapt.clicked.connect(lambda _: self._adapting.run())
        self.use_it.clicked.connect(lambda _: self._adapting.use_for_others())
        self.keep_it.clicked.connect(lambda _: self._adapting.keep_as_version())
        jobs, labels, carry = controller.jobs, controller.labels, controller.carry
        for news in (jobs.changed, labels.shown, carry.changed):
            news.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say whether a model is being adapted, and whether one is."""
        self.adapt.setEnabled(not self._adapting.jobs())
        self._kept.setVisible(self._adapting.kept is not None)
