"""One DICOM file as pydicom reads it: only what is asked for, bounded, nothing given twice."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from napari_boundaryseg.data.formats.dicom.folder import CUT, EXPORT
from napari_boundaryseg.data.formats.dicom.library import pydicom
from napari_boundaryseg.data.formats.memory import readable, refuse_too_large
from napari_boundaryseg.errors import InputError

_CHUNK = 1 << 16
MOST_INFLATED = 1 << 28
"""Bytes that one compressed ("deflated") file may become."""
PIXELS = {0x7FE00008, 0x7FE00009, 0x7FE00010}
_FILE_GROUP = 2


def parsed(path: Path, tags: Sequence[str | int], pixels: bool = False) -> Any:
    """These entries of a file as pydicom's dataset, up to the pixels or with them.

    Raises
    ------
    InputError
        For a file that unpacks to too much, and for one that gives one of these entries twice.
    Exception
        Whatever pydicom stumbles over.
    """
    library = pydicom()
    wanted = [library.tag.Tag(tag) for tag in tags]
    seen: set[int] = set()
    double: set[int] = set()

    def stop_when(tag: int, vr: str | None, length: int) -> bool:
        if tag in seen:
            double.add(tag)
        seen.add(tag)
        return not pixels and tag in PIXELS

    with path.open("rb") as stream:
        refuse_too_large(path, os.fstat(stream.fileno()).st_size)
        _refuse_bomb(path, stream)
        found = library.filereader.read_partial(stream, stop_when, force=True, specific_tags=wanted)
    if double & {*wanted, *PIXELS}:
        raise InputError(path, "its header gives the same entry twice", EXPORT)
    return found


def _refuse_bomb(path: Path, stream: BinaryIO) -> None:
    """Refuse a deflated file that would become too large: pydicom unpacks it whole."""
    library = pydicom()
    library.filereader.read_preamble(stream, force=True)
    meta = library.filereader.read_dataset(stream, False, True, stop_when=_after_file_group)
    if meta.get("TransferSyntaxUID") == library.uid.DeflatedExplicitVRLittleEndian:
        unpacking, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while (piece := unpacking.unconsumed_tail or stream.read(_CHUNK)) and not unpacking.eof:
            try:
                size += len(unpacking.decompress(piece, _CHUNK))
            except zlib.error as error:
                raise InputError(path, CUT, EXPORT) from error
            if size > MOST_INFLATED:
                raise InputError(path, f"it unpacks to more than {readable(MOST_INFLATED)}", EXPORT)
    stream.seek(0)


def _after_file_group(tag: Any, vr: str | None, length: int) -> bool:
    return bool(tag.group != _FILE_GROUP)
