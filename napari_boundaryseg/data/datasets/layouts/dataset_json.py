"""The file ``dataset.json`` of nnU-Net and the Medical Segmentation Decathlon: read, and checked field by field."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.volume import MOST_ORGANS
from napari_boundaryseg.errors import InputError

NAME = "dataset.json"
LARGEST = 65534
"""Of the integers of a label map."""


@dataclass(frozen=True)
class Entry:
    """One listed case: the names of its files as they stand there."""

    images: tuple[str, ...]
    label: str | None
    split: str = ""
    name: str = ""
    """Where the list gives the case a name of its own."""


@dataclass(frozen=True)
class Listing:
    """What a ``dataset.json`` says.

    Parameters
    ----------
    organs : tuple of (int, str)
        Without the background; empty where it names no labels.
    channels : tuple of str
        In the order of their numbers; empty where it names none.
    entries : tuple of Entry, optional
        The listed cases; None where the folders count.
    """

    organs: tuple[tuple[int, str], ...] = ()
    channels: tuple[str, ...] = ()
    entries: tuple[Entry, ...] | None = None


def listing_of(folder: Path) -> Listing:
    """What the folder's ``dataset.json`` says; nothing where there is none.

    Raises
    ------
    InputError
        When it is no valid JSON, or a field is not what nnU-Net or the Decathlon write there.
    """
    file = folder / NAME
    if not file.is_file():
        return Listing()
    content = _content(file)
    return Listing(_organs(file, content), _channels(file, content), _entries(file, content))


def listing_place(labels: Path) -> Path:
    """The folder whose ``dataset.json`` speaks of label maps: their own, or the one above nnU-Net's labelsTr.

    Parameters
    ----------
    labels : Path
        A folder of label maps, or one of them.
    """
    folder = labels if labels.is_dir() else labels.parent
    folder = folder if folder.name not in ("", "..") else folder.resolve()  # "." has no name
    return folder.parent if folder.name.lower().startswith("labels") and not (folder / NAME).is_file() else folder


def _content(file: Path) -> dict[str, Any]:
    try:
        raw = file.read_bytes()
        utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        content = json.loads(raw.decode("utf-16" if utf16 else "utf-8-sig"), object_pairs_hook=_distinct)
    except _Twice as error:
        raise InputError(file, f"it says {error} twice", "Keep one of them") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(file, "it is no valid JSON", "Correct it or remove it") from error
    if not isinstance(content, dict):
        raise InputError(file, "it does not list its cases as the Medical Segmentation Decathlon does", "Correct it")
    return content


class _Twice(Exception):
    """A key that stands twice in one object."""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(repr(readable(key)))
        found[key] = value
    return found


def _organs(file: Path, content: dict[str, Any]) -> tuple[tuple[int, str], ...]:
    """The labels, as ``{"1": "name"}`` (Decathlon) or ``{"name": 1}`` (nnU-Net), without the background."""
    labels = content.get("labels")
    if labels is None or labels == {}:
        return ()
    if not isinstance(labels, dict):
        raise InputError(file, "its labels are no table of names and integers", 'Write {"1": "name"} or {"name": 1}')
    numbers_first = all(_whole(key) is not None for key in labels) and not all(map(_is_int, labels.values()))
    pairs = [(key, value) if numbers_first else (value, key) for key, value in labels.items()]
    regions = [readable(name) for number, name in pairs if isinstance(number, list) and len(number) != 1]
    if regions and all(isinstance(name, str) for _, name in pairs):
        raise InputError(
            file,
            f"its labels {', '.join(regions[:3])} are regions of several integers",
            "Give each integer a name of its own; regions follow from the recipe's organs",
        )
    found: dict[int, str] = {}
    for number, name in pairs:
        i = _whole(number[0] if isinstance(number, list) else number)
        if i is None or not isinstance(name, str) or not 0 <= i <= LARGEST:
            raise InputError(
                file,
                "one of its labels is no pair of a name and an integer from 0 to 65534",
                'Write {"1": "name"} or {"name": 1}',
            )
        if i in found:
            raise InputError(file, f"two of its labels are {i}", "Give each its own integer")
        found[i] = readable(name).strip()
    if len(found) > MOST_ORGANS:
        raise InputError(file, f"it names {len(found)} labels", f"Name at most {MOST_ORGANS}")
    if set(found) == {0}:
        raise InputError(file, "it names no label but the background", "Name the others too, or leave labels out")
    return tuple((i, name) for i, name in sorted(found.items()) if i)


def _channels(file: Path, content: dict[str, Any]) -> tuple[str, ...]:
    """The channels, as ``{"0": "T1"}`` or ``["T1"]``, in the order of their numbers."""
    stated = [content[key] for key in ("channel_names", "modality") if content.get(key)]
    if not stated:
        return ()
    given = stated[0]
    if isinstance(given, str):
        return (readable(given),)
    pairs = list(given.items()) if isinstance(given, dict) else list(enumerate(given)) if _is_list(given) else []
    named = {_whole(number): name for number, name in pairs}
    if not pairs or not all(isinstance(name, str) for name in named.values()) or set(named) != set(range(len(pairs))):
        raise InputError(
            file, "its channel names are not numbered 0, 1, 2 and on", 'Write {"0": "T1", "1": "T2"} in order'
        )
    return tuple(readable(named[n]) for n in range(len(named)))


def _entries(file: Path, content: dict[str, Any]) -> tuple[Entry, ...] | None:
    """The listed cases: ``training``, ``validation`` and ``test``, or nnU-Net's ``dataset``."""
    if isinstance(content.get("dataset"), dict):
        given = content["dataset"]
        if not all(isinstance(value, dict) for value in given.values()):
            raise _no_image(file)
        return tuple(
            _entry(file, {"image": value.get("images"), "label": value.get("label")}, "", readable(name))
            for name, value in given.items()
        )
    if "training" not in content:
        return None
    found = []
    for key, split in (("training", ""), ("validation", "val"), ("test", "test")):
        listed = content.get(key)
        if not (_is_list(listed) or (listed is None and key != "training")):
            raise InputError(
                file, "it does not list its cases as the Medical Segmentation Decathlon does", "Correct it"
            )
        found += [_entry(file, value, split) for value in listed or ()]
    return tuple(found)


def _entry(file: Path, value: object, split: str, name: str = "") -> Entry:
    item: dict[str, Any] = value if isinstance(value, dict) else {"image": value}
    image, label = item.get("image"), item.get("label")
    images = (image,) if isinstance(image, str) else tuple(image) if isinstance(image, list) else ()
    if not images or not all(isinstance(one, str) and one.strip() for one in images):
        raise _no_image(file)
    if label is not None and not isinstance(label, str):
        raise InputError(file, "the label of an entry is no file's name", "Correct it")
    return Entry(images, label or None, split, name)


def _no_image(file: Path) -> InputError:
    return InputError(file, "an entry names no image", "Correct it")


def readable(text: str) -> str:
    """A text without what no screen can show."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def _whole(value: object) -> int | None:
    if _is_int(value):
        return int(value)  # type: ignore[call-overload]
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(value: object) -> bool:
    return isinstance(value, list)
