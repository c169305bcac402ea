"""Train what a study lists, fold by fold, and score the cases that each fold did not see.

    python benchmarks/studies/run.py benchmarks/studies/sarcoma.toml            train, predict, score; resumable
    python benchmarks/studies/run.py benchmarks/studies/sarcoma.toml --table    the figures so far, as Markdown

A study is a TOML file: the data, which rows, which folds, and a list of trainings (recipe, steps, settings). Groups
(patients) are never divided. No held-out case chooses anything: the last step counts. Scores go to a CSV beside the
study, one line per case and organ; weights, logs and, with `--predictions`, the out-of-fold labels, probabilities,
edges and contours go to `--work`. A training whose settings changed begins anew. It runs on a GPU where there is one.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from napari_boundaryseg.data.datasets import Case, load_labelled
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.evaluation import study_table
from napari_boundaryseg.engine.evaluation.label_prior import LabelPrior
from napari_boundaryseg.engine.evaluation.study import Study, Training, loose_box
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.training.loop.folder import LAST, LOG
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.session.export import MAPS, export_files


def run_fold(
    study: Study, training: Training, fold: int, cases: list[Case], work: Path, predictions: bool
) -> list[study_table.Row]:
    """Train one fold, or go on with it, and score what it did not see."""
    wanted, folder = training.wanted, study.fold_folder(training, fold, work)
    known, unseen = study.divided(cases, fold)
    began = time.perf_counter()
    print(f"{training.name}, fold {fold}: {len(known)} cases train, {len(unseen)} are scored", flush=True)
    fit(wanted, load_labelled(known, wanted.scheme), folder, resume=True, precision="float32", progress=_print)
    seconds = sum(json.loads(line).get("seconds", 0) for line in (folder / LOG).read_text("utf-8").splitlines())
    print(f"\r{'':78}\r  trained ({time.perf_counter() - began:.0f} s this time, {seconds:.0f} s of steps)", flush=True)
    predictor, rows = Predictor(load_model(folder / LAST)), []
    seen = [(labels, loose_box(volume, labels, wanted)) for volume, labels in load_labelled(known, wanted.scheme)]
    priors = {organ.name: LabelPrior(seen, organ.id) for organ in wanted.scheme.organs}
    for case, (volume, labels) in zip(unseen, load_labelled(unseen, wanted.scheme), strict=True):
        box = loose_box(volume, labels, wanted)
        if not predictions:
            found = predictor.segment(volume, box=box, whole=True).labels
        else:
            full = predictor.predict(volume, box=box, whole=True, attention=False)
            found, place = full.labels, study.predictions_folder(training, work)
            export_files(volume, found, full, {"labels", *MAPS}, place, case=case.name, overwrite=True)
        worth = {organ: prior.dice(labels, box) for organ, prior in priors.items()}
        rows += study_table.rows_of_case(
            training, fold, case, evaluate(found, labels, also=study_table.ALSO), worth, seconds
        )
    return rows


def _print(fraction: float, text: str = "") -> None:
    print(f"\r{fraction:6.1%} {text:<70}", end="", flush=True)


def main() -> None:
    """Run a study, or print its table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("study", type=Path)
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--work", type=Path, default=Path(".work/studies"))
    options.add_argument("--only", help="one training by name")
    options.add_argument("--fold", type=int, help="one fold, so that several processes can share a study")
    options.add_argument("--predictions", action="store_true", help="also write the out-of-fold predictions")
    options.add_argument("--table", action="store_true", help="print the figures so far")
    chosen = options.parse_args()
    study = Study.read(chosen.study)
    wanted = [
        (training, fold)
        for training in study.trainings
        for fold in training.folds
        if chosen.only in (None, training.name) and chosen.fold in (None, fold)
    ]
    if not wanted:
        options.error(f"the study has no such training or fold; it has {', '.join(t.name for t in study.trainings)}")
    if not chosen.table:
        cases = study.cases(chosen.data)
        for training, fold in wanted:
            if chosen.predictions or not study_table.is_done(study_table.read_table(study.table), training, fold):
                new = run_fold(study, training, fold, cases, chosen.work, chosen.predictions)
                study_table.keep_fold(study.table, training.name, fold, new)
    print(study_table.as_markdown(study_table.read_table(study.table)))


if __name__ == "__main__":
    main()
