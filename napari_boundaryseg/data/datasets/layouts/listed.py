"""Layouts with a list: ``dataset.json`` of the Medical Segmentation Decathlon and nnU-Net names the files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_boundaryseg.data.datasets.case import Case, Cases, some
from napari_boundaryseg.data.datasets.files import entries, name_of, refuse
from napari_boundaryseg.data.datasets.layouts.dataset_json import NAME, Entry, Listing, listing_of, readable
from napari_boundaryseg.data.formats.format import numbered
from napari_boundaryseg.errors import InputError


def decathlon(folder: Path) -> Cases | None:
    """The cases that ``dataset.json`` lists; test files that were not unpacked are left out with a warning."""
    listing = listing_of(folder)
    if listing.entries is None:
        return None
    kept = [entry for entry in listing.entries if not _is_companion(entry)]
    found: list[Case] = []
    faults: list[InputError] = []
    lost: list[str] = []
    numbers = any(_in_numbers(folder, entry) for entry in kept)
    for entry in kept:
        try:
            found.append(_case(folder, entry, listing, numbers))
        except _NotThere as fault:
            if entry.split == "test":
                lost.append(fault.file)
            else:
                faults.append(fault)
        except InputError as fault:
            faults.append(fault)
    refuse(faults)
    return Cases(found, [*_about_lost(lost), *_about_unlisted(folder, found)])


class _NotThere(InputError):
    """A listed file that is not there."""

    def __init__(self, name: str) -> None:
        self.file = name
        super().__init__(NAME, f"it names {name}, which is not there", "Add the file or remove its entry")


def _is_companion(entry: Entry) -> bool:
    """Whether it is what macOS leaves beside a file."""
    return Path(entry.images[0]).name.startswith("._")


def _case(folder: Path, entry: Entry, listing: Listing, numbers: bool) -> Case:
    label = _inside(folder, entry.label) if entry.label else None
    if label is not None and not label.exists():
        raise _NotThere(readable(label.name))
    if len(entry.images) > 1:
        images = tuple(_there(_inside(folder, name)) for name in entry.images)
        name = entry.name or _shared(images)
    else:
        name, images = _found(_inside(folder, entry.images[0]), label, len(listing.channels), numbers)
    if len(listing.channels) > 1 and len(images) not in (1, len(listing.channels)):
        raise InputError(
            NAME,
            f"it names {len(listing.channels)} channels, and {entry.name or name} has {len(images)} files",
            "Add the missing files or correct the names",
        )
    return Case(
        entry.name or name,
        images,
        label,
        split=entry.split,
        channels=listing.channels,
        organs=listing.organs,
        listing=NAME if listing.organs or listing.channels else "",
    )


def _found(image: Path, label: Path | None, channels: int, numbers: bool) -> tuple[str, tuple[Path, ...]]:
    """The case's name, and the listed file, or its channels ``_0000`` and on, one of which may be what is listed."""
    name = name_of(image)
    if not image.exists():
        files = _siblings(image, name, channels)
        if not files:
            raise _NotThere(readable(image.name))
        return name, files
    part = numbered(name)
    if part and part[1] == 0 and (name_of(label) == part[0] if label else numbers):
        return part[0], _siblings(image, part[0], channels)
    return name, (image,)


def _siblings(image: Path, base: str, channels: int) -> tuple[Path, ...]:
    """The files of a case's channels, numbered from 0 without a gap, as many as the list names."""
    found: dict[int, Path] = {}
    for path in entries(image.parent):
        part = numbered(name_of(path))
        if part and part[0] == base:
            if part[1] in found:
                raise InputError(path, f"{found[part[1]].name} is the same channel", "Keep one of them")
            found[part[1]] = path
    if found and (sorted(found) != list(range(len(found))) or channels not in (0, len(found))):
        have = ", ".join(found[n].name for n in sorted(found))
        raise InputError(
            NAME,
            f"{base} has the files {have}, and {f'{channels} channels are named' if channels else 'one is missing'}",
            "Add the missing files or correct the channel names",
        )
    return tuple(found[n] for n in sorted(found))


def _in_numbers(folder: Path, entry: Entry) -> bool:
    """Whether the file of a labelled case bears a channel number that its label does not."""
    if not entry.label or len(entry.images) > 1:
        return False
    image, label = Path(entry.images[0]), Path(entry.label)
    return numbered(name_of(image.name)) == (name_of(label.name), 0)


def _shared(images: tuple[Path, ...]) -> str:
    parts = [numbered(name_of(image)) for image in images]
    bases = {part[0] for part in parts if part}
    return bases.pop() if len(bases) == 1 and all(parts) else name_of(images[0])


def _there(path: Path) -> Path:
    if not path.exists():
        raise _NotThere(readable(path.name))
    return path


def _inside(folder: Path, name: str) -> Path:
    """A listed file's path, which must lie in the folder.

    Raises
    ------
    InputError
        When it does not, or no file can have this name.
    """
    try:
        path = folder / name
        inside, itself = path.resolve().is_relative_to(folder.resolve()), path.resolve() == folder.resolve()
        path.exists()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(NAME, "it names a file that no disk can hold", "Correct the name") from error
    if not inside:
        raise InputError(
            NAME, f"it names {readable(Path(name).name)}, which lies outside the folder", "Move the file inside"
        )
    if itself:
        raise InputError(NAME, "an entry names no image", "Correct it")
    return path


def _about_lost(lost: list[str]) -> list[str]:
    if not lost:
        return []
    return [f"{NAME} lists {len(lost)} test file{'s' * (len(lost) > 1)} that {_are(lost)} not there: {some(lost)}."]


def _about_unlisted(folder: Path, found: list[Case]) -> list[str]:
    """Scans beside the listed ones, which are not used."""
    used = {image.resolve() for case in found for image in case.images}
    beside = [path for place in sorted({image.parent for image in (*used,)}) for path in entries(place)]
    labels = {case.label.resolve() for case in found if case.label}
    files = [path.name for path in beside if path.is_file() and path.resolve() not in used | labels]
    return [f"{NAME} does not list {some(files)}: left out."] if files else []


def _are(names: list[str]) -> str:
    return "are" if len(names) > 1 else "is"


def with_listing(case: Case, listing: Listing) -> Case:
    """A case of a folder with what its ``dataset.json`` says of channels and labels."""
    if not listing.organs and not listing.channels:
        return case
    return replace(case, channels=listing.channels, organs=listing.organs, listing=NAME)
