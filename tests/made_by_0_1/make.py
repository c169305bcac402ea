"""How the files beside this one were made, by version 0.1 of the program: they show that what it left behind opens.

It runs only there: check out commit ``f14a4ab``, and in it call ``PYTHONPATH=. python PATH/make.py FOLDER``. Scans are
boxes in noise, and networks are tiny with random weights.
"""
# ruff: noqa: I001 - it imports modules of that version

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from napari_boundaryseg import cli
from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import LabelScheme, Organ, preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.editing.history import History
from napari_boundaryseg.editing.journal import Journal
from napari_boundaryseg.editing.journal_file import About
from napari_boundaryseg.editing.locks import Lock
from napari_boundaryseg.editing.scan_hash import scan_hash
from napari_boundaryseg.engine.card import Card, Score
from napari_boundaryseg.engine.checkpoint import build_network, load_model, save
from napari_boundaryseg.engine.predictor import Predictor
from napari_boundaryseg.engine.recipe import Augmentation, Recipe, recipe
from napari_boundaryseg.engine.train import fit
from napari_boundaryseg.jobs.job import InlineRunner
from napari_boundaryseg.progress import Cancelled
from napari_boundaryseg.session import actions
from napari_boundaryseg.session.project import Project
from napari_boundaryseg.session.session import Session

SHAPE = (12, 12, 10)
AFFINE = np.array([[-1.5, 0, 0, 20], [0, 2.0, 0.1, -30], [0, -0.1, 2.0, 5], [0, 0, 0, 1.0]])
OWN = LabelScheme(
    name="own", organs=(Organ(id=1, name="Thymus", colour="#123456"), Organ(id=2, name="Thyroid", colour="#654321"))
)
CHANNELS = ("T1", "T1c", "T2", "FLAIR")
PLAIN = {"device": "cpu", "precision": "float32"}


def tumour(shift: int = 0) -> np.ndarray:
    """Oedema (2) round a necrotic core (1) in which something enhances (3)."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2 + shift : 10, 2:10, 2:8] = 2
    labels[4:9, 4:9, 3:7] = 1
    labels[5:7, 5:8, 4:6] = 3
    return labels


def brain() -> Volume:
    noise = np.random.default_rng(0).integers(80, 90, (4, *SHAPE))
    return Volume((noise + 40 * tumour()).astype(np.float32), Geometry(SHAPE, AFFINE), CHANNELS, name="brain")


def one_channel(seed: int) -> tuple[Volume, LabelMap]:
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:6, 2:9, 2:8], labels[6:10, 2:9, 2:8] = 1, 2
    noise = np.random.default_rng(seed).integers(0, 9, SHAPE)
    scan = Volume((noise + 40 * labels)[None].astype(np.float32), Geometry(SHAPE, AFFINE), name=f"neck {seed}")
    return scan, scan.with_labels(labels, preset("hippocampus"))


def tiny(name: str, **more: object) -> Recipe:
    """A shipped recipe for scans of this size."""
    settings = {"patch_vox": (16, 16, 16), "batch": 1, "expected_field_mm": None, "augmentation": Augmentation()}
    return (
        recipe(name)
        .model_copy(update={**settings, **more})
        .with_settings({"inference.window_vox": (16, 16, 16), "inference.flip_axes": ()})
    )


def make_model(path: Path) -> Path:
    wanted = tiny(
        "brain-tumour-egcnn", network_arguments={"backbone": "unet", "width": 1, "norm": "group"}, synthetic=""
    )
    torch.manual_seed(0)
    network = build_network(wanted)
    parameters = sum(p.numel() for p in network.parameters())
    score = Score(organ="ET", metric="dsc", mean=0.7, sd=0.1, n=3, floor=0.25)
    save(path, Card(name="tiny-brain", recipe=wanted, parameters=parameters, scores=(score,)), network.state_dict())
    return path


def make_project(folder: Path, model: Path) -> None:
    project = Project(folder)
    scan, labels = one_channel(1)
    project.add_case(scan, labels)
    corrected = labels.array.copy()
    corrected[6] = 1
    project.add_case(scan, scan.with_labels(corrected, OWN), (slice(1, 11), slice(0, 12), slice(2, 8)))
    project.add_model(model, {"verdict": "better"})


def make_journal(folder: Path) -> None:
    """A process paints and is killed: what it left in its journal is on the disk only."""
    subprocess.run([sys.executable, __file__, "--paint", str(folder)], check=False)
    for path in folder.rglob("*-shm"):
        path.unlink()  # SQLite makes it anew


def paint_until_killed(folder: Path) -> None:
    scan = formats.read(folder.parent / "project" / "cases" / "neck-1-716f9a60" / "scan.nii.gz")
    labels = one_channel(1)[1]
    about = About("neck 1", scan_hash(scan.array, scan.affine), labels.scheme.model_dump_json(), 0.006)
    journal, history = Journal(about, labels.array, folder), History(labels.array.copy())
    journal.follow(history)
    history.array[0, 0:3, 0:4] = 1
    history.take("Paint: Hippocampus_A, slice 0")
    history.lock(Lock(2, None))
    history.array[5:8, 1:4, 2:4] = 1  # the second organ is locked: only what is outside it changes
    history.take("Paint: Hippocampus_A, slice 5")
    history.array[11] = 1
    history.take("Paint: Hippocampus_A, slice 11")
    history.undo()
    journal.flush()
    os._exit(9)


def make_training(folder: Path) -> None:
    wanted = tiny("hippocampus-segresnet", network="dilnet", network_arguments={"width": 4})
    wanted = wanted.with_settings({"optimiser.average": 0.9, "steps": 4, "steps_per_epoch": 2})

    def stop_after_three(fraction: float, text: str = "") -> None:
        if "step 3" in text:
            raise Cancelled

    try:
        fit(wanted, [one_channel(1)], folder, validation=[one_channel(2)], progress=stop_after_three, **PLAIN)
    except Cancelled:
        (folder / "recipe.json").write_text(wanted.model_dump_json(indent=1) + "\n")


def make_export(folder: Path, model: Path) -> None:
    """What the window exports: labels that a person corrected, and the maps of a prediction."""
    session = Session(InlineRunner())
    session.scan = brain()
    session.prediction = Predictor(load_model(model), "cpu").predict(session.scan, whole=True)
    labels = session.scan.with_labels(tumour(shift=1), preset("brats-2023"))
    actions.export(session, labels, {"labels", "edges", "contours", "report"}, folder)
    session.close()


def make_prediction(folder: Path, model: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        formats.write(brain(), Path(place) / "brain.nii.gz")
        words = ["predict", f"{place}/brain.nii.gz", "--model", str(model), "-o", str(folder), "--device", "cpu"]
        sys.argv = ["boundaryseg", *words, "--whole", "--edges"]
        try:
            cli.main()
        except SystemExit as ended:
            if ended.code:
                raise


def main(out: Path) -> None:
    for name in ("project", "journal", "training", "export", "prediction"):
        shutil.rmtree(out / name, ignore_errors=True)
    with tempfile.TemporaryDirectory() as place:
        model = make_model(Path(place) / "tiny-brain.safetensors")
        make_project(out / "project", model)
        make_export(out / "export", model)
        make_prediction(out / "prediction", model)
    make_journal(out / "journal")
    make_training(out / "training")
    old = recipe("sarcoma-t1-sgm").with_settings({"optimiser.average": 0.95, "augmentation.coarser": 2.0})
    (out / "recipe.json").write_text(old.model_dump_json(indent=1) + "\n")


if __name__ == "__main__":
    socket.gethostname = lambda: "computer"
    if sys.argv[1] == "--paint":
        paint_until_killed(Path(sys.argv[2]))
    main(Path(sys.argv[1]))
