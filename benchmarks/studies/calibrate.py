"""How far the out-of-fold numbers of a study can be taken at their word near the border, before and after calibration.

    python benchmarks/studies/run.py benchmarks/studies/sarcoma.toml --predictions
    python benchmarks/studies/calibrate.py benchmarks/studies/sarcoma.toml sgm
    python benchmarks/studies/calibrate.py benchmarks/studies/real_pelvis.csv sgm      each man a fold

For each fold, scales and shift are fitted on the cases of the other folds and judged on its own: no case judges the
numbers that were fitted on it. Voxels within 5 mm of the reference border are judged. Those farther away count in the
fit too, together so many times as much as those near it: as little as it takes (of a few shares) for the error over the
whole box not to rise; all cases choose that. What is fitted is not kept for the card where it rises all the same, nor,
for probabilities, where anything is said at all (without the first bin).

Writes `STUDY_TRAINING_reliability.csv` beside the study (bins, expected calibration error, and the mean distance of the
contour maps to what they were taught), `STUDY_TRAINING_calibration.json`, which is fitted on all folds, for the card of
the model that ships, and a plot in `docs/`.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import nibabel as nib
import numpy as np
import real_pelvis

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.contour_targets import contour_targets
from napari_boundaryseg.data.datasets import load_labelled
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.checkpoints.card import Calibration, Scaling
from napari_boundaryseg.engine.evaluation.study import Study, Training, loose_box
from napari_boundaryseg.engine.evaluation.study_table import read_table
from napari_boundaryseg.engine.inference.assembling.calibration import rescaled, tempered
from napari_boundaryseg.engine.inference.assembling.reliability import (
    NEAR_MM,
    Reliability,
    border,
    fit_scaling,
    fit_temperature,
    near_border,
    reliability,
)
from napari_boundaryseg.engine.recipes.recipe import Recipe

STATES = ("before", "after", "before, whole box", "after, whole box")
FAR_SHARES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0)
"""How much the voxels farther than 5 mm from the border may count together, against those that are nearer."""
ONE_IN = 8
"""Of the voxels far from borders one in so many is fitted on; all are judged."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One case: probabilities (classes, n), classes, edges, borders and what is near one (n,), contour error there."""

    fold: int
    probabilities: np.ndarray
    classes: np.ndarray
    edges: np.ndarray
    borders: np.ndarray
    near: np.ndarray
    contour_error: float

    @cached_property
    def close(self) -> Seen:
        """Its voxels near the border."""
        return self._only(self.near)

    @cached_property
    def thinned(self) -> Seen:
        """What is fitted on: its voxels near the border, and of the others one in so many."""
        taken = self.near.copy()
        taken[np.flatnonzero(~self.near)[::ONE_IN]] = True
        return self._only(taken)

    def _only(self, taken: np.ndarray) -> Seen:
        values = {name: getattr(self, name)[taken] for name in ("classes", "edges", "borders", "near")}
        return replace(self, probabilities=self.probabilities[:, taken], **values)


def seen(folder: Path, case: str, fold: int, labels: LabelMap, box: Box | None, wanted: Recipe) -> Seen:
    """The voxels of one case, of the box that the model was given."""
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
    return Seen(
        fold,
        maps["probabilities"][inside].T,
        classes,
        maps["edges"][inside],
        border(labels)[inside],
        near[inside],
        float(np.mean(errors)) if errors else float("nan"),
    )


def fitted(cases: list[Seen], far: Mapping[str, float]) -> Calibration:
    """Scale of the probabilities, scales and shift of the edges, with what far voxels count for each."""
    counted = [case.thinned for case in cases]
    near, edges, borders = (
        np.concatenate([getattr(c, name) for c in counted]) for name in ("near", "edges", "borders")
    )
    beyond = near.sum() / max((~near).sum(), 1)
    weights = {kind: np.where(near, 1.0, share * beyond) for kind, share in far.items()}
    probabilities, classes = ([getattr(case, name) for case in counted] for name in ("probabilities", "classes"))
    return Calibration(
        probabilities=fit_temperature(probabilities, classes, weights["probabilities"]),
        edges=fit_scaling(edges, borders, weights["edges"]),
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


def by_other_folds(cases: list[Seen], far: Mapping[str, float]) -> dict[int, Calibration]:
    """For each fold what was fitted on the cases of all others."""
    folds = sorted({case.fold for case in cases})
    return {fold: fitted([case for case in cases if case.fold != fold], far) for fold in folds}


def judged(cases: list[Seen], far: Mapping[str, float]) -> dict[str, dict[str, Reliability]]:
    """Reliability in all states, each fold put right by the others."""
    others = by_other_folds(cases, far)
    parts = ([case.close for case in cases], cases)
    return dict(zip(STATES, (pooled(part, by) for part in parts for by in (None, others)), strict=True))


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


def of_study(chosen: argparse.Namespace) -> tuple[Training, list[Seen]]:
    """The out-of-fold predictions of a study."""
    study = Study.read(chosen.study)
    training = study.training(chosen.training)
    wanted = training.wanted
    folds = {
        row["case"]: int(row["fold"])
        for row in read_table(study.table)
        if (row["training"], row["config"]) == (training.name, training.config)
    }
    folder = study.predictions_folder(training, chosen.work)
    known = [case for case in study.cases(chosen.data) if case.name in folds]
    _all_predicted(folder, [case.name for case in known])
    loaded = zip(known, load_labelled(known, wanted.scheme), strict=True)
    return training, [
        seen(folder, case.name, folds[case.name], labels, loose_box(volume, labels, wanted), wanted)
        for case, (volume, labels) in loaded
    ]


def of_men(chosen: argparse.Namespace) -> tuple[Training, list[Seen]]:
    """The men of `real_pelvis.py` on whom every organ was drawn; each was predicted by a model of his own."""
    training = real_pelvis.TRAININGS[chosen.training]
    folder = real_pelvis.predictions_folder(training, chosen.work)
    organs, men = len(training.wanted.scheme.organs), real_pelvis.men(chosen.data)
    known = [(n, case) for n, case in enumerate(men) if len(case.organs) == organs]
    _all_predicted(folder, [case.name for _, case in known])
    return training, [
        seen(folder, case.name, n, labels, None, training.wanted)
        for (n, case), (_, labels) in zip(known, real_pelvis.pairs([case for _, case in known]), strict=True)
    ]


def _all_predicted(folder: Path, names: list[str]) -> None:
    if missing := [name for name in names if not (folder / f"{name}_probabilities.nii.gz").is_file()]:
        raise SystemExit(f"{len(missing)} cases have no prediction in {folder}: run the study with --predictions")


def main() -> None:
    """Fit on other folds, judge, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("study", type=Path)
    options.add_argument("training")
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--work", type=Path, default=Path(".work/studies"))
    options.add_argument("--docs", type=Path, default=Path(__file__).parents[2] / "docs")
    chosen = options.parse_args()
    training, cases = (of_men if chosen.study.stem == real_pelvis.TABLE.stem else of_study)(chosen)
    if len({case.fold for case in cases}) < 2:
        options.error(f"{chosen.training} has fewer than two folds with its present settings; run them first")
    far = dict.fromkeys(("probabilities", "edges"), FAR_SHARES[0])
    found: dict[str, dict[str, Reliability]] = {}
    worth: dict[str, bool] = {}
    for share in FAR_SHARES:
        far.update({kind: share for kind in far if not worth.get(kind)})
        found = judged(cases, far)
        worth = kept(found)
        for state, kinds in found.items():
            words = (f"{kind} ({far[kind]:g}) {r.error:.4f}, {r.error_elsewhere:.4f}" for kind, r in kinds.items())
            print(f"{state}: " + "; ".join(words), flush=True)
        if all(worth.values()):
            break
    print("(in brackets what voxels far from borders count; the error, and without its first bin)")
    final = fitted(cases, far).model_copy(update={kind: Scaling() for kind, keep in worth.items() if not keep})
    name = f"{chosen.study.stem}_{chosen.training}"
    text = as_csv(found, float(np.nanmean([case.contour_error for case in cases])))
    atomic_text(chosen.study.with_name(f"{name}_reliability.csv"), text)
    plot(found, f"{chosen.study.stem} {chosen.training}", chosen.docs / f"{name}_reliability.svg")
    print("kept:", ", ".join(kind for kind, keep in worth.items() if keep) or "nothing")
    shares = ", ".join(f"{far[kind]:g} times as much for {kind}" for kind, keep in worth.items() if keep)
    said = f"{len(cases)} cases, each predicted by a model that had not seen it, within {NEAR_MM:g} mm of the border"
    said += f"; voxels farther away counted together {shares}" if any(far.values()) and shares else ""
    final = final.model_copy(
        update={
            "fitted_on": said,
            "errors": {
                kind: round(found["after" if keep else "before"][kind].error, 4) for kind, keep in worth.items()
            },
        }
    )
    text = json.dumps({"config": training.config, **final.model_dump(mode="json")}, indent=2)
    atomic_text(chosen.study.with_name(f"{name}_calibration.json"), text + "\n")
    print(text)


if __name__ == "__main__":
    main()
