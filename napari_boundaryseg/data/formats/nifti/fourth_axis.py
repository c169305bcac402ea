"""The fourth axis of a NIfTI file: channels, or times, which must not pass for channels in silence."""

from __future__ import annotations

from pathlib import Path

from nibabel.nifti1 import Nifti1Header

from napari_boundaryseg.data.formats.channels import many_channels
from napari_boundaryseg.errors import InputError

_TIME_SERIES = 2001
_UNITS_OF_TIME, _SPECTRAL = (8, 16, 24), (32, 40, 48)
_BITS_OF_SPACE, _BITS_OF_TIME = 7, 0x38


def volumes_as_channels(path: Path, fields: Nifti1Header, shape: tuple[int, ...]) -> tuple[str, ...]:
    """A warning where the fourth axis may be something else than channels.

    A unit of time with a step, slice times or a unit of frequency say that it is; many volumes let one suspect it.

    Raises
    ------
    InputError
        When the header's intent is a time series.
    """
    count = int(fields["dim"][4])
    if len(shape) < 4 or count != shape[3]:  # one volume, or the values of one voxel along a fifth axis
        return many_channels(shape[3]) if len(shape) == 4 else ()
    if int(fields["intent_code"]) == _TIME_SERIES:
        raise InputError(path, f"it is a series of {count} volumes in time", "Split it into one file per time point")
    unit = int(fields["xyzt_units"]) & _BITS_OF_TIME
    step, slices = float(fields["pixdim"][4]), float(fields["slice_duration"])
    if (unit in _UNITS_OF_TIME and step > 0) or slices > 0 or int(fields["slice_code"]) > 0:
        return (f"Its header calls its {count} volumes a series in time: they are taken as {count} channels.",)
    if unit in _SPECTRAL:
        return (f"Its header calls its {count} volumes a spectrum: they are taken as {count} channels.",)
    return many_channels(count)


def units_of_space(xyzt_units: int) -> int:
    """The header's units without that of time: what channels carry."""
    return xyzt_units & _BITS_OF_SPACE
