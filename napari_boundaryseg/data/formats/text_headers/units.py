"""Units of length in NRRD and MetaImage headers, as factors to mm."""

from __future__ import annotations

import re

import numpy as np

from napari_boundaryseg.data.formats.text_headers.header import Fields

_MM = {
    **dict.fromkeys(("", "mm", "millimeter"), 1.0),
    **dict.fromkeys(("um", "\u00b5m", "\u03bcm", "micron", "micrometer"), 0.001),
    **dict.fromkeys(("nm", "nanometer"), 1e-6),
    **dict.fromkeys(("cm", "centimeter"), 10.0),
    **dict.fromkeys(("m", "meter"), 1000.0),
}


def unit_mm(unit: str) -> tuple[float, tuple[str, ...]]:
    """How many mm a unit of length is, and what to say of one that is not known.

    Examples
    --------
    >>> unit_mm("cm"), unit_mm("Microns")
    ((10.0, ()), (0.001, ()))
    """
    plain = unit.lower().replace("metre", "meter")
    plain = plain.removesuffix("s") if len(plain) > 2 else plain
    if plain in _MM:
        return _MM[plain], ()
    known = unit if unit.isalpha() and len(unit) <= 10 else "not known"
    return 1.0, (f"Its unit of length is {known}: millimetres are assumed.",)


def nrrd_units(fields: Fields, axes: list[int], n: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """(3,) mm for each axis of an NRRD header's space, and what is doubtful about its units; mm where it says none.

    Raises
    ------
    InputError
        When the units of the space and of the volume's axes are different, or there are too few.
    """
    space, stored = _words(fields, "space units")[:3], _words(fields, "units")
    if stored and len(stored) != n:
        raise fields.wrong("units", f"for {len(stored)} axes, not {n}")
    own = [stored[axis] for axis in axes] if any(stored[axis] for axis in axes if stored) else []
    found = [unit_mm(unit) for unit in space or own or [""]]
    if len(found) == 1:
        found *= 3
    if len(found) < 3:
        raise fields.wrong("space units", f"for {len(found)} axes only, not 3")
    mm = np.array([factor for factor, _ in found])
    turned = "space directions" in fields and len(set(own)) > 1
    if own and (turned or (space and [unit_mm(unit)[0] for unit in own] != mm.tolist())):
        raise fields.wrong("units", "of its axes that do not go with those of its space")
    return mm, tuple(dict.fromkeys(text for _, said in found for text in said))


def _words(fields: Fields, name: str) -> list[str]:
    """The texts of a field, in quotes or without; ``???`` is none."""
    words = [one if quoted else other for quoted, one, other in re.findall(r'("([^"]*)")|([^\s"]+)', fields.one(name))]
    return ["" if word == "???" else word for word in words]
