"""Which models there are: cards read from safetensors headers, with caps, without torch."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from napari_boundaryseg.engine.checkpoints.card import Card, read_json
from napari_boundaryseg.errors import InputError

WEIGHTS = Path(__file__).parents[2] / "weights"
SUFFIX = ".safetensors"
MAX_HEADER = 10_000_000
MAX_AXES = 8
ITEM_BYTES = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}
_ADVICE = "Choose a model file written by napari-boundaryseg"


def read_header(path: Path) -> dict[str, Any]:
    """The header of a safetensors file, checked against the file's size before any memory is taken.

    Raises
    ------
    InputError
        For a missing, truncated or inconsistent file, and for formats that can hold code.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else -1
            whole = 0 < length <= min(MAX_HEADER, size - 8) and file.peek(1)[:1] == b"{"
            _refuse_code(path, b"" if whole else start)
            if not whole:
                raise InputError(path, "it is not a whole safetensors file", _ADVICE)
            text = file.read(length).decode("utf-8")
            header = json.loads(text)
    except OSError as error:
        raise InputError(path, f"it could not be read: {error.strerror or error}", "Check the name") from error
    except (ValueError, RecursionError) as error:
        raise InputError(path, "its header is damaged", _ADVICE) from error
    if not (isinstance(header, dict) and text.startswith("{") and _is_text(header.get("__metadata__", {}))):
        raise InputError(path, "its header is damaged", _ADVICE)
    _check_tensors(path, header, size - 8 - length)
    return header


def _is_text(metadata: object) -> bool:
    return isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values())


def _refuse_code(path: Path, start: bytes) -> None:
    """Name pickles and zip files for what they are; the length of a good header may begin with the same bytes."""
    if start[:2] == b"PK" or start[:1] == b"\x80" or path.suffix.lower() in (".pt", ".pth", ".pkl", ".ckpt"):
        raise InputError(
            path, "this kind of file can contain code and is never opened", "Export the weights as safetensors"
        )


def _check_tensors(path: Path, header: dict[str, Any], available: int) -> None:
    """Every tensor's size follows from its shape, and together they fill the file without holes."""
    spans = []
    try:
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = _whole(entry["data_offsets"])
            shape = _whole(entry["shape"])
            if min(shape, default=0) < 0 or end - begin != math.prod(shape) * ITEM_BYTES[entry["dtype"]]:
                raise InputError(path, f"the tensor {name!r:.80} does not fit its place", _ADVICE)
            spans.append((begin, end))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(path, "its list of tensors is damaged", _ADVICE) from error
    place = 0
    for begin, end in sorted(spans):
        if begin != place:
            raise InputError(path, "its tensors overlap or leave holes", _ADVICE)
        place = end
    if place != available:
        raise InputError(
            path,
            f"its tensors need {place} bytes, the file holds {available}",
            "Copy the file again; it may have been cut off",
        )


def _whole(values: object) -> list[int]:
    if not (isinstance(values, list) and len(values) <= MAX_AXES and all(type(n) is int for n in values)):
        raise ValueError("these are no whole numbers")
    return values


def read_card(path: Path) -> tuple[Card, str]:
    """A model's card and the SHA-256 of its file.

    Raises
    ------
    InputError
        As `read_header`, and for a card that is missing or has unknown or wrong fields.
    """
    try:
        stat = path.stat()
    except (OSError, ValueError):  # `read_header` says what is wrong
        return _read_card(path, None)
    return _read_card(path, (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=256)
def _read_card(path: Path, version: tuple[int, int] | None) -> tuple[Card, str]:
    metadata = read_header(path).get("__metadata__")
    text = metadata.get("card") if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise InputError(path, "it has no card", _ADVICE)
    try:
        card = read_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(path, f"its card is wrong at {place!r:.80}: {first['msg']:.120}", _ADVICE) from error
    with path.open("rb") as file:
        return card, hashlib.file_digest(file, "sha256").hexdigest()


def shipped() -> dict[str, Path]:
    """The models that come with the program: name to file."""
    return {path.stem: path for path in sorted(WEIGHTS.glob(f"*{SUFFIX}"))}


def find(name_or_path: str | Path, folders: Iterable[Path] = ()) -> Path:
    """The file of a shipped model, of a model in one of the folders, or of a path."""
    path = Path(name_or_path)
    known = {p.stem: p for folder in folders for p in sorted(folder.glob(f"*{SUFFIX}"))} | shipped()
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    with suppress(OSError):  # where the name is too long for the system
        if path.is_file():
            return path
    raise InputError(
        f"{path.name:.80}",
        "there is no such model",
        f"Choose one of {', '.join(sorted(known)) or 'your own files'}, or give a model file",
    )


def cards(folders: Iterable[Path] = ()) -> list[tuple[Card, Path]]:
    """Every readable model, shipped ones first; unreadable files are left out."""
    found = []
    paths = [*shipped().values(), *(p for folder in folders for p in sorted(folder.glob(f"*{SUFFIX}")))]
    for path in paths:
        try:
            found.append((read_card(path)[0], path))
        except InputError:
            continue
    return found
