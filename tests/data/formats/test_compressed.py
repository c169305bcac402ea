"""Compressed files: members, what follows them, cuts and checksums are told apart; memory stays bounded."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.formats import memory
from napari_boundaryseg.data.formats.compressed import Decompressed
from napari_boundaryseg.data.formats.unpacked import MOST_RATIO
from napari_boundaryseg.errors import InputError

DATA = np.random.default_rng(0).integers(0, 50, 300_000, dtype=np.uint8).tobytes()
ONE = gzip.compress(DATA, mtime=0)
TWO = gzip.compress(DATA[:1000], mtime=0) + gzip.compress(DATA[1000:], mtime=0)


def contents(path: Path, data: bytes) -> tuple[bytes, bool]:
    """All bytes and whether garbage follows."""
    path.write_bytes(data)
    with path.open("rb") as stream:
        source = Decompressed(path, stream)
        found = source.read(len(DATA))
        assert source.drain() == 0
        return found, source.garbage


@pytest.mark.parametrize(
    ("data", "garbage"),
    [
        (DATA, False),
        (ONE, False),
        (TWO, False),
        (ONE + bytes(512), False),
        (gzip.compress(b"") + ONE + gzip.compress(b""), False),
        (ONE + b"g", True),
        (ONE + b"garbage" * 9000, True),
        (TWO + bytes(512) + b"garbage", True),
    ],
    ids=["plain", "one", "two", "zeros behind", "empty members", "one byte", "much", "behind zeros"],
)
def test_members_and_what_follows_them(tmp_path: Path, data: bytes, garbage: bool) -> None:
    assert contents(tmp_path / "a.gz", data) == (DATA, garbage)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (ONE[: len(ONE) // 2], "it is cut short: the compressed stream has no end"),
        (ONE[:-1], "it is cut short: the compressed stream has no end"),
        (TWO[:-9], "it is cut short: the compressed stream has no end"),
        (ONE + b"\x1f\x8b", "it is cut short: the compressed stream has no end"),
        (ONE[:-8] + b"\0" * 4 + ONE[-4:], r"its compressed content is damaged \(CRC check failed"),
        (ONE[:-4] + struct.pack("<I", 7), r"its compressed content is damaged \(Incorrect length"),
        (ONE[:100] + b"\xff" * 100 + ONE[200:], r"its compressed content is damaged \("),
        (ONE + b"\x1f\x8b\x09" + bytes(40), r"its compressed content is damaged \(Unknown compression method"),
    ],
    ids=["half", "one byte", "second member", "start of a member", "checksum", "length", "inside", "no member"],
)
def test_cuts_and_damage_are_told_apart(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=rf"^a\.gz: {said}"):
        contents(tmp_path / "a.gz", data)


def peak_of(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_no_more_is_decompressed_than_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(200_000_000), 1))

    def beginning() -> None:
        with path.open("rb") as stream:
            assert Decompressed(path, stream).read(540) == bytes(540)

    def all_of_it() -> None:
        with path.open("rb") as stream:
            assert Decompressed(path, stream).drain() > 1 << 24

    assert peak_of(beginning) < 8_000_000
    assert peak_of(all_of_it) < 8_000_000


def test_what_cannot_be_there_is_refused_before_memory_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(ONE)

    def fill(shape: tuple[int, ...]) -> None:
        with path.open("rb") as stream, pytest.raises(InputError) as caught:
            Decompressed(path, stream).fill(shape, np.dtype(np.int16))
        said.append(str(caught.value))

    said: list[str] = []
    assert peak_of(lambda: fill((len(ONE) * MOST_RATIO["gzip"], 1, 1))) < 8_000_000
    assert "of voxels, the file holds" in said[0]
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)
    assert peak_of(lambda: fill((100, 10, 10))) < 8_000_000
    assert "it needs 20 kB of memory, 1 kB is free" in said[1]


def test_a_checksum_behind_too_much_is_not_taken_for_granted(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    for data, refused in ((ONE, True), (DATA, False)):
        path.write_bytes(data)
        with path.open("rb") as stream:
            source = Decompressed(path, stream)
            source.read(1000)
            if refused:
                with pytest.raises(InputError, match="more than 2 kB are packed behind its last voxel"):
                    source.drain(2000)
            else:
                assert source.drain(2000) > 2000


def test_numbers_come_in_the_byte_order_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(np.arange(24, dtype=">i4").tobytes())
    with path.open("rb") as stream:
        values = Decompressed(path, stream).fill((2, 3, 4), np.dtype(">i4"))
    assert values.dtype.isnative
    assert np.array_equal(values, np.arange(24).reshape((2, 3, 4), order="F"))
