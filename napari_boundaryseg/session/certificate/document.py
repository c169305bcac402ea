"""Certificate as a document: its format, the hash of its content, and its reader."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field, ValidationError, field_validator

from napari_boundaryseg.data.file_format import no_name_twice, refuse_later
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.database import LABELS

FORMAT = "napari-boundaryseg-certificate/1"
HASH = "sha256"
"""The name of a certificate's own hash in it; every other value is hashed."""
FILES = re.compile(r"(?:certificate|journal)-v([1-9]\d{0,8})\.(?:json|html|steps)")
"""What lies beside ``labels-vN.nii.gz``: the certificate, its page, and the journal."""
_Row = tuple[float, float, float, float]
NO_SIGNATURE = (
    "This is not a digital signature. Each certificate holds the hash of its own content, of the journal's records and "
    "of the project's certificate before it, so that a later change is noticed. Whoever can write to the folder can "
    "make a new chain."
)


class _Labels(BaseModel):
    file: str = Field(pattern=f"^{LABELS.pattern}$")
    sha256: str
    voxels_sha256: str


class _Geometry(BaseModel):
    shape: tuple[int, int, int]
    affine: tuple[_Row, _Row, _Row, _Row]

    @field_validator("affine")
    @classmethod
    def _has_three_directions(cls, affine: tuple[_Row, ...]) -> tuple[_Row, ...]:
        try:
            with np.errstate(all="ignore"):
                AxisMap(np.array(affine), (1, 1, 1)).there  # noqa: B018 (an axis without a direction is a ValueError)
        except np.linalg.LinAlgError as error:
            raise ValueError("no grid of voxels") from error
        return affine


class _Journal(BaseModel):
    file: str | None = Field(None, pattern=f"^{FILES.pattern}$")
    records: int = 0
    sha256: str = ""


class _Result(BaseModel):
    step: int
    name: str
    voxels_sha256: str


class _Steps(BaseModel):
    done: int


class _Work(BaseModel):
    journal: _Journal
    steps: _Steps | None = None
    results: list[_Result] = []


class _Parts(BaseModel):
    """What is read of a certificate, beside the page for people."""

    case: str
    version: int
    previous: str | None
    geometry: _Geometry
    labels: _Labels
    work: _Work


def certificate_name(version: int) -> str:
    """The file's name."""
    return f"certificate-v{version}.json"


def page_name(version: int) -> str:
    """The file's name of the page for people."""
    return f"certificate-v{version}.html"


def journal_name(version: int) -> str:
    """The file's name of the journal."""
    return f"journal-v{version}.steps"


def canonical(values: Mapping[str, Any]) -> bytes:
    r"""The one text of values that is hashed: JSON in ASCII, names in order, no space, numbers as short as they go.

    Examples
    --------
    >>> canonical({"b": 0.1, "a": ["é", None]})
    b'{"a":["\\u00e9",null],"b":0.1}'
    """
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def hash_of_content(values: Mapping[str, Any]) -> str:
    """SHA-256 of a certificate's `canonical` content: everything in it but this hash."""
    return hashlib.sha256(canonical({name: value for name, value in values.items() if name != HASH})).hexdigest()


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """A certificate with the hash of its content."""
    return {**values, HASH: hash_of_content(values)}


def is_whole(values: Mapping[str, Any]) -> bool:
    """Whether a certificate's content is what it was when its hash was made."""
    return values.get(HASH) == hash_of_content(values)


def text_of(values: Mapping[str, Any]) -> bytes:
    """A certificate as a file holds it."""
    return (json.dumps(values, indent=2, allow_nan=False) + "\n").encode("ascii")


def read_certificate(path: Path) -> dict[str, Any]:
    """Read a certificate of this or an older version of the program, whole or changed (see `is_whole`).

    Raises
    ------
    InputError
        Where it is not there, no certificate, or a later version of the program wrote it.
    """
    try:
        values = json.loads(path.read_bytes(), object_pairs_hook=no_name_twice)
        canonical(values)
    except OSError as error:
        raise InputError(path, f"it cannot be read: {error.strerror or error}", "Check the name") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(
            path, "it is no certificate, or was changed", "Take the file that the program wrote"
        ) from error
    said = values.get("format") if isinstance(values, dict) else None
    refuse_later(said, FORMAT, path)
    if said != FORMAT:
        raise InputError(path, "it is no certificate", "Choose certificate-vN.json in the folder of a case")
    values = migrated(values)
    try:
        _Parts.model_validate(values)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise InputError(
            path, f"it does not say what it must: {where}", "Take the file that the program wrote"
        ) from error
    return values


def migrated(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a certificate's JSON, of whatever version, under the names of today: version 1 is the first.

    A section that is new, as ``against_model`` once was, makes no new version: older programs read past it, and where
    an older certificate lacks it, that is not known.
    A hash is that of the values as they were written: `is_whole` is asked of those.
    """
    return dict(values)
