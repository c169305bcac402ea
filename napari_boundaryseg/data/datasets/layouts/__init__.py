"""Dataset layouts: images/ + labels/, nnU-Net raw, Decathlon, MONAI Label, BIDS, BraTS, KiTS, PROMISE12."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.data.datasets.case import Cases
from napari_boundaryseg.data.datasets.layouts.bids import bids
from napari_boundaryseg.data.datasets.layouts.challenges import brats, kits, promise12
from napari_boundaryseg.data.datasets.layouts.folders import monai_label, nnunet, plain
from napari_boundaryseg.data.datasets.layouts.listed import decathlon
from napari_boundaryseg.errors import InputError

LAYOUTS = (decathlon, nnunet, plain, monai_label, kits, promise12, bids, brats)


def cases_in(folder: Path) -> Cases:
    """The cases of a folder, in the first layout that finds any.

    Raises
    ------
    InputError
        When there is no such folder, or nothing in it looks like labelled scans.
    """
    if not folder.is_dir():
        raise InputError(folder, "there is no such folder", "Check the name")
    for layout in LAYOUTS:
        cases = layout(folder)
        if cases is not None:
            return cases if isinstance(cases, Cases) else Cases(cases)
    raise InputError(
        folder,
        "it holds no cases",
        "Give images/ and labels/, nnU-Net raw, MSD (dataset.json), MONAI Label, BIDS, BraTS, KiTS or PROMISE12",
    )
