"""The button whose menu opens one of the last scans again."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QMenu, QPushButton

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button


def recent_button(controller: ViewerController) -> QPushButton:
    """A button with the scans that were opened last, whole paths in their tooltips."""
    recent = controller.recent
    made = button("scan_panel.recent", "Recent", "Open one of the last scans again")
    menu = QMenu(made)
    menu.setToolTipsVisible(True)

    def opens(paths: list[Path]) -> None:
        action = menu.addAction(_words(paths), lambda: controller.open(*paths))
        if action is not None:
            action.setToolTip("\n".join(map(str, paths)))

    def fill() -> None:
        menu.clear()
        for paths in recent.listed():
            opens(paths)
        if menu.isEmpty():
            menu.addAction("No scan was opened yet").setEnabled(False)

    menu.aboutToShow.connect(fill)
    made.setMenu(menu)
    return made


def _words(paths: list[Path]) -> str:
    return paths[0].name + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
