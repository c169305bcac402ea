"""The BIDS layout: ``sub-01/[ses-1/]anat/`` with scans, ``derivatives/*/`` or the same folder with labels."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

from napari_boundaryseg.data.datasets.case import Case, Cases, some
from napari_boundaryseg.data.datasets.channel_names import plain
from napari_boundaryseg.data.datasets.files import entries, name_of, refuse
from napari_boundaryseg.data.formats.format import stem
from napari_boundaryseg.errors import InputError

LABELS = ("dseg", "mask")
"""Suffixes of label maps; a discrete segmentation counts before a mask."""
OF_LABELS = ("space", "desc", "label", "res", "den", "seg", "atlas", "from", "hemi")
"""Entities that say something of the labels, and not of the scan that they were drawn on."""
SCANS = re.compile(r"T1w|T2w|FLAIR|PDw|PDT2|T2starw|inplaneT1|inplaneT2|T1rho|UNIT1|angio|ct|CT|pet|dwi|adc|ADC")

Key = tuple[tuple[str, str], ...]


def bids(folder: Path) -> Cases | None:
    """The subjects of a BIDS data set; sessions and runs are cases, and a subject is their group.

    Scans of one session that differ only in what was measured are channels of one case.
    """
    subjects = _subjects(folder)
    if not subjects:
        return None
    scans: dict[Key, dict[str, Path]] = defaultdict(dict)
    found: dict[Key, list[Path]] = defaultdict(list)
    for path in subjects:
        entities, suffix = _parts(path)
        if suffix not in LABELS:
            channel = "t1c" if "ce" in entities and plain(suffix) == "t1" else plain(suffix)
            key = _key(entities, "ce")
            if channel in scans[key]:
                raise InputError(path, f"{scans[key][channel].name} is the same channel of the same case", "Keep one")
            scans[key][channel] = path
    for path in (*subjects, *_derived(folder)):
        if _parts(path)[1] in LABELS:
            found[_key(_parts(path)[0], "ce", *OF_LABELS)].append(path)
    faults: list[InputError] = []
    cases = []
    for key, files in sorted(scans.items()):
        try:
            cases.append(_case(key, files, found.get(key, [])))
        except InputError as fault:
            faults.append(fault)
    refuse(faults)
    over = sorted({path.name for key, paths in found.items() if key not in scans for path in paths})
    return Cases(cases, [f"{len(over)} labels have no scan: {some(over)}."] if over else [])


def _subjects(folder: Path) -> list[Path]:
    """Every scan and label map of the subjects' own folders."""
    places = [*folder.glob("sub-*/anat"), *folder.glob("sub-*/ses-*/anat")]
    return [path for place in sorted(places) for path in entries(place) if path.is_file() and _belongs(path)]


def _derived(folder: Path) -> list[Path]:
    places = [*folder.glob("derivatives/**/sub-*/anat"), *folder.glob("derivatives/**/sub-*/ses-*/anat")]
    return [path for place in sorted(set(places)) for path in entries(place) if path.is_file() and _belongs(path)]


def _belongs(path: Path) -> bool:
    """Whether a file bears a BIDS name of a scan or a label map."""
    suffix = _parts(path)[1]
    return path.name.startswith("sub-") and (suffix in LABELS or SCANS.fullmatch(suffix) is not None)


def _parts(path: Path) -> tuple[dict[str, str], str]:
    """``sub-01_run-2_T1w`` as its entities and its suffix."""
    *entities, suffix = name_of(path).split("_")
    pairs = [entity.partition("-") for entity in entities]
    return {key: value for key, _, value in pairs}, suffix


def _key(entities: dict[str, str], *without: str) -> Key:
    return tuple((key, value) for key, value in entities.items() if key not in without)


def _case(key: Key, files: dict[str, Path], labels: list[Path]) -> Case:
    name = "_".join(f"{entity}-{value}" for entity, value in key)
    maps = [path for path in labels if _parts(path)[1] == "dseg"]
    chosen = maps or labels
    if len(chosen) > 1:
        raise InputError(
            name,
            f"it has {len(chosen)} label maps: {some([_within(path) for path in chosen])}",
            "Keep the one that counts in derivatives",
        )
    label = chosen[0] if chosen else None
    organs, listing = _meaning(label) if label else ((), "")
    channels = tuple(sorted(files, key=lambda channel: ("t1", "t1c", "t2", "flair", channel).index(channel)))
    subject = dict(key)["sub"]
    images = tuple(files[channel] for channel in channels)
    return Case(name, images, label, f"sub-{subject}", channels=channels, organs=organs, listing=listing)


def _within(path: Path) -> str:
    """A label file's name, with that of the derivative that it is in."""
    parents = [parent.parent.name for parent in path.parents if parent.name.startswith("sub-")]
    return f"{parents[0]}: {path.name}" if parents else path.name


def _meaning(label: Path) -> tuple[tuple[tuple[int, str], ...], str]:
    """What the label's integers mean: its table ``_dseg.tsv``, that of a folder above it, or the name of the mask."""
    entities, suffix = _parts(label)
    if suffix == "mask":
        name = entities.get("label") or entities.get("desc")
        return (((1, name),), label.name) if name else ((), "")
    beside = label.with_name(f"{stem(label)}.tsv")
    above = [parent / name for parent in label.parents[1:5] for name in ("dseg.tsv", "desc-dseg.tsv")]
    table = next((file for file in (beside, *above) if file.is_file()), None)
    return (_organs(table), table.name) if table else ((), "")


def _organs(table: Path) -> tuple[tuple[int, str], ...]:
    try:
        rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines(), delimiter="\t"))
        found = [(int(row["index"]), row["name"].strip()) for row in rows]
    except (OSError, ValueError, KeyError, AttributeError, TypeError, csv.Error) as error:
        raise InputError(table, "it does not name integers", "Give it the columns index and name") from error
    if len({i for i, _ in found}) < len(found) or not all(0 <= i <= 65534 and name for i, name in found):
        raise InputError(table, "an integer stands there twice, or is none from 0 to 65534", "Correct it")
    return tuple((i, name) for i, name in found if i)
