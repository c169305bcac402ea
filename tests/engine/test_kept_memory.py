"""Memory that a network's maps free stays in the process while it computes, and is given back at the end."""

import subprocess
import sys

import pytest

from napari_boundaryseg.engine.memory import _glibc, kept

PAGES = """
import resource
import torch
from napari_boundaryseg.engine.memory import kept

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(40):
        torch.ones(5 * 2**20)  # 20 MB, as large as a layer's maps
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() // 2**20

torch.set_num_threads(1)
outside = faults()
with kept():
    inside, held = faults(), resident_mb()
print(outside, inside, held, resident_mb())
"""


@pytest.mark.skipif(_glibc() is None, reason="only glibc asks the system for each map")
def test_pages_are_asked_for_once_and_given_back():
    run = subprocess.run([sys.executable, "-c", PAGES], capture_output=True, text=True, check=True)
    outside, inside, held, left = map(int, run.stdout.split())
    assert inside < outside / 2, (
        "page faults of forty maps: glibc needs some until the pieces between them have settled"
    )
    assert left < held - 10, "given back at the end"


def test_an_error_goes_through_and_ends_it():
    with pytest.raises(ZeroDivisionError), kept():
        1 / 0  # noqa: B018
    with kept():
        assert sum(range(4)) == 6
