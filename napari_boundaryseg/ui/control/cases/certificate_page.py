"""Page of an accepted case's certificate, in the system's browser."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.case_list import CaseRow
from napari_boundaryseg.session.certificate.document import page_name


def newest_page(row: CaseRow) -> Path | None:
    """The page of the newest accepted version; None where that has none, as an older program stored it."""
    if row.case is None:
        return None
    path = row.case.label.with_name(page_name(row.case.version))
    return path if path.is_file() and not path.is_symlink() else None


def show(path: Path) -> None:
    """Open a page.

    Raises
    ------
    InputError
        Where the system has no program for it.
    """
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
        where = "/".join(path.parts[-3:])
        raise InputError("Certificate", "no browser opened it", f"Open {where} in the project's folder yourself")
