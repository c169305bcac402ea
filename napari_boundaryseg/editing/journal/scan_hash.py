"""Hash of a scan's voxels and geometry, by which a journal knows its scan."""

from __future__ import annotations

import hashlib
from weakref import WeakKeyDictionary

import numpy as np

from napari_boundaryseg.data.volume import Volume

_KNOWN: WeakKeyDictionary[Volume, str] = WeakKeyDictionary()


def hash_of(scan: Volume) -> str:
    """`scan_hash` of a scan; made once for each."""
    if scan not in _KNOWN:
        _KNOWN[scan] = scan_hash(scan.array, scan.affine)
    return _KNOWN[scan]


def is_same(scan: Volume, other: Volume | None) -> bool:
    """Whether two are one scan, such as one that was closed and opened again."""
    if other is None or scan is other:
        return other is not None
    alike = scan.array.shape == other.array.shape and np.array_equal(scan.affine, other.affine)
    return alike and hash_of(scan) == hash_of(other)


def scan_hash(array: np.ndarray, affine: np.ndarray) -> str:
    """BLAKE2b of a scan: its voxels with their type and shape, and its affine; 32 hexadecimal digits.

    Parameters
    ----------
    array : array
        All channels.
    affine : (4, 4) array
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{array.shape} {array.dtype.newbyteorder('<').str}".encode())
    digest.update(np.ascontiguousarray(affine, "<f8").data)
    for part in array:
        digest.update(np.ascontiguousarray(part, array.dtype.newbyteorder("<")).data)
    return digest.hexdigest()
