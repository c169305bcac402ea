"""Pieces of gzip, zlib and bzip2 streams, each at most 1 MiB, with every checksum compared."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable, Generator
from typing import Any, BinaryIO

from napari_boundaryseg.data.formats.signatures import GZIP_MAGIC

CHUNK = 1 << 20
Pieces = Generator[bytes, None, bool]
"""Gives bytes; its value at the end is whether bytes follow that belong to no such stream."""

MOST_RATIO = {"raw": 1, "gzip": 1032, "zlib": 1032, "bzip2": 1 << 21}
"""How many bytes one byte can become: DEFLATE at most 1032; bzip2, which also counts repeats of repeats, far more."""


class DamagedStream(Exception):
    """A compressed stream whose content or checksum is wrong; the text says which."""


def plain(stream: BinaryIO) -> Pieces:
    """The bytes as they are."""
    while piece := stream.read(CHUNK):
        yield piece
    return False


def gunzipped(stream: BinaryIO) -> Pieces:
    """Every gzip member, of which checksum and length are compared; zeros may follow.

    Raises
    ------
    EOFError
        When it is cut short.
    DamagedStream
    """
    if stream.read(2) != GZIP_MAGIC:
        raise DamagedStream("it is no gzip stream")
    stream.seek(-2, 1)
    with gzip.GzipFile(fileobj=stream, mode="rb") as file:
        while True:
            try:
                piece = file.read1(CHUNK)
            except gzip.BadGzipFile as error:
                if str(error).startswith("Not a gzipped file"):  # the first member is one: these follow the last
                    return True
                raise DamagedStream(_said(error)) from error
            except zlib.error as error:
                raise DamagedStream(_said(error)) from error
            if not piece:
                return False
            yield piece


def inflated(stream: BinaryIO) -> Pieces:
    """One zlib stream with its Adler-32; or gzip, which programs that write MetaImage also take.

    Raises
    ------
    EOFError, DamagedStream
    """
    start = stream.read(2)
    stream.seek(-len(start), 1)
    if start == GZIP_MAGIC:
        return (yield from gunzipped(stream))
    rest = yield from _one(stream, b"", zlib.decompressobj())
    return bool(rest or stream.read(1))


def bunzipped(stream: BinaryIO) -> Pieces:
    """Every bzip2 stream with its checksums.

    Raises
    ------
    EOFError, DamagedStream
    """
    rest = yield from _one(stream, b"", bz2.BZ2Decompressor())
    while rest := rest or stream.read(CHUNK):
        if not rest.startswith(b"BZh"):
            return True
        rest = yield from _one(stream, rest, bz2.BZ2Decompressor())
    return False


def _one(stream: BinaryIO, data: bytes, engine: Any) -> Generator[bytes, None, bytes]:
    """The pieces of one zlib or bzip2 stream, and the bytes read after its end."""
    while not engine.eof:
        if not data and getattr(engine, "needs_input", True):
            data = stream.read(CHUNK)
            if not data:
                raise EOFError
        try:
            piece = engine.decompress(data, CHUNK)
        except (zlib.error, OSError, ValueError) as error:
            raise DamagedStream(_said(error)) from error
        data = getattr(engine, "unconsumed_tail", b"")
        if piece:
            yield piece
    return engine.unused_data


def _said(error: Exception) -> str:
    return str(error).rsplit(": ", 1)[-1]


UNPACK: dict[str, Callable[[BinaryIO], Pieces]] = {
    "raw": plain,
    "gzip": gunzipped,
    "zlib": inflated,
    "bzip2": bunzipped,
}
"""For each way to store bytes, its pieces."""
