"""Which scan a journal belongs to: a hash of its voxels and of where they lie."""

from __future__ import annotations

import hashlib

import numpy as np


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
