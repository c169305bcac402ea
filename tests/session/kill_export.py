"""Exports that are killed: run as a script, each in a forked child that ends itself at the N-th call to the system.

``python kill_export.py FOLDER FIRST STEP`` writes one line of JSON: how many calls one export makes, how many of its
children were killed, and what was wrong with what they left behind.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from session_cases import box_labels, box_scan, predicted

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.export import export_files
from napari_boundaryseg.session.report import read_report
from napari_boundaryseg.session.vouching import vouched

WHAT = {"labels", "edges", "mesh", "report"}
CALLS = {"open", "write", "fsync", "replace", "rename", "unlink", "remove", "close", "mkdir", "rmdir", "flush", "chmod"}


def before(scan: Any, folder: Path) -> None:
    """What an earlier export left: the same scan's result."""
    export_files(scan, box_labels(scan), predicted(scan), WHAT, folder)


def export(scan: Any, folder: Path) -> None:
    """The export that is killed: the labels were corrected."""
    labels = replace(box_labels(scan), array=np.roll(box_labels(scan).array, 1, 0))
    export_files(scan, labels, predicted(scan), WHAT, folder)


def counted(end_at: int | None, action: Callable[[], None]) -> int:
    """How many calls to the system an action makes; the process is killed before one of them."""
    n = 0

    def look(frame: object, event: str, function: Any) -> None:
        nonlocal n
        if event in ("c_call", "c_return") and getattr(function, "__name__", "") in CALLS:
            n += 1
            if n == end_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(look)
    try:
        action()
    finally:
        sys.setprofile(None)
    return n


def hashes(folder: Path) -> dict[str, str]:
    files = [path for path in folder.iterdir() if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def faults(folder: Path, old: dict[str, str], new: dict[str, str]) -> list[str]:
    """What is wrong with a folder whose export was killed."""
    wrong = []
    there = {name: digest for name, digest in hashes(folder).items() if not name.startswith(".")}
    for name, digest in there.items():
        if name != "case1.json" and digest not in (old.get(name), new.get(name)):
            wrong.append(f"{name} is neither old nor new")
    if set(old) - set(there):
        wrong.append(f"lost: {sorted(set(old) - set(there))}")
    if not vouched(folder / "case1.json").is_report:
        wrong.append("the report is no whole report")
    try:
        report = read_report(folder / "case1.json")
    except InputError as error:
        if "interrupted" not in str(error):
            wrong.append(str(error))
    else:
        said = report["hashes"]
        wrong += [f"the report claims {name}" for name in said if there.get(name) != said[name]]
        labels = np.asarray(nib.load(folder / "case1_seg.nii.gz").dataobj)
        counted_ml = {"Hippocampus_A": (labels == 1).sum() / 1000, "Hippocampus_P": (labels == 2).sum() / 1000}
        if report["volumes_ml"] != {name: round(float(ml), 6) for name, ml in counted_ml.items()}:
            wrong.append("the report's volumes are not those of the labels")
    for path in folder.glob("case1*.nii.gz"):
        gzip.decompress(path.read_bytes())
    return wrong


def once(scan: Any, folder: Path, end_at: int, old: Path, new: dict[str, str]) -> tuple[bool, list[str]]:
    """Kill one export; whether it was killed, and what is wrong then and after the next export."""
    shutil.copytree(old, folder)
    child = os.fork()
    if child == 0:
        counted(end_at, lambda: export(scan, folder))
        os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    wrong = faults(folder, hashes(old), new)
    try:
        export(scan, folder)
    except InputError as error:
        wrong.append(f"the next export is refused: {error}")
    after = hashes(folder)
    left = {name for name in after if not name.startswith(".boundaryseg-") or name.endswith(".json")} ^ set(new)
    if left or any(path.is_dir() for path in folder.iterdir()):
        wrong.append(f"left behind: {sorted(left)} {[path.name for path in folder.iterdir() if path.is_dir()]}")
    if {name: after[name] for name in new if name != "case1.json"} != {
        name: digest for name, digest in new.items() if name != "case1.json"
    }:
        wrong.append("the next export did not finish it")
    shutil.rmtree(folder)
    return killed, wrong


def main(place: Path, most: int) -> None:
    scan = box_scan()
    before(scan, place / "old")
    for name in ("warm", "new"):
        shutil.copytree(place / "old", place / name)
    export(scan, place / "warm")  # what only the first export of a process does is not counted
    total = counted(None, lambda: export(scan, place / "new"))
    new, kills, wrong = hashes(place / "new"), 0, {}
    points = sorted({1 + round(n * (total - 1) / (most - 1)) for n in range(most)})
    for end_at in points:
        killed, found = once(scan, place / f"at-{end_at}", end_at, place / "old", new)
        kills += killed
        if found:
            wrong[end_at] = found
    print(json.dumps({"calls": total, "points": len(points), "kills": kills, "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
