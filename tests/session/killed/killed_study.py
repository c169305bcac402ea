"""A process that forks others, each of which works in a study of its own and is killed; then another one goes on.

Arguments: a folder, the first seed and the one behind the last. It prints a line of JSON for each kill: the phase that
was to be hit, the one that was, the step, and whether all was well; if not, the folder stays and stderr says why. Half
of the processes wait at their moment until they are killed; the others work on, and are killed where they have come to.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import lightning_fabric  # noqa: F401 (before the first fork; nothing is computed before it: torch's threads would be lost)
from study_after_kill import Reached, Whole, go_on, losses_of
from study_moments import AT_REST, PHASES, Watch, say
from study_states import state
from study_steps import FINE_TUNE, STEPS, Study, hasten, prepare

LATE = ("use", "roll back")
"""Phases behind the fine-tuning: whoever is killed in them begins with one that is done."""


def in_child(function: Callable[[], None]) -> int:
    """The number of a forked process that calls a function, and ends with status 1 where that fails."""
    sys.stdout.flush()
    number = os.fork()
    if number:
        return number
    try:
        function()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def done(function: Callable[[], None]) -> bool:
    """Whether a function did not fail in a process of its own."""
    return os.waitpid(in_child(function), 0)[1] == 0


def reference(root: Path) -> None:
    """Do every step of a study in one go, and keep what it leads to."""
    shutil.copytree(root / "begun", root / "whole")
    hasten()
    study, counts = Study(root / "whole"), []
    states = [state(study.project.folder)]
    for number, (_, step) in enumerate(STEPS):
        watch = Watch("", 0, lambda: None)
        sys.setprofile(watch)
        step(study)
        sys.setprofile(None)
        counts.append(dict(watch.counts))
        states.append(state(study.project.folder))
        if number == FINE_TUNE:
            shutil.copytree(root / "whole", root / "tuned")
    assert states[-1]["active"] not in (states[0]["active"], []), "what was learnt is used"
    whole = Whole(states, losses_of(study.project.losses), counts)
    (root / "whole.json").write_text(json.dumps(whole._asdict()), "utf-8")
    (root / "imported.json").write_text(json.dumps([name for name in sys.modules if name != "__main__"]), "utf-8")


def work(folder: Path, start: int, phase: str, moment: int, pipe: int, waits: int | None) -> None:
    """Do the steps of a study until killed; ``waits`` is a pipe that says nothing."""

    def reached() -> None:
        say(pipe, "at", phase, moment)
        if waits is not None:
            os.read(waits, 1)

    hasten()
    study = Study(folder)
    sys.setprofile(Watch(phase, moment, reached, lambda now: say(pipe, "phase", now)))
    for number, (_, step) in enumerate(STEPS[start:], start):
        say(pipe, "begin", number)
        step(study)
        say(pipe, "done", number)


def kill_one(folder: Path, start: int, phase: str, moment: int, waits: bool) -> list[str]:
    """What a process told until it was killed at its moment, or wherever it came to after it."""
    hear, tell = os.pipe()
    never, silent = os.pipe()

    def child() -> None:
        os.close(silent)  # the one end of that pipe is this process's parent: without it nobody waits
        work(folder, start, phase, moment, tell, never if waits else None)
        say(tell, "end")
        os.read(never, 1)

    number = in_child(child)
    os.close(tell)
    os.close(never)
    told: list[str] = []
    with os.fdopen(hear, encoding="utf-8") as lines:
        for line in lines:
            told.append(line.strip())
            if line.startswith(("at|", "end")):
                break
        os.kill(number, signal.SIGKILL)
        told += [line.strip() for line in lines]
    os.close(silent)
    status = os.waitpid(number, 0)[1]
    assert os.WIFSIGNALED(status), f"it ended by itself with {status}"
    return told


def kill_and_go_on(root: Path, seed: int, whole: Whole) -> dict[str, object]:
    """One kill and what came of it."""
    began, rng, phase = time.perf_counter(), Random(seed), PHASES[seed % len(PHASES)]
    start = FINE_TUNE + 1 if phase in LATE else 0
    folder = root / str(seed)
    shutil.copytree(root / ("tuned" if phase in LATE else "begun"), folder)
    moments = sum((Counter(counts) for counts in whole.counts[start:]), Counter())
    waits = seed // len(PHASES) % 2 == 0
    discards, mends_first = rng.random() < 0.3, rng.random() < 0.5
    moment = rng.randint(1, moments[phase])  # last: how many there are differs a little from run to run
    told = kill_one(folder, start, phase, moment, waits)
    hit = ([AT_REST] + [line.partition("|")[2] for line in told if line.startswith("phase|")])[-1]
    reached = Reached.of(told, start)
    fine = done(lambda: go_on(folder, reached, whole, discards, mends_first))
    if fine:
        shutil.rmtree(folder)
    how = {"wanted": phase, "hit": hit, "moment": moment, "waited": waits, "step": STEPS[reached.step][0]}
    what = {"discards": discards, "mends_first": mends_first, "fine": fine}
    return {"seed": seed, **how, **what, "seconds": round(time.perf_counter() - began, 2)}


def main() -> None:
    root, first, last = Path(sys.argv[1]), *map(int, sys.argv[2:4])
    (root / "begun").mkdir()
    if not (done(lambda: prepare(root / "begun")) and done(lambda: reference(root))):
        sys.exit("the study that nobody kills failed")
    whole = Whole(**json.loads((root / "whole.json").read_text("utf-8")))
    for name in json.loads((root / "imported.json").read_text("utf-8")):
        with suppress(ImportError):
            importlib.import_module(name)  # once, and not in every process
    print(json.dumps({"moments": sum((Counter(counts) for counts in whole.counts), Counter())}), flush=True)
    for seed in range(first, last):
        print(json.dumps(kill_and_go_on(root, seed, whole)), flush=True)


if __name__ == "__main__":
    main()
