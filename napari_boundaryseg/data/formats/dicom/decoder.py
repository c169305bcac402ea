"""Decoding of compressed slices in a process of their own: libraries in C++ that fail take only that one down."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from types import TracebackType
from typing import Any

import numpy as np

from napari_boundaryseg.data.formats.dicom.folder import EXPORT
from napari_boundaryseg.data.formats.dicom.slices import Slice
from napari_boundaryseg.errors import InputError

_TYPES = {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4"}
_LONGEST_LINE = 1000
_LOOK_S = 0.2
"""How often a person's wish to stop is asked for."""
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def command() -> list[str]:
    """How the process is started. -P: the folder of the program may hold a file called like a library."""
    return [sys.executable, "-P", "-m", "napari_boundaryseg.data.formats.dicom.decode_process"]


class Decoder:
    """One process for a series, started with the first slice that needs it; ended on leaving the ``with`` block.

    `still` is called while a slice is awaited; it may raise, as progress does when a person cancels.
    """

    still: Callable[[], None]

    def __init__(self) -> None:
        self.still = lambda: None
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = ThreadPoolExecutor(1)

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the process now."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._reader.shutdown()
        for stream in (self._process.stdin, self._process.stdout) if self._process else ():
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def decode(self, item: Slice) -> np.ndarray:
        """The stored values of one slice, (rows, columns).

        Raises
        ------
        InputError
            When they cannot be decoded, or the process ends at them.
        """
        if self._process is None:
            self._process = subprocess.Popen(
                command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what libraries print may hold values of the header
                env={**os.environ, **_ONE_THREAD},
                start_new_session=True,  # Ctrl-C in the terminal is for the program, which ends this process
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        return self._awaited(self._reader.submit(_ask, self._process, item), item)

    def _awaited(self, answer: Future[np.ndarray | str | None], item: Slice) -> np.ndarray:
        while True:
            try:
                found = answer.result(_LOOK_S)
                break
            except NotYet:
                self.still()
        if isinstance(found, np.ndarray):
            return found
        if found is None:
            found = self._how_it_ended()
        raise InputError(item.path, f"its compressed pixels cannot be decoded ({found})", f"{EXPORT}, uncompressed")

    def _how_it_ended(self) -> str:
        code = self._process.wait() if self._process else 0
        return f"the decoder was ended by signal {-code}" if code < 0 else f"the decoder ended with code {code}"


def _ask(process: subprocess.Popen[bytes], item: Slice) -> np.ndarray | str | None:
    """The array; the kind of error that the process met; None when it has ended."""
    if process.stdin is None or process.stdout is None:
        return None
    with contextlib.suppress(OSError):
        request = {"path": str(item.path.absolute()), "rows": item.rows, "columns": item.columns}
        process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
        process.stdin.flush()
    line = process.stdout.readline(_LONGEST_LINE)
    if not line:
        return None
    return _array(_reply(line), process, item)


def _reply(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _array(reply: dict[str, Any], process: subprocess.Popen[bytes], item: Slice) -> np.ndarray | str | None:
    if "error" in reply:
        return str(reply["error"])
    if reply.get("shape") != [item.rows, item.columns]:
        return "another size than the header says"
    if reply.get("type") not in _TYPES or process.stdout is None:
        return "an answer that is not understood"
    kind = np.dtype(reply["type"])
    data = process.stdout.read(item.rows * item.columns * kind.itemsize)
    if len(data) < item.rows * item.columns * kind.itemsize:
        return None
    return np.frombuffer(data, kind).reshape(item.rows, item.columns)
