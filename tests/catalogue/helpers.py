"""What the tests of rows share: small files, and what every refusal must be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from napari_boundaryseg.errors import BoundarySegError

SHAPE = (6, 7, 8)
AFFINE = np.array([[-0.5, 0.1, 0, 20], [0.1, 0.5, 0, -30], [0, 0, 3, 5], [0, 0, 0, 1.0]])
VOXELS = np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)
PATIENT = "PLANTED^PATIENT"
BEING_MENDED = "being mended"
"""Why a test of a row may fail for now."""


def nifti(
    array: np.ndarray = VOXELS, affine: np.ndarray = AFFINE, kind: type = nib.Nifti1Image, **fields: Any
) -> bytes:
    """A NIfTI file with a patient's name where one may stand; fields of its header replaced."""
    image = kind(array, affine, dtype=array.dtype)
    image.header.set_xyzt_units("mm")
    image.set_qform(affine, 1)
    image.set_sform(affine, 2)
    image.header["descrip"] = PATIENT.encode()
    for name, value in fields.items():
        image.header[name] = value
    return image.to_bytes()


def refused(action: Callable[[], Any], name: str, reason: str, folder: Path) -> BoundarySegError:
    """One typed error: it names the file, says the reason and what to do, and no folder and no patient."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(BoundarySegError) as caught:
        action()
    text = str(caught.value)
    assert text.startswith(f"{name}: "), text
    assert reason in text
    assert getattr(caught.value, "advice", "an extra"), "it does not say what to do"
    assert "\n" not in text
    assert str(folder) not in text
    assert PATIENT not in text
    assert all(path.read_bytes() == data for path, data in before.items()), "a file was changed"
    return caught.value
