"""The process that decodes compressed slices: paths in as lines of JSON, arrays out, within limits of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import psutil

from napari_boundaryseg.data.formats.dicom.library import quiet
from napari_boundaryseg.data.formats.dicom.pixels import dataset

_LONGEST_S = 600
"""No slice takes so long to decode: a library hangs, or nobody waits any more."""
_ROOM = 2 << 30
"""Bytes of memory above what is in use and what the slice itself needs."""
_COPIES = 16


def main() -> None:
    """Answer requests until there are none; whatever libraries print does not reach the answers."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        with _limits(request["rows"] * request["columns"]):
            answer(Path(request["path"]), answers)


def answer(path: Path, answers: BinaryIO) -> None:
    """Write one line of JSON, and behind it the array's bytes unless the line names an error."""
    try:
        with quiet():
            array = dataset(path).pixel_array
        array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    except Exception as error:  # decoders raise whatever their input makes them stumble over
        _say(answers, {"error": type(error).__name__})
        return
    _say(answers, {"shape": list(array.shape), "type": array.dtype.str})
    answers.write(array.tobytes())
    answers.flush()


def _say(answers: BinaryIO, reply: dict[str, Any]) -> None:
    answers.write(json.dumps(reply).encode("ascii") + b"\n")
    answers.flush()


@contextlib.contextmanager
def _limits(pixels: int) -> Any:
    """Bounds for memory and time that hold even inside a library, where the system has them."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        most = psutil.Process().memory_info().vms + _ROOM + _COPIES * pixels
        _, highest = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most if highest < 0 else min(most, highest), highest))
    if hasattr(signal, "alarm"):
        signal.alarm(_LONGEST_S)
    yield
    if hasattr(signal, "alarm"):
        signal.alarm(0)


if __name__ == "__main__":
    main()
