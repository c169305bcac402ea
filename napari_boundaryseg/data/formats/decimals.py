"""Floating-point voxels: float64 to float32 with a warning of what changed, and values that are not finite."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.memory import refuse_too_large
from napari_boundaryseg.errors import InputError

_ROUNDING, _LEAST = float(np.finfo(np.float32).eps), float(np.finfo(np.float32).tiny)


class Rounded:
    """What became of values that were rounded to float32, piece by piece."""

    def __init__(self) -> None:
        self._changed, self._example = 0, ""

    def put(self, exact: np.ndarray, into: np.ndarray) -> None:
        """Store float64 values as float32, and count those that are others now."""
        with np.errstate(over="ignore", under="ignore"):  # infinite values are counted
            into[...] = exact
        where = np.argwhere(_differs(exact, into))
        if len(where) and not self._changed:
            first = tuple(where[0])
            self._example = f"{exact[first]:.9g} became {into[first]:.9g}"
        self._changed += len(where)

    @property
    def warnings(self) -> tuple[str, ...]:
        """A warning where float32 was not enough."""
        said = f"{self._changed} of its values do not fit into float32: {self._example}, for example."
        return (said,) if self._changed else ()


def to_float32(array: np.ndarray, slope: float = 1.0, inter: float = 0.0) -> tuple[np.ndarray, tuple[str, ...]]:
    """The values ``slope * array + inter`` as float32, reckoned in float64, and a warning where that is not enough.

    The last digits of a decimal number may be rounded; a whole number that becomes another one, and a number too large
    for float32, are warned of.
    """
    result = np.empty_like(array, dtype=np.float32)
    nearest_last = np.argsort(np.abs(array.strides))[::-1]
    stored, converted = array.transpose(nearest_last), result.transpose(nearest_last)
    rounded = Rounded()
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for place in np.ndindex(stored.shape[:-2]):  # plane by plane: float64 precision without float64 memory
            rounded.put(stored[place].astype(np.float64) * slope + inter, converted[place])
    return result, rounded.warnings


def not_finite(array: np.ndarray) -> tuple[str, ...]:
    """A warning where some values are no numbers."""
    if array.dtype.kind != "f":
        return ()
    bad = array.size - int(np.isfinite(array).sum())
    return (f"{bad} of its voxels are not numbers (NaN or infinite).",) if bad else ()


def _differs(exact: np.ndarray, rounded: np.ndarray) -> np.ndarray:
    """Where a number is another one now: a whole one by anything, a decimal one by more than its last digit."""
    apart = np.abs(exact - rounded)
    whole = exact == np.rint(exact)
    return np.asarray(np.isfinite(exact) & (apart > 0) & (whole | (apart > _ROUNDING * np.abs(exact) + _LEAST)))


LABEL_TOLERANCE = 1e-3
"""A label that was stored as a decimal number may lie this far from its integer."""


def whole_numbers(path: Path, array: np.ndarray) -> np.ndarray:
    """Decimal values as the integers they stand for, or a refusal."""
    if array.dtype.kind != "f":
        return array
    refuse_too_large(path, 3 * array.nbytes)
    rounded = np.rint(array)
    if not np.isfinite(array).all() or np.abs(array - rounded).max(initial=0) > LABEL_TOLERANCE:
        raise InputError(
            path,
            "it holds values that are not whole numbers, so it is no label map",
            "Choose the file with the labels, or open this one as a scan",
        )
    return rounded
