"""A process that accepts labels in a project, one line for each answer; it may kill itself at a chosen moment.

Arguments: the folder, the seed of the scan, the seed of the first labels, how many, the number of the call (a write, a
rename, a statement to the database ...) at which it is killed, 0 for never, "wait" to try again where another holds the
project, and "lying" for file locks that everybody gets, as on some network shares.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import sys
import tempfile
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.project import Project

SHAPE = (10, 9, 8)
MOMENTS = {
    "open",
    "mkdir",
    "rename",
    "replace",
    "link",
    "unlink",
    "rmdir",
    "chmod",
    "fsync",
    "write",
    "flock",
    "connect",
    "execute",
    "commit",
    "rollback",
    "close",
}
"""Names of the built-in functions before and after which a process can be killed."""


def scan_of(seed: int) -> Volume:
    array = np.random.default_rng(seed).integers(0, 900, (1, *SHAPE)).astype(np.int16)
    return Volume(array, Geometry(SHAPE, np.diag([-1.0, -1, 2, 1])), name="t1")


def labels_of(scan: Volume, seed: int) -> LabelMap:
    return scan.with_labels((np.random.default_rng(seed).random(SHAPE) > 0.7).astype(np.uint8), preset("hippocampus"))


def digest(array: np.ndarray) -> str:
    return hashlib.md5(np.ascontiguousarray(array, np.int16).tobytes(), usedforsecurity=False).hexdigest()


def die_at(moment: int) -> None:
    """Kill this process at its ``moment``-th step on the disk, counted from now on."""
    count = itertools.count(1)

    def watch(frame: object, event: str, function: object) -> None:
        name = getattr(function, "__name__", "")
        if event in ("c_call", "c_return") and name in MOMENTS and next(count) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


def main() -> None:
    folder, scan_seed, first, n, moment = Path(sys.argv[1]), *map(int, sys.argv[2:6])
    scan = scan_of(scan_seed)
    with tempfile.TemporaryDirectory() as other:  # so that what follows imports nothing more
        Project(Path(other)).add_case(scan, labels_of(scan, 0))
    if "lying" in sys.argv:
        FolderLock.of = classmethod(lambda cls, folder: cls(os.open(folder / cls.FILE, os.O_RDWR | os.O_CREAT)))
    print("ready", flush=True)
    sys.stdin.readline()
    if moment:
        die_at(moment)
    project = Project(folder)
    for seed in range(first, first + n):
        labels = labels_of(scan, seed)
        while True:
            try:
                case = project.add_case(scan, labels)
            except ReadOnly as error:
                print("held", str(error), flush=True)
                if "wait" not in sys.argv:
                    return
            except InputError as error:
                print("failed", str(error), flush=True)
                return
            else:
                print(
                    "accepted",
                    case.name,
                    case.version,
                    digest(scan.array[0]),
                    digest(labels.array),
                    sep="|",
                    flush=True,
                )
                break
    print("end", flush=True)


if __name__ == "__main__":
    main()
