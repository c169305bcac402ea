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
from napari_boundaryseg.editing.history.edit import MODEL
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.kept import JournalUpTo
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.accepting import Work
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


def work_on(scan: Volume, labels: LabelMap, folder: Path) -> Work:
    """A journal of a model's result and one stroke that lead to these labels."""
    to_display = scan.geometry.display.to_display
    history = History(np.zeros(scan.geometry.display.display_shape, np.uint8))
    header = JournalHeader(scan.name, hash_of(scan), labels.scheme.model_dump_json(), scan.geometry.voxel_ml)
    journal = Journal(header, history.array, folder)
    journal.follow(history)
    wanted = to_display(labels.array)
    result = np.where(np.arange(wanted.size).reshape(wanted.shape) % 7, wanted, 1).astype(np.uint8)
    history.apply("Model: tiny", (slice(None),) * 3, result, MODEL)
    history.apply("Paint: Anterior, slice 1", (slice(None),) * 3, wanted, "paint")
    return Work("somebody", 90.0, journal=JournalUpTo(journal, journal.handed))


def digest(array: np.ndarray) -> str:
    return hashlib.md5(np.ascontiguousarray(array, np.int16).tobytes(), usedforsecurity=False).hexdigest()


def is_moment(event: str, function: object) -> bool:
    """Whether a built-in function that touches the disk begins or ends; ``replace`` is also one of texts."""
    touches = getattr(function, "__name__", "") in MOMENTS
    return touches and event in ("c_call", "c_return") and not isinstance(getattr(function, "__self__", None), str)


def die_at(moment: int) -> None:
    """Kill this process at its ``moment``-th step on the disk, counted from now on."""
    count = itertools.count(1)

    def watch(frame: object, event: str, function: object) -> None:
        if is_moment(event, function) and next(count) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


def prepare(scan: Volume, seeds: range, journals: Path) -> dict[int, Work]:
    """The journals of what will be accepted; what follows imports nothing more."""
    with tempfile.TemporaryDirectory() as other:
        labels = labels_of(scan, 0)
        Project(Path(other)).add_case(scan, labels, work=work_on(scan, labels, journals))
    return {seed: work_on(scan, labels_of(scan, seed), journals) for seed in seeds}


def accept_each(project: Project, scan: Volume, works: dict[int, Work], wait: bool) -> None:
    """Accept labels one after the other, and tell each, until one is refused."""
    for seed, work in works.items():
        labels = labels_of(scan, seed)
        while True:
            try:
                case = project.add_case(scan, labels, work=work)
            except ReadOnly as error:
                print("held", str(error), flush=True)
                if not wait:
                    return
            except InputError as error:
                print("failed", str(error), flush=True)
                return
            else:
                digests = digest(scan.array[0]), digest(labels.array)
                print("accepted", case.name, case.version, *digests, sep="|", flush=True)
                break
    print("end", flush=True)


def main() -> None:
    folder, scan_seed, first, n, moment = Path(sys.argv[1]), *map(int, sys.argv[2:6])
    scan = scan_of(scan_seed)
    works = prepare(scan, range(first, first + n), folder.with_name(f"journals-{os.getpid()}"))
    if "lying" in sys.argv:
        FolderLock.of = classmethod(lambda cls, folder: cls(os.open(folder / cls.FILE, os.O_RDWR | os.O_CREAT)))
    print("ready", flush=True)
    sys.stdin.readline()
    if moment:
        die_at(moment)
    accept_each(Project(folder), scan, works, "wait" in sys.argv)


if __name__ == "__main__":
    main()
