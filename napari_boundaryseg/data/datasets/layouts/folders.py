"""Layouts with a folder of scans and a folder of labels: images/ and labels/, nnU-Net raw, MONAI Label."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.data.datasets.case import Case, Cases, some
from napari_boundaryseg.data.datasets.files import by_name, entries
from napari_boundaryseg.data.datasets.layouts.channel_numbers import Grouped, grouped
from napari_boundaryseg.data.datasets.layouts.dataset_json import listing_of
from napari_boundaryseg.data.datasets.layouts.listed import with_listing
from napari_boundaryseg.errors import InputError


def nnunet(folder: Path) -> Cases | None:
    """nnU-Net raw: ``imagesTr`` and ``labelsTr``, channels numbered ``_0000`` and on, named in ``dataset.json``."""
    if not (folder / "imagesTr").is_dir():
        return None
    listing = listing_of(folder)
    count = len(listing.channels)
    training, numbers = _paired(folder / "imagesTr", folder / "labelsTr", range(count) if count else None)
    test, _ = _paired(folder / "imagesTs", folder / "labelsTs", numbers, "test")
    cases = [with_listing(case, listing) for case in (*training, *test)]
    return Cases(cases, (*training.warnings, *test.warnings))


def plain(folder: Path) -> Cases | None:
    """``images/`` and ``labels/`` with equal names; ``dataset.json`` may name channels and labels."""
    if not (folder / "images").is_dir():
        return None
    listing = listing_of(folder)
    count = len(listing.channels)
    cases, _ = _paired(folder / "images", folder / "labels", range(count) if count > 1 else None)
    return Cases([with_listing(case, listing) for case in cases], cases.warnings)


def monai_label(folder: Path) -> Cases | None:
    """A MONAI Label data store: scans in the folder, what a person accepted in ``labels/final``."""
    labels = folder / "labels" / "final"
    return _paired(folder, labels)[0] if labels.is_dir() else None


def _paired(
    images: Path, labels: Path, numbers: range | tuple[int, ...] | None = None, split: str = ""
) -> tuple[Cases, tuple[int, ...] | None]:
    """Images and labels of equal name, with the numbers of their channels.

    Raises
    ------
    InputError
        When two files bear one name, and when no scan and no label have a name in common.
    """
    known, files = by_name(entries(labels)), by_name(entries(images))
    found = grouped(images.name, files, known, numbers)
    used = [name for name in found.cases if name in known]
    if known and files and not used:
        raise InputError(
            images,
            f"no scan has the name of a label: scans are called {some(sorted(found.cases))}, "
            f"labels in {labels.name} {some(sorted(known))}",
            "Give folders that belong together, or name each label after its scan",
        )
    cases = [
        Case(name, tuple(files[part] for part in parts), known.get(name), split=split)
        for name, parts in found.cases.items()
    ]
    return Cases(cases, _warnings(found, set(known), images.name, labels.name)), found.numbers


def _warnings(found: Grouped, known: set[str], images: str, labels: str) -> list[str]:
    without = sorted(set(found.cases) - known)
    over = sorted(known - set(found.cases))
    said = []
    if found.unclear:
        said.append(
            f"The digits of {some(found.unclear)} in {images} may be channels or patients: each is a case of its own."
        )
    if known and without:
        said.append(f"{len(without)} of {len(found.cases)} scans in {images} have no label: {some(without)}.")
    if over:
        said.append(f"{len(over)} of {len(known)} labels in {labels} have no scan: {some(over)}.")
    return said
