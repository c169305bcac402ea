"""Small folders of cases for tests: scans of which no two are alike, and labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats import write
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Geometry, Volume

SHAPE = (3, 4, 5)
GRID = Geometry(SHAPE, np.eye(4))


def scan(seed: int = 0, channels: int = 1) -> Volume:
    """A scan of random voxels."""
    array = np.random.default_rng(seed).integers(0, 1000, (channels, *SHAPE)).astype(np.int16)
    return Volume(array, GRID, tuple(f"channel {n + 1}" for n in range(channels)))


def scans(folder: Path, *names: str) -> None:
    """A scan of its own under each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, name in enumerate(names):
        write(scan(n), folder / name)


def labels(folder: Path, *names: str, holding: tuple[int, ...] = (1, 2), scheme: LabelScheme | None = None) -> None:
    """A label map with these integers in its first voxels under each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        array = np.zeros(SHAPE, np.uint8)
        array.flat[: len(holding)] = holding
        write(scan().with_labels(array, scheme), folder / name)


def listing(folder: Path, **content: object) -> None:
    """A ``dataset.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").write_text(json.dumps(content), "utf-8")
