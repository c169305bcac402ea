"""File signatures: what a file is by its first bytes."""

from __future__ import annotations

GZIP_MAGIC = b"\x1f\x8b"


def guess(head: bytes) -> str:
    """What a file seems to be, from its first bytes."""
    known = (
        (b"NRRD", "an NRRD file"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"%PDF", "a PDF"),
        (b"ObjectType", "a MetaImage file"),
        (b"\x89HDF", "an HDF5 file"),
        (GZIP_MAGIC, "a gzip archive"),
    )
    for magic, name in known:
        if head.startswith(magic):
            return name
    if head[344:347] in (b"n+1", b"ni1") or head[4:7] in (b"n+2", b"ni2"):
        return "a NIfTI file"
    if head[128:132] == b"DICM":
        return "a DICOM file"
    if head and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head[:256]):
        return "text"
    return "something else"
