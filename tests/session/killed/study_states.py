"""The state of a study on the disk, read by SQLite, nibabel and hashes, and not by the program."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def voxels(path: Path) -> str:
    """A hash of a file's voxels, and of where they lie."""
    image = nib.load(path)
    whole = np.ascontiguousarray(image.dataobj).tobytes() + np.asarray(image.affine).tobytes()
    return hashlib.sha256(whole).hexdigest()[:16]


def weights(path: Path) -> str:
    """A hash of a model's tensors, without its card: that says when it was made."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + length])
    head.pop("__metadata__", None)
    return hashlib.sha256(json.dumps(head, sort_keys=True).encode() + data[8 + length :]).hexdigest()[:16]


def rows(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "project.sqlite")) as database:
        return database.execute(statement).fetchall()


def state(folder: Path) -> dict[str, Any]:
    """All that a person would miss if it were gone, as JSON holds it, without times.

    Raises
    ------
    AssertionError
        Where a file is not the one that the list names.
    """
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
    cases, models = folder / "cases", folder / "models"
    valid = rows(folder, "SELECT slug, version, sha256 FROM versions WHERE state = 'valid' ORDER BY slug, version")
    listed = rows(folder, "SELECT file, sha256, comparison FROM models ORDER BY base, version")
    for slug, version, digest in valid:
        assert sha256(cases / slug / f"labels-v{version}.nii.gz") == digest, f"{slug}, version {version}"
    for file, digest, _ in listed:
        assert sha256(models / file) == digest, f"{file} is not what the list says"
    named = {file: weights(models / file) for file, *_ in listed}
    newest = rows(folder, "SELECT slug, name, version, role, patient FROM cases ORDER BY name")
    used = rows(folder, "SELECT base, file FROM active")
    before = rows(folder, "SELECT base, file FROM used_before ORDER BY number")
    found = {
        "cases": newest,
        "scans": [voxels(cases / slug / "scan.nii.gz") for slug, *_ in newest],
        "labels": [(*one[:2], voxels(cases / one[0] / f"labels-v{one[1]}.nii.gz")) for one in valid],
        "certificates": rows(folder, "SELECT slug, version FROM certificates ORDER BY number"),
        "worklist": rows(folder, "SELECT name, slug, patient, comment FROM worklist ORDER BY number"),
        "models": [(named[file], told and json.loads(told), page_of(models / file)) for file, _, told in listed],
        "active": [(base, named[file]) for base, file in used],
        "used before": [(base, file and named[file]) for base, file in before],
    }
    return json.loads(json.dumps(found))


def page_of(model: Path) -> str | None:
    """A hash of the page beside a model; None where there is none."""
    page = model.with_suffix(".html")
    if not page.is_file():
        return None
    assert page.read_text("utf-8").rstrip().endswith("</html>"), f"{page.name} is cut"
    return sha256(page)[:16]


def other_parts(one: dict[str, Any], two: dict[str, Any]) -> str:
    """In which parts two states differ, in words."""
    return "; ".join(f"{name}: {one[name]} and not {two[name]}" for name in one if one[name] != two[name])


def strays(folder: Path, trainings: list[str]) -> set[str]:
    """Files and empty folders of a project that neither its lists nor ``trainings``, which are listed, explain."""
    known = {"project.sqlite", "owner.lock", "cases", "models", "removed"}
    for slug, version in rows(folder, "SELECT slug, version FROM versions WHERE state = 'valid'"):
        names = ("scan.nii.gz", "case.json", f"labels-v{version}.nii.gz")
        known |= {f"cases/{slug}", *(f"cases/{slug}/{name}" for name in names)}
    for slug, version in rows(folder, "SELECT slug, version FROM certificates WHERE removed = 0"):
        names = (f"certificate-v{version}.json", f"certificate-v{version}.html", f"journal-v{version}.steps")
        known |= {f"cases/{slug}/{name}" for name in names}
    for (file,) in rows(folder, "SELECT file FROM models"):
        known |= {f"models/{file}", f"models/{Path(file).with_suffix('.html')}"}
    inside = (*(f"models/{name}/" for name in trainings), "removed/")
    known |= {f"models/{name}" for name in trainings}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return {name for name in there - known if not name.startswith(inside)}
