"""Functions that the tests let the worker call."""

import os
import signal
import time


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


def sleep_deaf(seconds, *, progress):
    progress(0.1, "asleep")
    time.sleep(seconds)


def die(*, progress):
    os.kill(os.getpid(), signal.SIGKILL)


def pid(*, progress):
    return os.getpid()
