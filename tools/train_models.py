"""Train the shipped models again, all or by name: `make models`. Resumable; each ends in napari_boundaryseg/weights.

python tools/train_models.py --list                      what ships, and the minutes that each takes
python tools/train_models.py pelvis-mr-sgm               rebuild one; run again to go on
python tools/train_models.py NAME --seconds 1800         stop after about half an hour; run again to go on
python tools/train_models.py NAME --start FILE_OR_NAME   begin with these weights
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

from score_models import score, ship
from shipped_models import MODELS, Shipped

from napari_boundaryseg.data.datasets import load_labelled
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.loop import folder as files
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled, Progress


def train(model: Shipped, data: Path, work: Path, *, steps: int | None, start: str | None, progress: Progress) -> Path:
    """Begin, or go on; what is done is not done again.

    A model whose study scored the recipe in float32 is trained in it too.
    """
    wanted, folder = model.wanted, folder_of(model, work, steps)
    _same_settings(folder, wanted.model_copy(update={"steps": steps or wanted.steps}))
    cases, watching = model.scans(data)
    held = load_labelled(watching, wanted.scheme) if model.data else model.watching()
    begins = start or model.start
    own = model.own(data) if model.own is not None else None
    fit(
        wanted,
        load_labelled(cases, wanted.scheme) if own is None else own,
        folder,
        validation=held,
        steps=steps,
        resume=True,
        start=load_model(begins) if begins else None,
        name=model.name,
        precision="float32" if model.study or own else "auto",
        training=model.training.model_copy(update={"cases": len(own or cases)}),
        progress=progress,
    )
    return folder / (files.BEST if model.kept == "best" else files.LAST)


def folder_of(model: Shipped, work: Path, steps: int | None = None) -> Path:
    """Where a training is kept. A trial has a folder of its own: its learning rate ends with its steps."""
    return work / (f"{model.name}-{steps}-steps" if steps else model.name)


def _same_settings(folder: Path, wanted: Recipe) -> None:
    """A training with other settings is not gone on with."""
    card = files.card_in(folder)
    if card is not None and card.recipe != wanted:
        raise InputError(folder, "another recipe was trained here", "Move it away, or choose another --work")


def until(seconds: float) -> Progress:
    """Tell how far it is; past the time, stop: what was done is saved."""
    end = time.monotonic() + seconds

    def progress(fraction: float, text: str = "") -> None:
        print(f"\r{fraction:6.1%} {text:<70}", end="", flush=True)
        if time.monotonic() > end:
            raise Cancelled

    return progress


def minutes_of(folder: Path, what: str = "seconds") -> float:
    """What the steps of a training took so far: all of it, or with ``"computing"`` the network's share."""
    log = folder / files.LOG
    lines = log.read_text("utf-8").splitlines() if log.is_file() else []
    return sum(json.loads(line).get(what, 0) for line in lines) / 60


def table(work: Path) -> str:
    """One line per model."""
    lines = [f"{'model':20} {'recipe':20} {'steps':>6} {'minutes':>8} {'so far':>7} {'computing':>9}   from"]
    for model in MODELS.values():
        wanted = model.wanted
        source = model.data or f"synthetic scans ({wanted.synthetic})"
        so_far = minutes_of(folder_of(model, work))
        share = f"{minutes_of(folder_of(model, work), 'computing') / so_far:.0%}" if so_far else ""
        minutes = f"{model.minutes:8.0f} {so_far:7.0f} {share:>9}"
        lines.append(f"{model.name:20} {model.recipe:20} {wanted.steps:6} {minutes}   {source}")
    return "\n".join(
        [
            *lines,
            "",
            "minutes: about, on one core of an AMD EPYC; so far: what the steps in --work took,"
            " and which share of it the network and its optimiser",
        ]
    )


def rebuild(model: Shipped, chosen: argparse.Namespace, progress: Progress, say: Callable[[str], None] = print) -> bool:
    """Train, score, ship one model; False when the time was up."""
    say(f"{model.name}: about {model.minutes:.0f} minutes")
    folder = folder_of(model, chosen.work, chosen.steps)
    try:
        path = train(model, chosen.data, chosen.work, steps=chosen.steps, start=chosen.start, progress=progress)
    except Cancelled:
        say(f"\nStopped after {minutes_of(folder):.1f} minutes of steps; the same command goes on.")
        return False
    say(f"\n{model.name}: trained in {minutes_of(folder):.1f} minutes of steps")
    found = score(model, path, chosen.data)
    for item in found.scores:
        say(f"{item.organ} {item.metric}: {item.text} (n = {item.n}, label prior {item.label_prior})")
    target = ship(model, path, found, chosen.work if chosen.steps else model.folder)
    say(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB {found.scored_on or '(no scores yet)'}")
    return True


def main() -> None:
    """Train what is named, or everything."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="*", metavar="NAME", help=f"of {', '.join(MODELS)}; all by default")
    arguments.add_argument("--list", action="store_true", help="only say what there is")
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the data sets")
    arguments.add_argument("--work", type=Path, default=Path(".work/models"), help="where trainings are kept")
    arguments.add_argument("--steps", type=int, help="for a trial: the result stays in --work")
    arguments.add_argument("--seconds", type=float, default=math.inf, help="stop after about this long")
    arguments.add_argument("--start", help="a model whose weights it begins with")
    chosen = arguments.parse_args()
    if unknown := set(chosen.models) - set(MODELS):
        arguments.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(MODELS)}")
    if chosen.start and len(chosen.models) != 1:
        arguments.error("--start is for one model")
    if chosen.list:
        print(table(chosen.work))
        return
    progress = until(chosen.seconds)
    ships = [
        name for name, model in MODELS.items() if model.folder == model_library.WEIGHTS
    ]  # bases are kept as they are
    done = all(rebuild(MODELS[name], chosen, progress) for name in chosen.models or ships)
    size = sum(path.stat().st_size for path in model_library.shipped().values())
    print(f"{'All done' if done else 'Not done yet'}; the shipped models take {size / 1e6:.1f} MB together")


if __name__ == "__main__":
    main()
