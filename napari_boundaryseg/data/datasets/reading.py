"""Reading a folder of cases: its layout, its table of splits, and what a person should know about it."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.data.datasets.case import Cases, some
from napari_boundaryseg.data.datasets.layouts import cases_in
from napari_boundaryseg.data.datasets.split_table import with_splits
from napari_boundaryseg.data.formats.format import suffixes
from napari_boundaryseg.errors import InputError


def read_dataset(folder: str | Path, splits: str | Path | None = None) -> Cases:
    """The cases of a folder, sorted by name, with `Cases.warnings`.

    Parameters
    ----------
    folder : str or Path
        In any of the layouts of `napari_boundaryseg.data.datasets.layouts`: ``images/`` and ``labels/`` with equal
        names, nnU-Net raw, Medical Segmentation Decathlon, MONAI Label, BIDS, BraTS, KiTS, PROMISE12.
    splits : str or Path, optional
        A table with the columns ``case,group,split``, see `with_splits`; the folder's own ``splits.csv`` counts when
        there is one.

    Raises
    ------
    InputError
        When the folder is none of these, a listed file is missing or lies outside it, files do not belong together,
        the table is not understood, or a group is divided.
    """
    folder = Path(folder)
    found = cases_in(folder)
    cases = Cases(sorted(found, key=lambda case: case.name), found.warnings)
    _refuse_repeated(folder, cases)
    table = Path(splits) if splits is not None else folder / "splits.csv"
    return Cases(with_splits(cases, table), cases.warnings) if splits is not None or table.is_file() else cases


def _refuse_repeated(folder: Path, cases: Cases) -> None:
    names = [case.name for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise InputError(folder, f"two cases are named {some(twice)}", "Rename one of them")
    if not cases:
        raise InputError(folder, "it holds no scan that can be read", f"Add files ending in {', '.join(suffixes())}")
