"""References for the labels in work: other layers, accepted versions of the case, and files that a person chose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.formats.channels import fitted
from napari_boundaryseg.data.formats.format import stem
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions.known_cases import accepted_labels
from napari_boundaryseg.session.case_list import CaseRow
from napari_boundaryseg.session.project.project import CaseVersion
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.cases.case_actions import CaseActions
from napari_boundaryseg.ui.control.cases.version_words import version_in_words
from napari_boundaryseg.ui.layers.access import KEY, KIND, only
from napari_boundaryseg.ui.layers.free_labels import OVER, free_labels


class Reference(NamedTuple):
    """Labels that those in work can be compared with."""

    key: object
    """By which it is the same one in the next list."""
    words: str
    kind: str
    """For a certificate: neither a file's name nor a person's."""
    of: Any
    """A layer, a row of the list of cases with a version, or a path."""
    name: str
    """Of the observer who drew them, as long as a person gives none."""


class References(QObject):
    """Lists what labels there are of the open scan besides those in work, and reads them."""

    changed = Signal()
    """There are others."""

    def __init__(self, viewer: Any, session: Session, cases: CaseActions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session, self._cases = viewer, session, cases
        self._files: dict[str, list[Path]] = {}
        """Of each scan, by its hash."""
        self._versions: list[tuple[CaseRow, CaseVersion]] = []
        cases.changed.connect(self._on_cases)
        session.scan_changed.connect(self._on_scan)
        for event in (viewer.layers.events.inserted, viewer.layers.events.removed):
            event.connect(self._on_layer)

    def all(self) -> list[Reference]:
        """Every one: layers but the one in work, accepted versions, files; the last ones first."""
        scan, in_work = self.session.scan, only(self._viewer, "labels")
        layers = [layer for layer in reversed(self._viewer.layers) if layer is not in_work and _is_over(layer, scan)]
        return [
            *(_of_labels(layer) for layer in layers),
            *(_of_version(row, version) for row, version in self._versions),
            *(_of_file(path) for path in reversed(self._files_of(scan))),
        ]

    def add(self, path: Path) -> Reference:
        """Have a label file among those of the open scan."""
        scan = self.session.scan
        if scan is not None:
            self._files[hash_of(scan)] = [*(one for one in self._files_of(scan) if one != path), path]
            self.changed.emit()
        return _of_file(path)

    def _files_of(self, scan: Volume | None) -> list[Path]:
        return self._files.get(hash_of(scan), []) if scan is not None else []

    def reader(self, reference: Reference, scheme: LabelScheme) -> Callable[[], LabelMap]:
        """What reads one on any thread, on the scan's grid.

        Raises
        ------
        InputError
            For labels that are not of this scan; also when it is called.
        """
        scan, project, of = self.session.scan, self.session.project, reference.of
        if scan is None:
            raise InputError("labels", "there is no scan", "Open one")
        if isinstance(of, Path):
            return lambda: formats.read_labels(of, scan, scheme)
        if isinstance(of, Labels):
            labels = _of_layer(of, scan)
            return lambda: labels
        row, version = of

        def accepted() -> LabelMap:
            found = accepted_labels(project, row, scan, version) if project is not None else None
            if found is None:
                raise InputError(f"version {version.version}", "it is no longer in the project", "Choose another one")
            return found

        return accepted

    def _on_cases(self) -> None:
        row, scan = self._cases.current(), self.session.scan
        case = row.case if row is not None else None
        is_of_scan = case is not None and scan is not None and case.scan_hash in (None, hash_of(scan))
        found = [(row, version) for version in self._readable(row)] if row is not None and is_of_scan else []
        if found != self._versions:
            self._versions = found
            self.changed.emit()

    def _readable(self, row: CaseRow) -> list[CaseVersion]:
        try:
            return self._cases.versions(row)
        except InputError:  # the project cannot be read just now; the list of cases says so
            return []

    def _on_scan(self, scan: Volume | None) -> None:
        self.changed.emit()

    def _on_layer(self, event: Any) -> None:
        if isinstance(event.value, Labels):
            self.changed.emit()


def _of_version(row: CaseRow, version: CaseVersion) -> Reference:
    key, words = (row.name, version.version), f"Version {version_in_words(version)}"
    return Reference(key, words, f"accepted version {version.version}", (row, version), words)


def _of_labels(layer: Labels) -> Reference:
    return Reference(id(layer), f"Layer {layer.name}", "another layer of labels", layer, str(layer.name))


def _of_file(path: Path) -> Reference:
    return Reference(path, f"File {path.name}", "a label file", path, stem(path))


def _is_over(layer: Any, scan: Volume | None) -> bool:
    """Whether a layer holds labels that belong to this scan; one that came with another scan is another patient's."""
    if scan is None or not isinstance(layer, Labels) or layer.ndim != 3:
        return False
    if layer.metadata.get(KIND) == "labels":
        return layer.metadata.get(KEY) is scan
    return KIND not in layer.metadata and layer.metadata.get(OVER, scan) is scan


def _of_layer(layer: Labels, scan: Volume) -> LabelMap:
    """A copy of the labels of a layer on the scan's grid."""
    labels = free_labels(np.array(layer.data), layer.as_layer_data_tuple()[1], scan)
    geometry, _ = fitted(Path(layer.name), labels.geometry, scan)
    labels = replace(labels, geometry=geometry, name=layer.name)
    own: LabelScheme | None = layer.metadata.get("scheme")
    return labels if own is None else labels.with_scheme(own)
