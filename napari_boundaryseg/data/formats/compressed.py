"""A file's bytes, gzip or plain: decompressed in bounded pieces, to the end of the stream."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from napari_boundaryseg.data.formats.memory import readable, refuse_too_large
from napari_boundaryseg.data.formats.signatures import GZIP_MAGIC
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

_CHUNK = 1 << 20
MOST_RATIO = 1032
"""DEFLATE compresses at most this many bytes into one."""

DAMAGED = "Copy or export it again: it is damaged"


@dataclass
class Decompressed:
    """A file's bytes in order: decompressed when it is gzip, as they are when it is not."""

    path: Path
    stream: BinaryIO
    size: int = field(init=False)
    """Bytes on disk."""
    compressed: bool = field(init=False)
    garbage: bool = field(init=False, default=False)
    """Whether bytes that belong to no gzip member follow the last one."""

    def __post_init__(self) -> None:
        start = self.stream.tell()
        self.size = os.fstat(self.stream.fileno()).st_size - start
        self.compressed = self.stream.read(2) == GZIP_MAGIC
        self.stream.seek(start)
        self._pieces = self._members() if self.compressed else self._plain()
        self._rest = b""

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes; fewer only at the end."""
        parts, missing = [], count
        while missing:
            piece = self._next()
            if not piece:
                break
            parts.append(piece[:missing])
            self._rest = piece[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)

    def put_back(self, piece: bytes) -> None:
        """Let the next read begin with these bytes again."""
        self._rest = piece + self._rest

    def fill(self, shape: tuple[int, ...], dtype: np.dtype, progress: Progress = silent) -> np.ndarray:
        """The next bytes as a Fortran-ordered array; refused before memory is taken when they cannot be there."""
        needed = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
        self._refuse_impossible(needed)
        buffer = np.empty(needed, np.uint8)
        got = 0
        while got < needed:
            piece = self._next()
            if not piece:
                raise InputError(
                    self.path, f"it is cut short: its header promises {needed} bytes of voxels, it holds {got}", DAMAGED
                )
            used = piece[: needed - got]
            buffer[got : got + len(used)] = np.frombuffer(used, np.uint8)
            self._rest = piece[len(used) :]
            got += len(used)
            progress(got / needed, "reading")
        return buffer.view(dtype).reshape(shape, order="F")

    def drain(self, most: int = 1 << 24) -> int:
        """Read on to the end, so that the checksum is verified; the number of bytes found there (up to ``most``)."""
        extra = 0
        while extra <= most and (piece := self._next()):
            extra += len(piece)
        return extra

    def _next(self) -> bytes:
        if self._rest:
            piece, self._rest = self._rest, b""
            return piece
        return next(self._pieces, b"")

    def _plain(self) -> Iterator[bytes]:
        while piece := self.stream.read(_CHUNK):
            yield piece

    def _members(self) -> Iterator[bytes]:
        """Every gzip member, of which checksum and length are compared; one read gives at most one piece of it."""
        with gzip.GzipFile(fileobj=self.stream, mode="rb") as file:
            while piece := self._piece(file):
                yield piece

    def _piece(self, file: gzip.GzipFile) -> bytes:
        try:
            return file.read1(_CHUNK)
        except EOFError as error:
            raise InputError(self.path, "it is cut short: the compressed stream has no end", DAMAGED) from error
        except gzip.BadGzipFile as error:
            if str(error).startswith("Not a gzipped file"):  # the first member is one: these bytes follow the last
                self.garbage = True
                return b""
            raise self._damaged(error) from error
        except zlib.error as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> InputError:
        return InputError(self.path, f"its compressed content is damaged ({str(error).rsplit(': ', 1)[-1]})", DAMAGED)

    def _refuse_impossible(self, needed: int) -> None:
        if needed > self.size * (MOST_RATIO if self.compressed else 1):
            raise InputError(
                self.path,
                f"its header promises {readable(needed)} of voxels, the file holds {readable(self.size)}",
                DAMAGED,
            )
        refuse_too_large(self.path, needed)
