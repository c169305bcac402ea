"""Dialogs for files and folders that begin where the last one of their kind ended, also in the next window."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_boundaryseg.ui.remembered import Remembered

KINDS = ("scans", "labels", "models", "results", "tables", "project")
"""Where scans lie is not where results are saved."""


def open_files(parent: QWidget, caption: str, kind: str, pattern: str) -> list[Path]:
    """Files that a person chose to open; none where they changed their mind."""
    paths, _ = QFileDialog.getOpenFileNames(parent, caption, _begin(kind), pattern)
    return [_chosen(kind, path) for path in paths]


def open_file(parent: QWidget, caption: str, kind: str, pattern: str) -> Path | None:
    """A file that a person chose to open."""
    path, _ = QFileDialog.getOpenFileName(parent, caption, _begin(kind), pattern)
    return _chosen(kind, path) if path else None


def choose_folder(parent: QWidget, caption: str, kind: str) -> Path | None:
    """A folder that a person chose."""
    path = QFileDialog.getExistingDirectory(parent, caption, _begin(kind))
    return _chosen(kind, path) if path else None


def save_file(parent: QWidget, caption: str, kind: str, name: str, pattern: str) -> Path | None:
    """A file that a person chose to write; the dialog has asked about one that is there."""
    path, _ = QFileDialog.getSaveFileName(parent, caption, str(Path(_begin(kind)) / name), pattern)
    return _chosen(kind, path) if path else None


def _places() -> Remembered:
    return Remembered("folders", dict.fromkeys(KINDS, ""))


def _begin(kind: str) -> str:
    folder = str(_places()[kind])
    return folder if folder and Path(folder).is_dir() else ""


def _chosen(kind: str, path: str) -> Path:
    _places()[kind] = str(Path(path).absolute().parent)
    return Path(path)
