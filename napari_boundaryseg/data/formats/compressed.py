"""A file's bytes, compressed or plain: unpacked in bounded pieces, to the end of the stream."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from napari_boundaryseg.data.formats.memory import readable, refuse_too_large
from napari_boundaryseg.data.formats.signatures import GZIP_MAGIC
from napari_boundaryseg.data.formats.unpacked import MOST_RATIO, UNPACK, DamagedStream
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

DAMAGED = "Copy or export it again: it is damaged"


@dataclass
class Decompressed:
    """A file's bytes in order, from where the stream stands."""

    path: Path
    stream: BinaryIO
    encoding: str = ""
    """A name of `UNPACK`; gzip or plain, as the first bytes say, where it is empty."""
    size: int = field(init=False)
    """Bytes of the whole file on disk."""
    garbage: bool = field(init=False, default=False)
    """Whether bytes that belong to no compressed stream follow the last one; known after `drain`."""

    def __post_init__(self) -> None:
        start = self.stream.tell()
        self.size = os.fstat(self.stream.fileno()).st_size
        if not self.encoding:
            self.encoding = "gzip" if self.stream.read(2) == GZIP_MAGIC else "raw"
            self.stream.seek(start)
        self._pieces = self._unpacked()
        self._rest = b""

    @property
    def compressed(self) -> bool:
        """Whether the bytes on disk are not those that are given."""
        return self.encoding != "raw"

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
        """The next bytes as a Fortran-ordered array in the machine's byte order.

        Raises
        ------
        InputError
            Before memory is taken when they cannot be there or do not fit; later when there are fewer.
        """
        needed = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
        self._refuse_impossible(needed)
        buffer = np.empty(needed, np.uint8)
        got = 0
        while got < needed:
            piece = self._next()
            if not piece:
                raise InputError(
                    self.path,
                    f"it is cut short: its header promises {needed} bytes of voxels, it holds {got} bytes",
                    DAMAGED,
                )
            used = piece[: needed - got]
            buffer[got : got + len(used)] = np.frombuffer(used, np.uint8)
            self._rest = piece[len(used) :]
            got += len(used)
            progress(got / needed, "reading")
        values = buffer.view(dtype)
        if not dtype.isnative:
            values = values.byteswap(inplace=True).view(dtype.newbyteorder("="))
        return values.reshape(shape, order="F")

    def drain(self, most: int = 1 << 30) -> int:
        """Read on to the end, so that the last checksum is compared too; the number of bytes found there.

        Raises
        ------
        InputError
            When more than ``most`` bytes follow in a compressed stream: its checksum was not seen.
        """
        extra = 0
        while piece := self._next():
            extra += len(piece)
            if extra > most:
                if not self.compressed:
                    break
                raise InputError(
                    self.path, f"more than {readable(most)} are packed behind its last voxel", "Export it again"
                )
        return extra

    def _next(self) -> bytes:
        if self._rest:
            piece, self._rest = self._rest, b""
            return piece
        return next(self._pieces, b"")

    def _unpacked(self) -> Iterator[bytes]:
        try:
            self.garbage = yield from UNPACK[self.encoding](self.stream)
        except EOFError as error:
            raise InputError(self.path, "it is cut short: the compressed stream has no end", DAMAGED) from error
        except DamagedStream as error:
            raise InputError(self.path, f"its compressed content is damaged ({error})", DAMAGED) from error

    def _refuse_impossible(self, needed: int) -> None:
        if needed > self.size * MOST_RATIO[self.encoding]:
            raise InputError(
                self.path,
                f"its header promises {readable(needed)} of voxels, the file holds {readable(self.size)}",
                DAMAGED,
            )
        refuse_too_large(self.path, needed)
