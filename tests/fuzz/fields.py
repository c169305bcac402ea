"""Damage that knows a format: fields of its header and the stream behind it, and what of a file a checksum guards."""

from __future__ import annotations

import gzip
import io
import json
import struct
import warnings
import zlib
from random import Random

from . import mutations


def gzip_body(name: str, data: bytes) -> tuple[int, int] | None:
    """The compressed stream of a file and its checksum: (start, stop), or None."""
    return (10, len(data)) if name.endswith(".nii.gz") else None


def nrrd_body(name: str, data: bytes) -> tuple[int, int] | None:
    return (data.index(b"\n\n") + 12, len(data)) if b"encoding: gzip" in data[:600] else None


def meta_body(name: str, data: bytes) -> tuple[int, int] | None:
    return (data.index(b"LOCAL\n") + 8, len(data)) if b"CompressedData = True" in data[:600] else None


NIFTI_1 = [
    *((0, "<i"), (40, "<h"), *((40 + 2 * n, "<h") for n in range(1, 8)), (70, "<h"), (72, "<h")),
    *((76 + 4 * n, "<f") for n in range(8)),
    *((108, "<f"), (112, "<f"), (116, "<f"), (123, "B"), (252, "<h"), (254, "<h")),
    *((256 + 4 * n, "<f") for n in range(18)),
    *((344, "<I"), (348, "<I"), (352, "<i"), (356, "<i")),
]
NIFTI_2 = [
    *((0, ">i"), (4, ">I"), (12, ">h"), (14, ">h"), *((16 + 8 * n, ">q") for n in range(8))),
    *((104 + 8 * n, ">d") for n in range(8)),
    *((168, ">q"), (176, ">d"), (184, ">d"), (344, ">i"), (348, ">i")),
    *((352 + 8 * n, ">d") for n in range(18)),
    *((500, ">i"), (540, ">I")),
]


def nifti_fields(data: bytes, rng: Random) -> bytes:
    """Fields of a header, also of a compressed file."""
    if data[:2] == b"\x1f\x8b":
        return gzip.compress(nifti_fields(gzip.decompress(data), rng), mtime=0)
    return mutations.fields(NIFTI_2 if data[:4] == struct.pack(">i", 540) else NIFTI_1)(data, rng)


def nrrd_voxels(data: bytes, rng: Random) -> bytes:
    """A sound stream that unpacks to another length than the header says."""
    head, _, body = data.partition(b"\n\n")
    raw = gzip.decompress(body) if b"encoding: gzip" in head else body
    raw = rng.choice((raw + bytes(rng.randint(1, 9000)), raw[: rng.randrange(len(raw) + 1)]))
    return head + b"\n\n" + (gzip.compress(raw, mtime=0) if b"encoding: gzip" in head else raw)


def meta_voxels(data: bytes, rng: Random) -> bytes:
    """As `nrrd_voxels`, for a MetaImage."""
    head, _, body = data.partition(b"LOCAL\n")
    packed = b"CompressedData = True" in head
    raw = zlib.decompress(body) if packed else body
    raw = rng.choice((raw + bytes(rng.randint(1, 9000)), raw[: rng.randrange(len(raw) + 1)]))
    return head + b"LOCAL\n" + (zlib.compress(raw) if packed else raw)


RAW = (b"", b"\xff\xff", bytes(2), b"1\\2\\nan", b"1e400\\0\\0", b"MONOCHROME1 ", b"RGB ", b"0" * 70_000)


def dicom_elements(data: bytes, rng: Random) -> bytes:
    """Values of a data set's elements: other numbers, other lengths, missing, of another slice."""
    import pydicom
    from pydicom.dataelem import DataElement

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(io.BytesIO(data), force=True)
        for _ in range(rng.choice((1, 1, 2))):
            tag = rng.choice(list(ds.keys()))
            kind = rng.randrange(4)
            if kind == 0:
                del ds[tag]
                continue
            vr = ds[tag].VR
            raw = rng.choice(
                (rng.choice(RAW), rng.randbytes(rng.randint(1, 8)), rng.choice(mutations.NUMBERS).encode())
            )
            raw += b" " if len(raw) % 2 else b""
            ds[tag] = DataElement(tag, "UN" if kind == 1 else vr, b"") if not raw else DataElement(tag, "UN", raw)
            if kind > 1 and vr in ("US", "SS"):
                ds[tag] = DataElement(tag, vr, rng.choice((0, 1, 2, 3, 8, 15, 17, 32, 65535 if vr == "US" else -1)))
            elif kind > 1 and vr in ("DS", "IS"):
                values = [rng.choice(("0", "-1", "1e9", "0.1", "5", "1e-20", "-7")) for _ in range(rng.randint(1, 6))]
                ds[tag] = DataElement(tag, "LO", values)
        stream = io.BytesIO()
        ds.save_as(stream, enforce_file_format=False)
    return stream.getvalue()


def safetensors_header(data: bytes, rng: Random) -> bytes:
    """Values of the header, or of the card in it."""
    length = struct.unpack("<Q", data[:8])[0]
    header, body = data[8 : 8 + length], data[8 + length :]
    if rng.random() < 0.5:
        tree = json.loads(header)
        tree["__metadata__"]["card"] = mutations.json_values(tree["__metadata__"]["card"].encode(), rng).decode()
        header = json.dumps(tree).encode()
    else:
        header = mutations.json_values(header, rng)
    return struct.pack("<Q", rng.choice((len(header),) * 9 + (rng.randrange(2**63),))) + header + body
