"""One reading in a process of its own, judged by how it ends."""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from .readers import READERS, Mutant, Reader, mutant
from .readings import Silent, told
from .seeds import Files

CPU_S = 20
"""Processor time for one small file; beyond it a reader hangs."""
WAIT_S = 600
"""Time on the clock, for a reader that waits for something."""
MORE_ADDRESSES = 3 << 30
MORE_MEMORY_KIB = 300 << 10
"""What a file of a few kilobytes may take."""
GOOD = ("ok", "refused")


@dataclass(frozen=True)
class Outcome:
    """How one reading ended."""

    reader: str
    seed: int
    kind: str
    """ok, refused (by a typed error), untyped, signal, hang, memory, silent."""
    detail: str
    said: str

    @property
    def good(self) -> bool:
        """Whether a person could rely on it."""
        return self.kind in GOOD

    @property
    def command(self) -> str:
        """What makes it happen again."""
        return f"python -m tests.fuzz {self.reader} --seeds {self.seed}:{self.seed + 1}"

    def as_json(self) -> dict[str, object]:
        """All of it, and the command."""
        return {**asdict(self), "again": self.command}


def trials(name: str, numbers: Iterable[int], keep: Path | None = None) -> Iterator[Outcome]:
    """Read the mutants of these seeds, one process each; the files of those that fail are put into ``keep``."""
    reader = READERS[name]
    reader.warm()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as work:
        sound = reader.make(Path(work))
        _import_what_readings_import(reader, sound)
        for seed in numbers:
            one = mutant(name, sound, seed)
            ended = _judged(one, lambda folder, one=one: reader.use(folder, one.sealed, one.number))
            found = Outcome(name, seed, *ended, one.said)
            if keep is not None and not found.good:
                _put(one.files, keep / f"{name}-{seed}")
            yield found


def sound_files_are_read(name: str) -> list[str]:
    """What is wrong with reading the undamaged files: nothing, or else the fuzzing proves nothing."""
    reader = READERS[name]
    reader.warm()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as work:
        kinds = []
        for n, files in enumerate(reader.make(Path(work))):
            sealed = any(reader.sealed(file, data) for file, data in files.items())
            one = Mutant(files, n, sealed, "sound")
            kinds.append(_judged(one, lambda folder, one=one: reader.use(folder, one.sealed, one.number)))
    return [f"{kind}: {detail}" for kind, detail in kinds if kind != "ok"]


def _import_what_readings_import(reader: Reader, sound: list[Files]) -> None:
    """Import here, once, what each process would import anew: most of its time, where a file is small."""
    with tempfile.TemporaryDirectory(prefix="modules-") as work:
        listed = Path(work) / "modules"

        def use(folder: Path, number: int) -> None:
            reader.use(folder, False, number)
            listed.write_text("\n".join(sys.modules))

        for n, files in enumerate(sound):
            _judged(Mutant(files, n, False, "sound"), lambda folder, n=n: use(folder, n))
            for module in listed.read_text().split("\n") if listed.exists() else ():
                if module not in sys.modules:
                    with suppress(ImportError):  # made by another module, not to be found by its name
                        importlib.import_module(module)


def _judged(one: Mutant, use: Callable[[Path], None]) -> tuple[str, str]:
    with _written(one.files) as folder:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _child(lambda: use(folder), folder, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            said = stream.read()
        status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        hangs = number in (signal.SIGXCPU, signal.SIGALRM)
        return ("hang" if hangs else "signal"), signal.Signals(number).name
    try:
        kind, detail = json.loads(said)
    except ValueError:
        return "signal", f"it ended with code {os.waitstatus_to_exitcode(status)}"
    return kind, detail


@contextmanager
def _written(files: Files) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mutant-"))
    try:
        _put(files, folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(files: Files, folder: Path) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def _child(use: Callable[[], None], folder: Path, writing: int) -> None:
    """Run with limits, say how it ended, and leave without any clearing up that would touch the parent's things."""
    os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    _limit()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kind, detail = _ended(use, folder)
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if kind in GOOD and more > MORE_MEMORY_KIB:
        kind, detail = "memory", f"{more >> 10} MiB"
    os.write(writing, json.dumps([kind, detail]).encode())
    os._exit(0)


def _limit() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MORE_ADDRESSES, used + MORE_ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGXCPU, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(WAIT_S)


def _ended(use: Callable[[], None], folder: Path) -> tuple[str, str]:
    from napari_boundaryseg.errors import BoundarySegError

    try:
        use()
    except BoundarySegError as error:
        text = str(error)
        try:
            told(text, folder)
        except Silent as fault:
            return "silent", f"{fault}: {text[:300]}"
        return (
            ("refused", text[:300]) if "\n" not in text else ("untyped", f"a message of several lines: {text[:200]!r}")
        )
    except Silent as fault:
        return "silent", str(fault)
    except BaseException as error:
        return "untyped", f"{type(error).__name__} at {_place(error)}: {str(error)[:160]!r}"
    return "ok", ""


def _place(error: BaseException) -> str:
    """The last line of ours on the way to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "napari_boundaryseg" in frame.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else sys.argv[0]
