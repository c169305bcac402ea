"""A scan of two boxes and its labels, and a session that keeps what it said."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions import accept
from napari_boundaryseg.session.session import Session

SHAPE = (16, 16, 16)
FILES = {
    "labels": "case1_seg.nii.gz",
    "edges": "case1_edges.nii.gz",
    "contours": "case1_contours.nii.gz",
    "probabilities": "case1_probabilities.nii.gz",
    "mesh": "case1_Hippocampus_A.stl",
    "report": "case1.json",
}


def box_scan(
    name: str = "case1", seed: int = 0, affine: np.ndarray | None = None, shape: tuple[int, int, int] = SHAPE
) -> Volume:
    """A bright box and a dark one in noise, where `box_labels` says."""
    noise = np.random.default_rng(seed).normal(0, 0.2, shape)
    image = noise + np.array([0, 2, -2])[_boxes(shape)]
    return Volume(image[None].astype(np.float32), Geometry(shape, np.eye(4) if affine is None else affine), name=name)


def box_labels(scan: Volume) -> LabelMap:
    return scan.with_labels(_boxes(scan.geometry.shape), preset("hippocampus"))


def _boxes(shape: tuple[int, int, int]) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    labels[4:12, 3:8, 4:12] = 1
    labels[4:12, 8:13, 4:12] = 2
    return labels


def predicted(scan: Volume, scheme: LabelScheme | None = None) -> Prediction:
    rng = np.random.default_rng(5)
    scheme = scheme or preset("hippocampus")
    edges, *maps = rng.random((1 + len(scheme.names), *scan.geometry.shape), dtype=np.float32)
    labels = box_labels(scan)
    return Prediction(
        labels,
        np.zeros((3, *scan.geometry.shape), np.float32),
        edges,
        dict(zip(scheme.names, maps)),
        {**dict.fromkeys(scheme.names, "soft head"), "edges": "hard head"},
        details={
            "model": "tiny",
            "sha256": "0" * 64,
            "device": "cpu",
            "dtype": "float32",
            "seconds": {"network": 0.5},
            "box": None,
            "notes": ["2 voxels were filled"],
        },
    )


def refuse(value: object) -> None:
    """Be a listener that cannot deal with what it hears."""
    raise InputError("job", "it cannot be shown", "Close other windows")


class Told:
    """A session and what it said."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.said: list[tuple[str, str]] = []
        session.message.connect(lambda level, text: self.said.append((level, text)))

    def of(self, level: str) -> list[str]:
        return [text for kind, text in self.said if kind == level]

    def state(self) -> tuple[Any, ...]:
        session = self.session
        return session.scan, session.labels, session.prediction, session.box, session.model, session.project

    def one_error(self) -> str:
        (error,) = self.of("error")
        assert "\n" not in error
        assert str(self.session.scratch) not in error
        return error


def accept_all(session: Session, *scans: Volume) -> None:
    for scan in scans:
        session.scan = scan
        accept.accept(session, box_labels(scan))
