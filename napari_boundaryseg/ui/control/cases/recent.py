"""Recent scans: from which files and folders the last ones were opened, remembered for the next window."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui import samples
from napari_boundaryseg.ui.remembered import Remembered

MOST = 10


class RecentScans:
    """The last scans, the newest first; what the project keeps, and the program's samples, have lists of their own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._known = Remembered("recent", {"scans": []})

    def note(self, scan: Volume | None) -> None:
        """Put a scan that was opened at the top of the list."""
        paths = [path.absolute() for path in scan.source] if scan is not None else []
        project = self.session.project
        owned = [samples.folder().absolute(), *([project.folder.absolute()] if project is not None else [])]
        if paths and not any(path.is_relative_to(folder) for path in paths for folder in owned):
            entry = "\n".join(map(str, paths))
            self._known["scans"] = [entry, *(one for one in self._all() if one != entry)][:MOST]

    def listed(self) -> list[list[Path]]:
        """The files or the folder of each, as far as they are still there."""
        listed = [[Path(line) for line in entry.split("\n")] for entry in self._all()]
        return [paths for paths in listed if all(path.exists() for path in paths)]

    def _all(self) -> list[str]:
        known = self._known["scans"]
        return known if isinstance(known, list) else []
