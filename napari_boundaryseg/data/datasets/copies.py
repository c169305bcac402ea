"""Copies of one scan under two names, found by their voxels, whatever the file format, voxel type or axis order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from napari_boundaryseg.data.volume import Volume


def marks(volume: Volume) -> frozenset[str]:
    """What two copies of a scan have in common: hashes of each channel's values, in the order of the file and in that
    of the patient. A constant channel has none.

    Examples
    --------
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> array = np.arange(24, dtype=np.int16).reshape(1, 2, 3, 4)
    >>> scan = Volume(array, Geometry((2, 3, 4), np.eye(4)))
    >>> turned = Volume(array[:, ::-1].astype(np.float64), Geometry((2, 3, 4), np.diag([-1.0, 1, 1, 1])))
    >>> bool(marks(scan) & marks(turned)), bool(marks(scan) & marks(Volume(array + 1, scan.geometry)))
    (True, False)
    """
    found = set()
    for channel in volume.array:
        if channel.size and (channel != channel.flat[0]).any():
            found.add(_digest(channel))
            found.add(_digest(volume.geometry.display.to_display(channel)))
    return frozenset(found)


def _digest(array: np.ndarray) -> str:
    digest = hashlib.blake2b(str(array.shape).encode(), digest_size=16)
    for plane in array:
        digest.update(np.ascontiguousarray(plane.astype("<f4") + np.float32(0)).data)
    return digest.hexdigest()


def copied(one: Iterable[tuple[str, frozenset[str]]], two: Iterable[tuple[str, frozenset[str]]]) -> Iterator[str]:
    """Which names of both lists are one scan, as ``a is b``."""
    known = {mark: name for name, found in one for mark in found}
    for name, found in two:
        first = next((known[mark] for mark in sorted(found) if mark in known), None)
        if first is not None:
            yield f"{name} is the same scan as {first}"


def one_scan(cases: Iterable[tuple[str, frozenset[str]]]) -> list[tuple[str, ...]]:
    """The names that are one scan, for each scan that has several.

    Examples
    --------
    >>> one_scan([("a", frozenset("x")), ("b", frozenset("y")), ("c", frozenset("xz")), ("d", frozenset("z"))])
    [('a', 'c', 'd')]
    """
    groups: dict[int, list[str]] = {}
    where: dict[str, int] = {}
    for n, (name, found) in enumerate(cases):
        same = sorted({where[mark] for mark in found if mark in where})
        groups[n] = [*(one for group in same for one in groups.pop(group)), name]
        if same:
            where = {mark: n if group in same else group for mark, group in where.items()}
        where.update(dict.fromkeys(found, n))
    return [tuple(names) for names in groups.values() if len(names) > 1]


def one_patient_each(copies: Iterable[Sequence[str]], patients: Mapping[str, str]) -> dict[str, str]:
    """Case to patient, where the cases of one scan are one patient's, and so are all cases of those patients.

    Examples
    --------
    >>> one_patient_each([("a", "b")], {"a": "p", "b": "q", "c": "q", "d": "r"})
    {'a': 'p', 'b': 'p', 'c': 'p', 'd': 'r'}
    """
    known = dict(patients)
    for names in copies:
        known |= {name: known.get(name) or name for name in names}
        shown, first = {known[name] for name in names}, known[names[0]]
        known = {case: first if patient in shown else patient for case, patient in known.items()}
    return known
