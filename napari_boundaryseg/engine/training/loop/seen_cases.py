"""What is noted of training cases as they are read: hashes, names, the organs that any of them holds. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.slices.looked_at import only_known
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.ancestry import content_hashes, value_hash
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.training.data.cases import check_pair


@dataclass
class SeenCases:
    """What one pass over labelled scans leaves behind.

    Parameters
    ----------
    names : list of str
    digests : list of str
        One for each case: it changes with the voxels, the labels, the place and the box.
    scans : list of str
        Content hashes, of every channel.
    integers : set of int
        That occur in any label map.
    """

    names: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    scans: list[str] = field(default_factory=list)
    integers: set[int] = field(default_factory=set)

    def over(self, cases: Iterable[tuple[Volume, LabelMap] | LabelledScan]) -> Iterator[LabelledScan]:
        """The same cases one after the other, noted and checked.

        Raises
        ------
        InputError
            For labels on another grid than their scan, and for a scan in which nothing can be seen.
        """
        for given in cases:
            case = LabelledScan(*given)
            check_pair(case.volume, case.labels)
            self.names.append(case.volume.name)
            self.digests.append(digest_of(case))
            self.scans += content_hashes(case.volume)
            self.integers.update(np.unique(only_known(case.labels, case.looked).array).tolist())
            yield case

    def without(self, scheme: LabelScheme) -> tuple[str, ...]:
        """The organs of a scheme that no case holds."""
        return tuple(organ.name for organ in scheme.organs if organ.id not in self.integers)


def digest_of(case: LabelledScan) -> str:
    """A hash of a case: it changes with the voxels, the labels, the place, the box and what was looked at."""
    axes = AxisMap(case.volume.affine, case.volume.geometry.shape, "RAS")
    parts = [value_hash(one) for array in (case.volume.array, case.labels.array[None]) for one in axes.to_axes(array)]
    place = np.round(axes.new_affine, 3) + 0.0  # no -0.0
    box = [(side.start, side.stop) if isinstance(side, slice) else tuple(side) for side in case.box or ()]
    looked = "" if case.looked is None else f" {case.looked.model_dump_json()}"
    return hashlib.blake2b(f"{parts} {place.tolist()} {box}{looked}".encode(), digest_size=16).hexdigest()
