"""NRRD and MetaImage files of one small scan, made line by line."""

from __future__ import annotations

import numpy as np

SHAPE = (4, 5, 6)
VOXELS = np.arange(np.prod(SHAPE), dtype="<i2").reshape(SHAPE)
RAW = VOXELS.tobytes(order="F")
EXPECTED = np.array([[0.5, 0, 0, 1], [0, 0.75, 0, 2], [0, 0, 3, 3], [0, 0, 0, 1]])
"""The affine of both files, RAS+."""


def nrrd(data: bytes = RAW, encoding: str = "raw", **fields: str) -> bytes:
    """An NRRD file; a field that is given as nothing is left out."""
    values = {
        "type": "short", "dimension": "3", "space": "right-anterior-superior", "sizes": "4 5 6",
        "space directions": "(0.5,0,0) (0,0.75,0) (0,0,3)", "kinds": "domain domain domain", "endian": "little",
        "encoding": encoding, "space origin": "(1,2,3)",
        **{key.replace("_", " "): value for key, value in fields.items()},
    }  # fmt: skip
    header = "NRRD0004\n" + "".join(f"{key}: {value}\n" for key, value in values.items() if value) + "\n"
    return header.encode() + data


def meta(data: bytes = RAW, **fields: str) -> bytes:
    """A MetaImage file; a field that is given as nothing is left out."""
    values = {
        "ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False", "TransformMatrix": "-1 0 0 0 -1 0 0 0 1", "Offset": "-1 -2 3",
        "ElementSpacing": "0.5 0.75 3", "DimSize": "4 5 6", "ElementType": "MET_SHORT",
        **{key: value for key, value in fields.items() if key != "ElementDataFile"},
        "ElementDataFile": fields.get("ElementDataFile", "LOCAL"),
    }  # fmt: skip
    return "".join(f"{key} = {value}\n" for key, value in values.items() if value).encode() + data
