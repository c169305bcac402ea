"""How far the out-of-fold numbers of a study can be taken at their word near the border, before and after calibration.

    python benchmarks/studies/run.py benchmarks/studies/sarcoma.toml --predictions
    python benchmarks/studies/calibrate.py benchmarks/studies/sarcoma.toml sgm

For each fold, scales and shift are fitted on the cases of the other folds and judged on its own: no case judges what
was fitted on it. Only voxels within 5 mm of the reference border count. What is fitted there is not kept for the card
where it is worse over the whole box than nothing, nor, for probabilities, where anything is said at all (without the
first bin). Writes `STUDY_TRAINING_reliability.csv` beside
the study (bins, expected calibration error, and the mean distance of the contour maps to what they were taught) and
`STUDY_TRAINING_calibration.json`, which is fitted on all folds, for the card of the model that ships; and a plot in
`docs/`.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.contour_targets import contour_targets
from napari_boundaryseg.data.datasets import load_labelled
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.checkpoints.card import Calibration, Scaling
from napari_boundaryseg.engine.evaluation.study import Study, loose_box
from napari_boundaryseg.engine.evaluation.study_table import read_table
from napari_boundaryseg.engine.inference.calibration import (
    NEAR_MM,
    Reliability,
    border,
    fit_scaling,
    fit_temperature,
    near_border,
    reliability,
    rescaled,
    tempered,
)
from napari_boundaryseg.engine.recipes.recipe import Recipe

STATES = ("before", "after", "before, whole box", "after, whole box")


@dataclass(frozen=True, eq=False)
class Seen:
    """One case: probabilities (classes, n), classes (n,), edges and borders (n,), contour error near the border."""

    fold: int
    probabilities: np.ndarray
    classes: np.ndarray
    edges: np.ndarray
    borders: np.ndarray
    contour_error: float

    def only(self, where: np.ndarray) -> Seen:
        """Some of its voxels."""
        return Seen(
            self.fold,
            self.probabilities[:, where],
            self.classes[where],
            self.edges[where],
            self.borders[where],
            self.contour_error,
        )


def seen(folder: Path, case: str, fold: int, labels: LabelMap, box: Box | None, wanted: Recipe) -> tuple[Seen, Seen]:
    """The voxels of one case that count: near the border, and all, of the box that the model was given."""
    near = near_border(labels)
    inside = np.ones(near.shape, bool)
    if box is not None:
        inside[...] = False
        inside[box] = True
    near &= inside
    maps = {
        kind: np.asarray(nib.load(folder / f"{case}_{kind}.nii.gz").dataobj)
        for kind in ("probabilities", "edges", "contours")
    }
    classes = np.searchsorted(np.array([0, *wanted.scheme.ids]), labels.array[inside])
    clear, blurry = ([organ.id for organ in organs] for organs in (wanted.clear, wanted.blurry))
    hard, soft = contour_targets(labels.array, clear, blurry, wanted.targets, labels.spacing_mm)
    order = {organ: n for n, organ in enumerate(wanted.scheme.ids)}
    taught = dict(zip((*clear, *blurry), (*hard, *soft), strict=True))
    errors = [np.abs(maps["contours"][near, order[organ]] - target[near]).mean() for organ, target in taught.items()]
    everywhere = Seen(
        fold,
        maps["probabilities"][inside].T,
        classes,
        maps["edges"][inside],
        border(labels)[inside],
        float(np.mean(errors)) if errors else float("nan"),
    )
    return everywhere.only(near[inside]), everywhere


def fitted(cases: list[Seen]) -> Calibration:
    """Scale of the probabilities, scales and shift of the edges."""
    edges, borders = (np.concatenate([getattr(case, name) for case in cases]) for name in ("edges", "borders"))
    return Calibration(
        probabilities=fit_temperature([case.probabilities for case in cases], [case.classes for case in cases]),
        edges=fit_scaling(edges, borders),
    )


def pooled(cases: list[Seen], calibrations: dict[int, Calibration] | None) -> dict[str, Reliability]:
    """Reliability over all cases, each put right by what other folds say."""
    said: dict[str, list[np.ndarray]] = {"probabilities": [], "edges": []}
    true: dict[str, list[np.ndarray]] = {"probabilities": [], "edges": []}
    for case in cases:
        own = calibrations[case.fold] if calibrations else Calibration()
        organs = tempered(case.probabilities, own.probabilities)[1:]
        said["probabilities"].append(organs.ravel())
        true["probabilities"].append(np.stack([case.classes == n for n in range(1, len(organs) + 1)]).ravel())
        said["edges"].append(rescaled(case.edges, own.edges))
        true["edges"].append(case.borders)
    return {kind: reliability(np.concatenate(said[kind]), np.concatenate(true[kind])) for kind in said}


def by_other_folds(cases: list[Seen]) -> dict[int, Calibration]:
    """For each fold what was fitted on the cases of all others."""
    return {fold: fitted([case for case in cases if case.fold != fold]) for fold in sorted({c.fold for c in cases})}


def kept(found: dict[str, dict[str, Reliability]]) -> dict[str, bool]:
    """What of a calibration is worth keeping: no error over the whole box rises by it, nor, for probabilities, the
    error near the border without the first bin.
    """
    before, after, before_everywhere, after_everywhere = (found[state] for state in STATES)
    worth = {kind: after_everywhere[kind].error <= before_everywhere[kind].error for kind in before}
    worth["probabilities"] &= after["probabilities"].error_elsewhere <= before["probabilities"].error_elsewhere
    return worth


def as_csv(found: dict[str, dict[str, Reliability]], contour_error: float) -> str:
    """One line per map, state and bin; the errors stand in each line of their map and state."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("map", "state", "from", "to", "voxels", "said", "found", "calibration_error", "without_first_bin"))
    for state, kinds in found.items():
        for kind, r in kinds.items():
            for n, count in enumerate(r.counts):
                writer.writerow(
                    (
                        kind,
                        state,
                        f"{r.edges[n]:.1f}",
                        f"{r.edges[n + 1]:.1f}",
                        count,
                        f"{r.said[n]:.4f}",
                        f"{r.found[n]:.4f}",
                        f"{r.error:.4f}",
                        f"{r.error_elsewhere:.4f}",
                    )
                )
    writer.writerow(("contours", "mean distance to the target", "", "", "", "", "", f"{contour_error:.4f}", ""))
    return text.getvalue()


def plot(found: dict[str, dict[str, Reliability]], title: str, path: Path) -> None:
    """Said against found, before and after."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = title
    figure = Figure(figsize=(8, 4), layout="constrained")
    for axes, kind in zip(figure.subplots(1, 2), ("probabilities", "edges"), strict=True):
        axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for state, marker, colour in (("before", "o", "#E69F00"), ("after", "s", "#0072B2")):
            r = found[state][kind]
            known = r.counts > 0
            axes.plot(r.said[known], r.found[known], marker=marker, color=colour, label=f"{state}, error {r.error:.3f}")
        axes.set(title=f"{title}: {kind}", xlabel="said", ylabel="was so", xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.legend(loc="upper left", fontsize=8)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Fit on other folds, judge, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("study", type=Path)
    options.add_argument("training")
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--work", type=Path, default=Path(".work/studies"))
    options.add_argument("--docs", type=Path, default=Path(__file__).parents[2] / "docs")
    chosen = options.parse_args()
    study = Study.read(chosen.study)
    training = study.training(chosen.training)
    wanted = training.wanted
    folds = {
        row["case"]: int(row["fold"])
        for row in read_table(study.table)
        if (row["training"], row["config"]) == (training.name, training.config)
    }
    if len(set(folds.values())) < 2:
        options.error(f"{chosen.training} has fewer than two folds with its present settings; run them first")
    folder = study.predictions_folder(training, chosen.work)
    known = [case for case in study.cases(chosen.data) if case.name in folds]
    if missing := [case.name for case in known if not (folder / f"{case.name}_probabilities.nii.gz").is_file()]:
        options.error(f"{len(missing)} cases have no prediction in {folder}: run the study with --predictions")
    both = [
        seen(folder, case.name, folds[case.name], labels, loose_box(volume, labels, wanted), wanted)
        for case, (volume, labels) in zip(known, load_labelled(known, wanted.scheme), strict=True)
    ]
    cases, whole = ([pair[n] for pair in both] for n in (0, 1))
    others = by_other_folds(cases)
    found = dict(zip(STATES, (pooled(part, by) for part in (cases, whole) for by in (None, others)), strict=True))
    worth = kept(found)
    final = fitted(cases)
    final = final.model_copy(update={kind: Scaling() for kind, keep in worth.items() if not keep})
    name = f"{study.path.stem}_{chosen.training}_reliability"
    atomic_text(study.path.with_name(f"{name}.csv"), as_csv(found, float(np.nanmean([c.contour_error for c in cases]))))
    plot(found, f"{study.path.stem} {chosen.training}", chosen.docs / f"{name}.svg")
    for state, kinds in found.items():
        print(
            state,
            ", ".join(
                f"{kind}: calibration error {r.error:.4f} ({r.error_elsewhere:.4f} without first bin)"
                for kind, r in kinds.items()
            ),
        )
    print("kept:", ", ".join(kind for kind, keep in worth.items() if keep) or "nothing")
    said = f"{len(cases)} cases, each predicted by a model that had not seen it, within {NEAR_MM:g} mm of the border"
    final = final.model_copy(
        update={
            "fitted_on": said,
            "errors": {
                kind: round(found["after" if keep else "before"][kind].error, 4) for kind, keep in worth.items()
            },
        }
    )
    text = json.dumps({"config": training.config, **final.model_dump(mode="json")}, indent=2)
    atomic_text(study.path.with_name(f"{study.path.stem}_{chosen.training}_calibration.json"), text + "\n")
    print(text)


if __name__ == "__main__":
    main()
