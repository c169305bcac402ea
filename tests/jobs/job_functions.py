"""Functions that the tests let the worker call."""

import ctypes
import os
import signal
import subprocess
import time
from time import sleep  # noqa: F401  # not a function of this module


def add(a, b, *, progress):
    progress(0.5, "adding")
    print("a library that prints")
    return a + b


def fail(*, progress):
    raise RuntimeError("the network does not fit")


def wrong_file(*, progress):
    from napari_boundaryseg.errors import InputError

    raise InputError("scan.nii.gz", "it is cut off", "Copy it again")


def count(n, seconds, *, progress):
    for i in range(n):
        progress(i / n, f"{i}")
        time.sleep(seconds)
    return n


def nap(seconds, *, progress):
    progress(0.1, "asleep")
    time.sleep(seconds)


def nap_holding_the_interpreter(seconds, *, progress):
    """One call of a library that lets no other Python thread run."""
    progress(0.1, "asleep")
    time.sleep(0.1)  # the report goes out
    ctypes.PyDLL(None).sleep(int(seconds))


def no_json(*, progress):
    return {1, 2}


def noisy(*, progress):
    print('{"id": 1, "returned": "a library that prints"}')
    os.write(1, b"a library in C that prints\n")
    subprocess.run(["echo", "a program that prints"], check=True)
    return "quiet"


def niceness(*, progress):
    return os.nice(0)


def die(*, progress):
    os.kill(os.getpid(), signal.SIGKILL)


def _private(*, progress):
    return "called"


def pid(*, progress):
    return os.getpid()
