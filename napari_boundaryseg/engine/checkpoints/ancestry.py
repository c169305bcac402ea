"""Ancestry: fingerprints of the cases that trained a model and the models before it, for who may judge. No torch."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated

import numpy as np
from pydantic import Field

from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.recipes.settings import Settings

ITERATIONS = 20_000
"""Of PBKDF2 over a name: a name that could be guessed from a list takes its time to be tried."""

MOST = 100_000
_Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Ancestry(Settings):
    """What a model and its ancestors were trained on, so that none of it judges a descendant.

    Neither a voxel nor a name can be read from it. It finds the scan in any format, data type and storage order, and
    other scans under the same name or of the same patient; it does not find a scan that was resampled, cropped or
    filtered and bears another name.
    """

    scans: tuple[_Hex, ...] = Field((), max_length=MOST, description="content hash of each channel of each scan")
    names: tuple[_Hex, ...] = Field((), max_length=MOST, description="salted hashes of the names of cases and patients")
    salt: str = Field("", pattern=r"^([0-9a-f]{32})?$")
    complete: bool = Field(False, description="whether every model that it descends from said what it was trained on")

    @classmethod
    def new(cls) -> Ancestry:
        """Of a model whose training begins with fresh weights."""
        return cls(salt=secrets.token_hex(16), complete=True)

    def salted(self) -> Ancestry:
        """The same with a salt, where it has none yet."""
        return self if self.salt else self.model_copy(update={"salt": secrets.token_hex(16)})

    def with_cases(self, scans: Iterable[str], names: Iterable[str]) -> Ancestry:
        """The same, and further scans (by content hash) and names of cases and patients."""
        grown = self.salted()
        hashed = (grown._hashed(name) for name in sorted(set(names) - {""}))
        return grown.model_copy(
            update={
                "scans": tuple(dict.fromkeys((*grown.scans, *scans))),
                "names": tuple(dict.fromkeys((*grown.names, *hashed))),
            }
        )

    def why_not(self, scans: Iterable[str], name: str, patient: str = "") -> str:
        """Why a case may not judge a descendant of this model; empty where nothing is known against it."""
        if set(scans) & set(self.scans):
            return "an earlier version of the model was trained on this scan, or on a copy of it"
        if self.names and self._hashed(name) in self.names:
            return (
                "an earlier version of the model was trained on a case or patient of this name (rename the case if "
                "it shows somebody else)"
            )
        if self.names and patient and self._hashed(patient) in self.names:
            return "an earlier version of the model was trained on a case of this patient"
        return ""

    def _hashed(self, name: str) -> str:
        return _salted_hash(self.salt, name)


@lru_cache(maxsize=4096)
def _salted_hash(salt: str, name: str) -> str:
    key = hashlib.pbkdf2_hmac("sha256", name.encode("utf-8", "surrogatepass"), salt.encode(), ITERATIONS)
    return key.hex()[:32]


def content_hashes(volume: Volume) -> tuple[str, ...]:
    """One hash for each channel of a scan: of its values along the patient's axes.

    It depends on the values alone: not on data type, file format, compression, storage order, the position in the
    scanner or the voxel size, which a copy may say otherwise. A channel with one value all over has none.

    Returns
    -------
    tuple of str
        32 hexadecimal digits each.

    Examples
    --------
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> voxels = np.arange(24, dtype=np.int16).reshape(1, 2, 3, 4)
    >>> scan = Volume(voxels, Geometry((2, 3, 4), np.eye(4)))
    >>> turned = np.eye(4)[[1, 0, 2, 3]]
    >>> copy = Volume(np.swapaxes(voxels, 1, 2).astype(np.float32), Geometry((3, 2, 4), turned), name="copy")
    >>> content_hashes(scan) == content_hashes(copy)
    True
    """
    axes = AxisMap(volume.affine, volume.geometry.shape, "RAS")
    return tuple(dict.fromkeys(value_hash(one) for one in axes.to_axes(volume.array) if (one != one.flat[0]).any()))


def value_hash(channel: np.ndarray) -> str:
    """The hash of an (I, J, K) array's shape and values, 32 hexadecimal digits, as float32 whatever the data type."""
    digest = hashlib.blake2b(str(channel.shape).encode(), digest_size=16)
    for slab in channel:
        values = np.ascontiguousarray(slab, "<f4") + np.float32(0)  # -0 and 0 are one value
        values[np.isnan(values)] = np.nan
        digest.update(values.data)
    return digest.hexdigest()
