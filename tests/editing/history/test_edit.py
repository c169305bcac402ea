"""A step keeps its voxels, and notices when they are damaged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_boundaryseg.data.boxes import changed
from napari_boundaryseg.editing.history.edit import Edit, Hand, compressed, decompressed
from napari_boundaryseg.editing.history.locks import Lock, Locks

SMALL = arrays(np.uint8, (3, 4, 5), elements=st.integers(0, 2))


def edit(dtype: type = np.uint8) -> Edit:
    before = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    return Edit.of_voxels("Paint: Größe", "paint", (slice(1, 3), slice(0, 3), slice(5, 9)), before, before[::-1])


@given(SMALL, SMALL)
def test_the_smallest_box_of_differences(before: np.ndarray, after: np.ndarray) -> None:
    where = np.argwhere(before != after)
    box = changed(before, after)
    expected = [(int(a), int(b) + 1) for a, b in zip(where.min(0), where.max(0))] if len(where) else None
    assert (box and [(part.start, part.stop) for part in box]) == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_to_bytes_and_back(dtype: type) -> None:
    one = edit(dtype)
    back = Edit.from_bytes(one.to_bytes())
    assert back == one
    assert back.crc == one.crc
    assert np.array_equal(back.after, back.before[::-1])
    assert back.before.dtype == dtype


def test_where_the_hand_was_to_bytes_and_back() -> None:
    one = replace(edit(), hand=Hand(2, 6))
    back = Edit.from_bytes(one.to_bytes())
    assert back == one
    assert back.hand == (2, 6)
    assert b"hand" not in edit().to_bytes(), "other steps are as journals have always had them"


def test_a_lock_to_bytes_and_back() -> None:
    one = Edit.of_lock("Lock: Bladder", "lock", Lock(1, 3))
    back = Edit.from_bytes(one.to_bytes())
    assert back == one
    assert back.locks_after(Locks()).held == {Lock(1, 3)}
    assert back.locks_after(Locks.of([Lock(1, 3)]), back=True) == Locks()


def test_every_flipped_or_missing_byte_is_noticed() -> None:
    data = edit().to_bytes()
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 0x10
        for wrong in (bytes(broken), data[:at]):
            with pytest.raises(ValueError):
                Edit.from_bytes(wrong)


def test_no_more_is_decompressed_than_fits() -> None:
    data = compressed(np.zeros(10**6, np.uint8))
    with pytest.raises(ValueError, match="11 bytes, not 10"):
        decompressed(data, "|u1", (10,))
    with pytest.raises(ValueError, match="damaged"):
        decompressed(b"no zlib", "|u1", (10,))
