"""Label tables in NIfTI files, as TotalSegmentator and Connectome Workbench write them: names of integers."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from napari_boundaryseg.data.formats.compressed import DAMAGED, Decompressed
from napari_boundaryseg.data.formats.format import Names
from napari_boundaryseg.data.formats.nifti.header import Header, parse
from napari_boundaryseg.errors import InputError

_MOST = 1 << 24
"""Bytes of a file's extensions that are looked at."""


def names(path: Path) -> Names:
    """The integers and names of the label tables behind a file's header, without the background.

    Raises
    ------
    InputError
        For a table that is damaged.
    """
    with path.open("rb") as stream:
        source = Decompressed(path, stream)
        head = source.read(540)
        header = parse(path, head)
        block = (head + source.read(max(0, min(header.offset, _MOST) - len(head))))[: header.offset]
    return tuple(pair for text in _extensions(header, block) if b"<LabelTable" in text for pair in _table(path, text))


def _extensions(header: Header, block: bytes) -> list[bytes]:
    """What each extension holds; nothing behind one whose size is impossible."""
    place = int(header.fields["sizeof_hdr"]) + 4
    found = []
    order = "little" if header.fields.endianness == "<" else "big"
    while place + 8 <= len(block) and block[int(header.fields["sizeof_hdr"])]:
        size = int.from_bytes(block[place : place + 4], order)  # type: ignore[arg-type]
        if not 8 <= size <= len(block) - place:
            break
        found.append(block[place + 8 : place + size])
        place += size
    return found


def _table(path: Path, text: bytes) -> Names:
    try:
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise ValueError("a document type is no part of a label table")
        root = ElementTree.fromstring(text.strip(b"\0 \r\n\t").decode("utf-8"))  # noqa: S314  # no entities
        pairs = [
            (int(label.attrib["Key"]), " ".join((label.text or "").split()))
            for table in root.iter("LabelTable")
            for label in table.iter("Label")
        ]
    except (ValueError, LookupError, ElementTree.ParseError) as error:
        raise InputError(path, "its table of label names cannot be read", DAMAGED) from error
    return tuple((i, "".join(c if c.isprintable() else "?" for c in name)) for i, name in pairs if i > 0)
