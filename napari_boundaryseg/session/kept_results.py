"""Results of models that are kept for their scans: they wait for a person's answer, or were shown and come back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from psygnal import Signal

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.engine.inference.prediction import Prediction

MOST = 8
"""Their arrays lie in the scratch folder, some 100 MB each."""


class KeptResult(NamedTuple):
    """A prediction with the scratch folder of its arrays, and what is doubtful about it."""

    scan_name: str
    prediction: Prediction
    folder: Path
    notes: Sequence[str]
    ahead: bool = False
    """Whether a model found it before the scan was opened for the first time, as the person wished for every case."""


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


class KeptResults:
    """One for each scan, which is known by its voxels and geometry, not by its name."""

    changed = Signal()

    def __init__(self) -> None:
        self._results: dict[str, KeptResult] = {}

    def keep(self, scan: Volume, result: KeptResult) -> list[KeptResult]:
        """Keep a result; those that it replaces, and the oldest when there are too many, are given back."""
        key = hash_of(scan)
        gone = [self._results.pop(key)] if key in self._results else []
        self._results[key] = result
        while len(self._results) > MOST:
            gone.append(self._results.pop(next(iter(self._results))))
        self.changed.emit()
        return gone

    def beyond(self, most_bytes: int) -> list[KeptResult]:
        """Take the oldest results off, until the files of the others take no more than this on the disk."""
        sizes = {key: _bytes(result.folder) for key, result in self._results.items()}
        gone = []
        while sum(sizes.values()) > most_bytes:
            key = next(iter(sizes))
            del sizes[key]
            gone.append(self._results.pop(key))
        return gone

    def of(self, scan: Volume | None) -> KeptResult | None:
        """What is kept for a scan."""
        return self._results.get(hash_of(scan)) if scan is not None and self._results else None

    def take(self, scan: Volume) -> KeptResult | None:
        """What is kept for a scan, which is kept no longer."""
        return self._results.pop(hash_of(scan), None)
