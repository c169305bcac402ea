"""Which scan a journal belongs to: everything that makes it another scan changes the hash."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.editing.journal import scan_hash as hashes
from napari_boundaryseg.editing.journal.scan_hash import hash_of, is_same, scan_hash

ARRAY = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)


def test_voxels_type_shape_and_place_all_count() -> None:
    moved = np.eye(4)
    moved[0, 3] = 1e-9
    others = [
        scan_hash(ARRAY, np.eye(4)),
        scan_hash(ARRAY + (ARRAY == 5), np.eye(4)),
        scan_hash(ARRAY.astype(np.float64), np.eye(4)),
        scan_hash(ARRAY.reshape(1, 3, 2, 4), np.eye(4)),
        scan_hash(ARRAY, moved),
    ]
    assert len(set(others)) == len(others)
    assert scan_hash(np.asfortranarray(ARRAY), np.eye(4)) == others[0], "how it lies in memory does not"


def test_the_hash_of_a_scan_is_made_once(monkeypatch) -> None:
    scan = Volume(ARRAY, Geometry(ARRAY.shape[1:], np.eye(4)))
    first = hash_of(scan)
    assert first == scan_hash(ARRAY, scan.affine)
    monkeypatch.setattr(hashes, "scan_hash", lambda *_: "made again")
    assert hash_of(scan) == first


def test_a_scan_is_itself_when_it_was_opened_again_and_no_other(monkeypatch) -> None:
    scan, again = (Volume(ARRAY.copy(), Geometry(ARRAY.shape[1:], np.eye(4)), name=name) for name in "ab")
    other = Volume(ARRAY + 1, scan.geometry, name="a")
    assert [is_same(scan, one) for one in (scan, again, other, None)] == [True, True, False, False]
    monkeypatch.setattr(hashes, "hash_of", lambda _: 1 / 0)
    moved = Volume(ARRAY, Geometry(ARRAY.shape[1:], np.diag([1, 1, 2, 1.0])))
    assert not is_same(scan, moved), "whose grids differ are not hashed"
