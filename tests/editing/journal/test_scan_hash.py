"""A journal belongs to one scan."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.editing.journal.scan_hash import scan_hash

SCAN = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)


def test_the_same_scan_has_the_same_hash() -> None:
    same = np.asfortranarray(SCAN.astype(">f4"))
    assert scan_hash(same, np.eye(4, dtype=int)) == scan_hash(SCAN, np.eye(4))
    assert len(scan_hash(SCAN, np.eye(4))) == 32


def test_another_scan_has_another() -> None:
    moved, voxel = np.eye(4), SCAN.copy()
    moved[0, 3] = 1e-9
    voxel[0, 1, 2, 3] += 1
    others = [
        (SCAN, moved),
        (voxel, np.eye(4)),
        (SCAN.reshape(1, 3, 2, 4), np.eye(4)),
        (SCAN.view(np.int32), np.eye(4)),
        (SCAN.reshape(2, 1, 3, 4), np.eye(4)),
    ]
    assert len({scan_hash(*one) for one in [(SCAN, np.eye(4)), *others]}) == 6
