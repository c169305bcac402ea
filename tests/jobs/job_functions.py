"""Functions that the tests let the worker call."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

from napari_boundaryseg.progress import Cancelled
from napari_boundaryseg.task import Task


class Add(Task):
    a: int
    b: int


def add(task, *, progress):
    progress(0.5, "adding")
    print("a library that prints")
    return task.a + task.b


class Fail(Task):
    pass


def fail(task, *, progress):
    raise RuntimeError("the network does not fit")


class WrongFile(Task):
    pass


def wrong_file(task, *, progress):
    from napari_boundaryseg.errors import InputError

    raise InputError("scan.nii.gz", "it is cut off", "Copy it again")


class Count(Task):
    n: int
    seconds: float


def count(task, *, progress):
    for i in range(task.n):
        progress(i / task.n, f"{i}")
        time.sleep(task.seconds)
    return task.n


class Nap(Task):
    seconds: float
    asleep: str = ""


def nap(task, *, progress):
    """One long call; the file ``asleep`` is there once no report comes any more at which it could stop."""
    progress(0.1, "asleep")
    if task.asleep:
        Path(task.asleep).touch()
    time.sleep(task.seconds)


class WaitFor(Task):
    path: str


def wait_for(task, *, progress):
    """One long call that ends as soon as a file is there."""
    progress(0.1, "waiting")
    while not Path(task.path).exists():
        time.sleep(0.01)


class Train(Task):
    lane = "training"

    path: str = ""
    saved: str = ""


def train(task, *, progress):
    """Steps until a file is there, if one is named; one that is stopped saves what it has learnt."""
    try:
        while task.path and not Path(task.path).exists():
            progress(0.1, "step")
            time.sleep(0.01)
    except Cancelled:
        if task.saved:
            Path(task.saved).touch()
        raise


class AdaptPid(Task):
    lane = "adapting"


def adapt_pid(task, *, progress):
    return os.getpid()


class TrainAsleep(Nap):
    lane = "training"


class TrainThreads(Task):
    lane = "training"


def train_threads(task, *, progress):
    return os.environ["OMP_NUM_THREADS"]


class NapHoldingTheInterpreter(Task):
    seconds: float


def nap_holding_the_interpreter(task, *, progress):
    """One call of a library that lets no other Python thread run."""
    progress(0.1, "asleep")
    time.sleep(0.1)  # the report goes out
    ctypes.PyDLL(None).sleep(int(task.seconds))


class NoJson(Task):
    pass


def no_json(task, *, progress):
    return {1, 2}


class Noisy(Task):
    pass


def noisy(task, *, progress):
    print('{"id": 1, "returned": "a library that prints"}')
    os.write(1, b"a library in C that prints\n")
    subprocess.run(["echo", "a program that prints"], check=True)
    return "quiet"


class Niceness(Task):
    pass


def niceness(task, *, progress):
    return os.nice(0)


class Die(Task):
    pass


def die(task, *, progress):
    os.kill(os.getpid(), signal.SIGKILL)


class Unlisted(Task):
    pass


def unlisted(task, *, progress):
    return "called"


class Pid(Task):
    pass


def pid(task, *, progress):
    return os.getpid()


ALLOWED = {
    Add: add,
    Fail: fail,
    WrongFile: wrong_file,
    Count: count,
    Nap: nap,
    WaitFor: wait_for,
    Train: train,
    AdaptPid: adapt_pid,
    TrainAsleep: nap,
    TrainThreads: train_threads,
    NapHoldingTheInterpreter: nap_holding_the_interpreter,
    NoJson: no_json,
    Noisy: noisy,
    Niceness: niceness,
    Die: die,
    Pid: pid,
}
