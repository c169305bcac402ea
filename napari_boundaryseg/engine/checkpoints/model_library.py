"""Model library: cards of shipped and stored models, read from safetensors headers. No torch."""

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
from safetensors import SafetensorError, safe_open

from napari_boundaryseg.data.file_format import NameTwice, no_name_twice
from napari_boundaryseg.engine.checkpoints.card import Card, read_json
from napari_boundaryseg.errors import InputError

WEIGHTS = Path(__file__).parents[2] / "weights"
SUFFIX = ".safetensors"
MAX_HEADER = 10_000_000
MAX_AXES = 8
ITEM_BYTES = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}
_ADVICE = "Choose a model file written by napari-boundaryseg"


def read_header(path: Path) -> dict[str, Any]:
    """The header of a safetensors file; safetensors itself checks it against the file, of which it reads no more.

    Raises
    ------
    InputError
        For a missing, truncated or inconsistent file, and for formats that can hold code.
    """
    header: Any = None
    available = 0
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else -1
            whole = 0 < length <= min(MAX_HEADER, size - 8) and file.peek(1)[:1] == b"{"
            _refuse_code(path, b"" if whole else start)
            if not whole:
                raise InputError(path, "it is not a whole safetensors file", _ADVICE)
            text, available = file.read(length).decode("utf-8"), size - 8 - length
            header = json.loads(text, object_pairs_hook=no_name_twice)
        with safe_open(path, framework="np"):
            pass
    except SafetensorError as error:
        raise _fault(path, header, available) from error
    except OSError as error:
        raise InputError(path, f"it could not be read: {error.strerror or error}", "Check the name") from error
    except NameTwice as error:
        raise InputError(path, f"in its header {error}", _ADVICE) from error
    except (ValueError, RecursionError) as error:
        raise InputError(path, "its header is damaged", _ADVICE) from error
    if header.get("__metadata__", {}) is None:
        raise InputError(path, "its header is damaged", _ADVICE)
    return dict(header)


def _refuse_code(path: Path, start: bytes) -> None:
    """Name pickles and zip files for what they are; the length of a good header may begin with the same bytes."""
    if start[:2] == b"PK" or start[:1] == b"\x80" or path.suffix.lower() in (".pt", ".pth", ".pkl", ".ckpt"):
        raise InputError(
            path, "this kind of file can contain code and is never opened", "Export the weights as safetensors"
        )


def _fault(path: Path, header: Any, available: int) -> InputError:
    """Why safetensors refuses a file: the tensors fill it without holes, and each has the size of its shape."""
    try:
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        place = 0
        for begin, end in sorted(entry["data_offsets"] for entry in tensors.values()):
            if begin != place:
                return InputError(path, "its tensors overlap or leave holes", _ADVICE)
            place = end
        if place != available:
            return InputError(
                path,
                f"its tensors need {place} bytes, the file holds {available}",
                "Copy the file again; it may have been cut off",
            )
        for name, entry in tensors.items():
            (begin, end), shape = entry["data_offsets"], entry["shape"]
            if len(shape) > MAX_AXES or end - begin != math.prod(shape) * ITEM_BYTES[entry["dtype"]]:
                return InputError(path, f"the tensor {name!r:.80} does not fit its place", _ADVICE)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    return InputError(path, "its list of tensors is damaged", _ADVICE)


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
    return _read_card(path, (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_size))


@lru_cache(maxsize=256)
def _read_card(path: Path, version: tuple[int, ...] | None) -> tuple[Card, str]:
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
