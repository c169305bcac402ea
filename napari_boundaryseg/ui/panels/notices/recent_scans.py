"""Recent scans: a button whose menu opens one of the last ones again."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QMenu, QPushButton, QWidget

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.remembered import Remembered
from napari_boundaryseg.ui.widgets.controls import button

MOST = 10


class RecentScans:
    """Remembers from which files and folders scans were opened, the last first; what has gone is not listed.

    What the project keeps, and the program's samples, have lists of their own.
    """

    def __init__(self, controller: ViewerController, own: Path, parent: QWidget | None = None) -> None:
        self._controller, self._own = controller, own
        self._known = Remembered("recent", {"scans": []})
        self.button: QPushButton = button("scan_panel.recent", "Recent", "Open one of the last scans again")
        self._menu = QMenu(self.button)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self.button.setMenu(self._menu)
        self.button.setEnabled(bool(self._there()))

    def note(self, scan: Volume) -> None:
        """Put a scan that was opened at the top of the list."""
        paths = [path.absolute() for path in scan.source]
        project = self._controller.session.project
        owned = [self._own, *([project.folder.absolute()] if project is not None else [])]
        if paths and not any(path.is_relative_to(folder) for path in paths for folder in owned):
            entry = "\n".join(map(str, paths))
            self._known["scans"] = [entry, *(one for one in self._all() if one != entry)][:MOST]
        self.button.setEnabled(bool(self._there()))

    def _all(self) -> list[str]:
        known = self._known["scans"]
        return known if isinstance(known, list) else []

    def _there(self) -> list[list[Path]]:
        listed = [[Path(line) for line in entry.split("\n")] for entry in self._all()]
        return [paths for paths in listed if all(path.exists() for path in paths)]

    def _fill(self) -> None:
        self._menu.clear()
        for paths in self._there():
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            action = self._menu.addAction(f"{paths[0].name}{more}", lambda p=paths: self._controller.open(*p))
            action.setToolTip("\n".join(map(str, paths)))
