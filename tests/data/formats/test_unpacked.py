"""Compressed streams piece by piece: what is in them, what follows them, and what is wrong with them."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib

import numpy as np
import pytest

from napari_boundaryseg.data.formats.unpacked import CHUNK, MOST_RATIO, UNPACK, DamagedStream

DATA = np.random.default_rng(0).integers(0, 50, 2_500_000, dtype=np.uint8).tobytes()
PACK = {"raw": bytes, "gzip": gzip.compress, "zlib": zlib.compress, "bzip2": bz2.compress}


def unpacked(name: str, data: bytes) -> tuple[bytes, bool]:
    """All pieces, none of them larger than promised, and whether garbage follows."""
    pieces, stream = [], UNPACK[name](io.BytesIO(data))
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            return b"".join(pieces), end.value
        assert 0 < len(pieces[-1]) <= CHUNK


@pytest.mark.parametrize("name", UNPACK)
@pytest.mark.parametrize("data", [b"", b"a", DATA, bytes(3_000_000)], ids=["nothing", "one", "much", "zeros"])
def test_what_was_packed_comes_back(name: str, data: bytes) -> None:
    assert unpacked(name, PACK[name](data)) == (data, False)


@pytest.mark.parametrize("name", ["gzip", "zlib", "bzip2"])
def test_what_follows_is_told(name: str) -> None:
    for garbage in (b"g", b"garbage" * 300_000):
        assert unpacked(name, PACK[name](DATA) + garbage) == (DATA, True)


@pytest.mark.parametrize("name", ["gzip", "bzip2"])
def test_several_streams_are_one_after_the_other(name: str) -> None:
    packed = PACK[name](DATA[:999]) + PACK[name](b"") + PACK[name](DATA[999:])
    assert unpacked(name, packed) == (DATA, False)
    with pytest.raises(EOFError):
        unpacked(name, packed[:-1])


@pytest.mark.parametrize("name", ["gzip", "zlib", "bzip2"])
@pytest.mark.parametrize("cut", [1, 4, 9, 1000])
def test_a_stream_without_an_end(name: str, cut: int) -> None:
    with pytest.raises(EOFError):
        unpacked(name, PACK[name](DATA)[:-cut])


@pytest.mark.parametrize("name", ["gzip", "zlib", "bzip2"])
def test_something_else_and_a_wrong_checksum(name: str) -> None:
    packed = bytearray(PACK[name](DATA))
    packed[-6 if name == "gzip" else -2] ^= 0x55
    for data in (bytes(packed), b"something else", b"x"):
        with pytest.raises((DamagedStream, EOFError)):
            unpacked(name, data)


def test_metaimage_takes_gzip_for_zlib() -> None:
    assert unpacked("zlib", gzip.compress(DATA)) == (DATA, False)


@pytest.mark.parametrize("name", ["gzip", "zlib", "bzip2"])
def test_no_stream_gives_more_than_its_bound(name: str) -> None:
    size = 50_000_000
    assert size < len(PACK[name](bytes(size))) * MOST_RATIO[name]
