"""What the papers claim against what their parts are worth here: with and without, at about the same processor time.

    python benchmarks/studies/run.py benchmarks/studies/claims.toml               train and score; resumable, hours
    python benchmarks/studies/run.py benchmarks/studies/claims_promise12.toml
    python benchmarks/studies/claims.py                                           the page, docs/evidence/claims.md

Of each case the mean over its organs, of each patient the mean over the cases; differences are paired by patient, their
95 % intervals by a bootstrap over patients, p by Wilcoxon's signed-rank test. A case in which one of the two missed an
organ has no distances: it counts as it is in DSC and surface Dice, is left out of ASD and HD95, and is counted under
"missed". One seed and one fold: an interval says what other patients may change, not what another training may. The
last table lists what was set for each training: steps, learning rate, weights and losses are not always the same.
Trainings that are not done yet are left out, and said.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import wilcoxon

from napari_boundaryseg.data.metrics import Metric
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.engine.evaluation import study_table
from napari_boundaryseg.engine.evaluation.study import Study

HERE = Path(__file__).parent
STUDIES = ("claims", "claims_promise12")
JUDGED = ("dsc", "border_dsc", "surface_dice", "asd_mm", "hd95_mm")
DRAWS = 10_000


@dataclass(frozen=True)
class Claim:
    """Two trainings, with a part of a paper and without it."""

    paper: str
    what: str
    taken: str
    instead: str


CLAIMS = (
    Claim("000", "semantic-guided module", "sgm", "sgm, unguided"),
    Claim("000", "a soft contour, against none", "sgm", "sgm, no contour"),
    Claim("000", "a soft contour, against a hard one", "sgm", "sgm, hard contour"),
    Claim("000", "SGM against scSE-UNet", "sgm", "scse-unet"),
    Claim("000", "SGM against a plain SegResNet", "sgm", "segresnet"),
    Claim("001", "edge losses", "bacnn", "bacnn, no edge losses"),
    Claim("001", "shape stream with its losses", "bacnn", "bacnn, no shape stream"),
    Claim("002", "high-resolution pathway", "hrdn", "dstnet"),
    Claim("002", "contour regression", "hmedn", "hrdn"),
    Claim("002", "both", "hmedn", "dstnet"),
    Claim("002", "pathway at stage 2, against 1", "hmedn", "hmedn, stage 1"),
    Claim("002", "pathway at stage 2, against 3", "hmedn", "hmedn, stage 3"),
    Claim("002", "pathway at stage 2, against 4", "hmedn", "hmedn, stage 4"),
    Claim("002", "HMEDN against a plain SegResNet", "hmedn", "segresnet"),
    Claim("003", "edge stream", "egcnn", "egcnn, no edge stream"),
    Claim("003", "edge stream, against a wider network", "egcnn", "egcnn, wider instead"),
    Claim("004", "boundary enhancement, weight 100", "dice, boundary enhancement 100", "dice"),
    Claim("004", "boundary enhancement, weight 1000", "dice, boundary enhancement 1000", "dice"),
    Claim("004", "boundary enhancement, weight 10000", "dice, boundary enhancement 10000", "dice"),
)

Scores = dict[str, dict[tuple[str, str], float]]
"""Of a training: metric to (patient, case) to the mean over organs; NaN where an organ has no value."""


def scores_of(study: Study) -> dict[str, Scores]:
    """The scores of every training with its present settings."""
    wanted = {training.name: training.config for training in study.trainings}
    cases: dict[tuple[str, str, str], list[study_table.Row]] = defaultdict(list)
    for row in study_table.read_table(study.table):
        if wanted.get(row["training"]) == row["config"]:
            cases[row["training"], row["group"], row["case"]].append(row)
    found: dict[str, Scores] = defaultdict(lambda: defaultdict(dict))
    for (training, group, case), rows in sorted(cases.items()):
        for metric in JUDGED:
            values = [math.nan if value is None else value for value in study_table.values(rows, metric)]
            found[training][metric][group, case] = float(np.mean(values))
    return found


def paired(taken: Scores, instead: Scores, metric: str) -> np.ndarray:
    """Differences of patients: the mean over each one's cases that both have, the first training minus the second."""
    a, b = taken[metric], instead[metric]
    changes: dict[str, list[float]] = defaultdict(list)
    for patient, case in sorted(a.keys() & b.keys()):
        if math.isfinite(change := a[patient, case] - b[patient, case]):
            changes[patient].append(change)
    return np.array([np.mean(of_patient) for of_patient in changes.values()])


def missed(scores: Scores) -> int:
    """Cases in which an organ was not found: it has no distance."""
    return sum(not math.isfinite(value) for value in scores["asd_mm"].values())


def interval(differences: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % of bootstrapped means."""
    picked = np.random.default_rng(seed).integers(0, len(differences), (DRAWS, len(differences)))
    low, high = np.quantile(differences[picked].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def verdict(low: float, high: float, metric: Metric) -> str:
    """Whether the interval leaves out 0, and on which side."""
    if low <= 0 <= high:
        return "no difference shown"
    return "better" if (low > 0) == (metric.better == "higher") else "worse"


def compared(found: dict[str, Scores]) -> list[str]:
    """A row for each claim of which both trainings are done."""
    metrics = {metric.name: metric for metric in study_table.scored()}
    head = ["paper", "what", "patients", *(metrics[name].heading for name in JUDGED), "missed", "surface Dice", "p"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for claim in CLAIMS:
        if claim.taken not in found or claim.instead not in found:
            continue
        cells, said, p, patients = [], "", 1.0, 0
        for name in JUDGED:
            changes = paired(found[claim.taken], found[claim.instead], name)
            low, high = interval(changes)
            cells.append(f"{changes.mean():+.3f} [{low:+.3f}, {high:+.3f}]")
            if name == "surface_dice":
                said, patients = verdict(low, high, metrics[name]), len(changes)
                p = float(wilcoxon(changes).pvalue) if changes.any() else 1.0
        cells.append(f"{missed(found[claim.taken])}, {missed(found[claim.instead])}")
        lines.append(f"| {claim.paper} | {claim.what} | {patients} | {' | '.join(cells)} | {said} | {p:.3f} |")
    return lines


def settings(study: Study) -> list[str]:
    """What was set for each training of a study."""
    lines = ["| training | steps | learning rate | weights and arguments | losses |", "|---|---|---|---|---|"]
    for training in study.trainings:
        wanted = training.wanted
        losses = ", ".join(f"{weight:g} {name}" for name, weight in wanted.losses.items())
        arguments = ", ".join(f"{name} {value}" for name, value in wanted.network_arguments.items())
        lines.append(
            f"| {training.name} | {wanted.steps} | {wanted.optimiser.lr:g} | {wanted.network}: {arguments} | {losses} |"
        )
    return lines


def plot(found: dict[str, Scores], title: str, path: Path) -> None:
    """Surface Dice of every case, sorted, a line for each training."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = title
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for n, (training, scores) in enumerate(found.items()):
        values = sorted(scores["surface_dice"].values())
        axes.plot(values, label=training, linewidth=1.2, color=mpl.colormaps["tab20"](n % 20))
    axes.set(title=title, xlabel="cases, each line sorted for itself", ylabel="surface Dice")
    axes.legend(fontsize=7, loc="lower right")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Write the page from what is there."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--docs", type=Path, default=HERE.parents[1] / "docs" / "evidence")
    chosen = options.parse_args()
    chosen.docs.mkdir(parents=True, exist_ok=True)
    told = (__doc__ or "").partition("evidence/claims.md\n")[2].strip()
    page = ["# What the papers claim, and what it is worth here", "", told, ""]
    for name in STUDIES:
        study = Study.read(HERE / f"{name}.toml")
        found = scores_of(study)
        rows = [row for row in study_table.read_table(study.table) if row["training"] in found]
        left = [training.name for training in study.trainings if training.name not in found]
        page += [f"## {study.data}", "", "```sh", f"python benchmarks/studies/run.py benchmarks/studies/{name}.toml"]
        page += ["python benchmarks/studies/claims.py", "```", ""]
        page += [f"Not trained yet: {', '.join(left)}.", ""] if left else []
        if found:
            plot(found, f"{study.data}, cases that no model had seen", chosen.docs / f"{name}.svg")
            page += [
                *compared(found),
                "",
                f"![Sorted scores]({name}.svg)",
                "",
                study_table.as_markdown(rows),
                "",
                *settings(study),
                "",
            ]
    atomic_text(chosen.docs / "claims.md", "\n".join(page))
    print("\n".join(page))


if __name__ == "__main__":
    main()
