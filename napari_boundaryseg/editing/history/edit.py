"""One step of the undo history: the voxels of a box before and after, compressed, or a lock."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data.boxes import Box, from_pairs
from napari_boundaryseg.editing.history.locks import Lock, Locks

LOCK, UNLOCK = "lock", "unlock"
MODEL, OPENED = "model", "opened"
"""Kinds of steps whose outcome can be had again: a model's result, and labels read from a file."""
CARRIED = "carried"
"""The kind of steps by which a person takes what follows from corrections on other slices."""
CLEANED = "cleaned"
"""The kind of steps that change an organ as a whole by a rule, and no slice as a person saw it."""
_OVERHEAD_BYTES = 1024
"""What a step takes in memory beside its voxels, about."""
_LEVEL = 1
"""Of zlib: labels shrink about a hundredfold at the fastest level."""


class Hand(NamedTuple):
    """The one slice in which a person saw what a step in space did."""

    axis: int
    slice: int


class Won(NamedTuple):
    """Where an organ wins or loses voxels in a step.

    Parameters
    ----------
    box : three slices
    slices : three sets of int
        The slices across each axis in which it does.
    """

    box: Box
    slices: tuple[frozenset[int], frozenset[int], frozenset[int]]

    @classmethod
    def of(cls, changed: np.ndarray, box: Box) -> Won:
        """From the voxels of a box that change, of which there are some."""
        along = [np.flatnonzero(changed.any(axis=tuple({0, 1, 2} - {axis}))) + box[axis].start for axis in range(3)]
        i, j, k = (slice(int(where[0]), int(where[-1]) + 1) for where in along)
        x, y, z = (frozenset(where.tolist()) for where in along)
        return cls((i, j, k), (x, y, z))


@dataclass(frozen=True)
class Edit:
    """A step that can be undone and done again.

    Parameters
    ----------
    name : str
        For the person, for example ``"Paint: Prostate, slice 41"``.
    kind : str
        What made it: ``"paint"``, ``"model"``, ``"opened"``, ...; ``"lock"`` and ``"unlock"`` are kept for locks.
    box : three slices, optional
        The part of the label map that it changes. None for a lock.
    dtype : str
        Of the voxels: ``"|u1"`` or ``"<u2"``.
    compressed_before, compressed_after : bytes
        The voxels of the box, C order, zlib.
    lock : Lock, optional
        What it locks or unlocks.
    hand : Hand, optional
        Where the hand was, if the step also changed slices that it was not in.
    """

    name: str
    kind: str
    box: Box | None = None
    dtype: str = "|u1"
    compressed_before: bytes = b""
    compressed_after: bytes = b""
    lock: Lock | None = None
    hand: Hand | None = None

    @classmethod
    def of_voxels(
        cls, name: str, kind: str, box: Box, before: np.ndarray, after: np.ndarray, hand: Hand | None = None
    ) -> Edit:
        """The step from ``before`` to ``after``, both (I, J, K) uint8 or uint16 and as large as the box."""
        dtype = before.dtype.newbyteorder("<").str
        return cls(name, kind, box, dtype, compressed(before), compressed(after), hand=hand)

    @classmethod
    def of_lock(cls, name: str, kind: str, lock: Lock) -> Edit:
        """Locking (kind ``"lock"``) or unlocking (``"unlock"``)."""
        return cls(name, kind, lock=lock)

    @property
    def before(self) -> np.ndarray:
        """The voxels of the box before the step, (I, J, K), read-only."""
        return decompressed(self.compressed_before, self.dtype, self._shape)

    @property
    def after(self) -> np.ndarray:
        """The voxels of the box after the step, (I, J, K), read-only."""
        return decompressed(self.compressed_after, self.dtype, self._shape)

    @property
    def by_hand(self) -> bool:
        """Whether a person's work would be lost with it."""
        return self.kind not in (MODEL, OPENED, LOCK, UNLOCK)

    @property
    def bytes_used(self) -> int:
        """What it takes in memory, about."""
        return len(self.compressed_before) + len(self.compressed_after) + _OVERHEAD_BYTES

    @cached_property
    def organs(self) -> dict[int, Won]:
        """Organ to where it wins or loses voxels."""
        if self.box is None:
            return {}
        before, after = self.before, self.after
        changed = before != after
        found = {}
        for organ in np.unique(np.concatenate([before[changed], after[changed]])).tolist():
            if organ:
                found[int(organ)] = Won.of((before == organ) != (after == organ), self.box)
        return found

    @cached_property
    def crc(self) -> int:
        """CRC-32 of everything that it says."""
        return zlib.crc32(self._body)

    def locks_after(self, locks: Locks, *, back: bool = False) -> Locks:
        """The locks once the step is done or, with ``back``, undone."""
        if self.lock is None:
            return locks
        return locks.having(self.lock) if (self.kind == LOCK) != back else locks.without(self.lock)

    def to_bytes(self) -> bytes:
        """The whole step, for a file."""
        return struct.pack("<I", self.crc) + self._body

    @classmethod
    def from_bytes(cls, data: bytes) -> Edit:
        """Undo `to_bytes`.

        Raises
        ------
        ValueError
            When a byte is wrong or missing.
        """
        if len(data) < 8 or zlib.crc32(data[4:]) != struct.unpack_from("<I", data)[0]:
            raise ValueError("a step is damaged")
        size = 8 + struct.unpack_from("<I", data, 4)[0]
        head = json.loads(data[8:size])
        middle = size + head["before"]
        return cls(
            head["name"],
            head["kind"],
            None if head["box"] is None else from_pairs(head["box"]),
            head["dtype"],
            data[size:middle],
            data[middle:],
            Lock(*head["lock"]) if head["lock"] else None,
            Hand(*head["hand"]) if head.get("hand") else None,
        )

    @property
    def _body(self) -> bytes:
        said = {
            "name": self.name,
            "kind": self.kind,
            "dtype": self.dtype,
            "before": len(self.compressed_before),
            "box": [[int(part.start), int(part.stop)] for part in self.box] if self.box else None,
            "lock": [self.lock.organ, self.lock.slice] if self.lock else None,
        }
        if self.hand is not None:
            said["hand"] = list(self.hand)
        head = json.dumps(said).encode()
        return struct.pack("<I", len(head)) + head + self.compressed_before + self.compressed_after

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(part.stop - part.start for part in self.box or ())


def compressed(array: np.ndarray) -> bytes:
    """Labels to bytes: C order, little-endian, zlib."""
    return zlib.compress(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data, _LEVEL)


def decompressed(data: bytes, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Undo `compressed`: a read-only array.

    Raises
    ------
    ValueError
        When the bytes are not those of such an array; no more is decompressed than it needs.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    try:
        stream = zlib.decompressobj()
        raw = stream.decompress(data, size + 1)
    except zlib.error as error:
        raise ValueError(f"compressed labels are damaged: {error}") from error
    if len(raw) != size or not stream.eof:
        raise ValueError(f"compressed labels are {len(raw)} bytes, not {size}")
    return np.frombuffer(raw, dtype).reshape(shape)
