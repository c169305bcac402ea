"""Whether the queue of arcs shows first what is wrong, on cases that the models had not seen.

    python benchmarks/review/unseen.py hippocampus hippocampus-hmedn
    python benchmarks/review/arcs.py hippocampus hippocampus-hmedn
    python benchmarks/review/arcs.py sarcoma sarcoma-t1 --predictions FOLDER    of ``studies/run.py --predictions``
    python benchmarks/review/arcs.py                                            the page, and rankings.csv

An arc is wrong where its mean distance to the reference's border in the slice is more than the tolerance. Writes
`arcs_SET_MODEL.csv` beside this file: of each patient, organ and score how well wrong arcs come before right ones
(AUROC), and how much of the summed error lies on the worst fifth of the length, beside a perfect order. And
`empty_slices_SET_MODEL.csv`: of each slice that is listed for being empty, whether the reference has the organ there.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from arc_figures import auroc, error_share, off_mm
from arc_runs import ALL, RANKED
from arcs_page import write_page
from set_options import chosen
from unseen import Found, Task, read

from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.empty_slices import empty_slices
from napari_boundaryseg.review.arcs.measures import MEASURES, measured
from napari_boundaryseg.review.arcs.rankings import proven

HERE = Path(__file__).parent
FITTED_ON = ("doubt", "entropy", "width", "gradient", "jump", "bend")
ROUND_MM = 0.3
"""Distances are fitted by their logarithm, with so much more."""


@dataclass(frozen=True, eq=False)
class Judged:
    """The arcs of one scan: organ, length, how far off, and every measure, (n,) each; and the empty slices beside them.

    Parameters
    ----------
    empty : list of (organ, mm of the reference's border there times its error)
    """

    patient: str
    names: dict[int, str]
    organ: np.ndarray
    length: np.ndarray
    off: np.ndarray
    measures: dict[str, np.ndarray]
    empty: list[tuple[int, float]]


@dataclass(frozen=True, eq=False)
class Turned:
    """A scan with its slices first, as the room of arcs takes it."""

    labels: np.ndarray
    wanted: np.ndarray
    probabilities: np.ndarray
    image: np.ndarray
    spacing_mm: tuple[float, float, float]
    classes: tuple[int, ...]
    organs: dict[int, str]

    @classmethod
    def of(cls, found: Found, task: Task) -> Turned:
        """Along the axes of the task."""
        turned = AxisMap(found.wanted.affine, found.wanted.array.shape, task.axes)
        arrays = (found.found.array, found.wanted.array, found.probabilities, found.volume.array)
        labels, wanted, probabilities, image = (np.ascontiguousarray(turned.to_axes(array)) for array in arrays)
        organs = {organ.id: organ.name for organ in found.wanted.scheme.organs}
        classes = (0, *found.found.scheme.ids)
        return cls(labels, wanted, probabilities, image, turned.new_spacing_mm, classes, organs)


def judged(found: Found, task: Task) -> Judged:
    """Measure the arcs of one scan, and how far off they are."""
    scan = Turned.of(found, task)
    arcs = cut(scan.labels, scan.organs, scan.spacing_mm, 0, task.arc_mm)
    maps = {"probabilities": scan.probabilities, "classes": scan.classes}
    values = measured(arcs, scan.labels, task.tolerance_mm, image=scan.image, **maps)  # type: ignore[arg-type]
    empty = []
    for one in empty_slices(scan.labels, scan.organs, 0):
        there = scan.wanted[one.slice] == one.organ
        missed = cut(there[None], [1], scan.spacing_mm, 0, task.arc_mm)
        error = sum(arc.length_mm for arc in missed) * 10.0
        empty.append((one.organ, error))
    lengths, organs = np.array([arc.length_mm for arc in arcs]), np.array([arc.organ for arc in arcs])
    return Judged(found.patient, scan.organs, organs, lengths, off_mm(arcs, scan.wanted), values, empty)


def ridge(features: np.ndarray, wanted: np.ndarray, strength: float = 3.0) -> Iterator[np.ndarray]:
    """Weights of standardised features and their squares; then what standardises them."""
    mean, sd = features.mean(axis=0), features.std(axis=0) + 1e-9
    design = expanded(features, mean, sd)
    yield np.linalg.solve(design.T @ design + strength * np.eye(design.shape[1]), design.T @ wanted)
    yield mean
    yield sd


def expanded(features: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Features, their squares, one."""
    z = (features - mean) / sd
    return np.concatenate([z, np.clip(z, -3, 3) ** 2, np.ones((len(z), 1))], axis=1)


def with_fitted(cases: list[Judged]) -> None:
    """Add the fitted score, of each patient by a ridge regression on all others."""
    features = [np.stack([case.measures[name] for name in FITTED_ON], axis=1) for case in cases]
    for n, case in enumerate(cases):
        others = [m for m, other in enumerate(cases) if other.patient != case.patient]
        wanted = np.log(ROUND_MM + np.concatenate([cases[m].off for m in others]))
        weights, mean, sd = ridge(np.concatenate([features[m] for m in others]), wanted)
        case.measures["fitted"] = expanded(features[n], mean, sd) @ weights


def rows(which: str, model: str, cases: list[Judged], tolerance_mm: float) -> Iterator[dict[str, object]]:
    """One row for each patient, organ and score; the scans of a patient together."""
    for patient in dict.fromkeys(case.patient for case in cases):
        own = [case for case in cases if case.patient == patient]
        names = own[0].names
        ranked = [organ for organ, name in names.items() if name in proven(model, names.values())]
        groups = {ALL: list(names), **({RANKED: ranked} if ranked and len(ranked) < len(names) else {})}
        for group, organs in {**groups, **{name: [organ] for organ, name in names.items()}}.items():
            taken = [np.isin(case.organ, organs) for case in own]
            off, length = (
                np.concatenate([getattr(case, part)[mask] for case, mask in zip(own, taken, strict=True)])
                for part in ("off", "length")
            )
            if not len(off):
                continue
            missed = sum(error for case in own for one, error in case.empty if one in organs)
            same: dict[str, object] = {
                "set": which,
                "model": model,
                "patient": patient,
                "organ": group,
                "arcs": len(off),
                "border_mm": round(float(length.sum())),
                "wrong": round(wrong(off, length, tolerance_mm), 4),
                "oracle": round(error_share(off, off, length), 4),
                "on_empty": round(missed / max(missed + float((off * length).sum()), 1e-9), 4),
            }
            for score in (*MEASURES, "fitted"):
                values = np.concatenate([case.measures[score][mask] for case, mask in zip(own, taken, strict=True)])
                found = auroc(values, off > tolerance_mm)
                figure = "" if np.isnan(found) else round(found, 4)
                yield {**same, "score": score, "auroc": figure, "share": round(error_share(values, off, length), 4)}


def empty_rows(which: str, model: str, cases: list[Judged]) -> Iterator[dict[str, object]]:
    """One row for each slice that is listed."""
    for case in cases:
        for organ, error in case.empty:
            same = {"set": which, "model": model, "patient": case.patient, "organ": case.names[organ]}
            yield {**same, "missed": int(error > 0)}


def write_table(name: str, found: Iterable[dict[str, object]]) -> None:
    """A CSV beside this file."""
    several, text = list(found), io.StringIO()
    table = csv.DictWriter(text, list(several[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(several)
    atomic_text(HERE / name, text.getvalue())


def wrong(off: np.ndarray, length: np.ndarray, tolerance_mm: float) -> float:
    """Part of the length that is off by more."""
    return float(length[off > tolerance_mm].sum() / length.sum())


def main() -> None:
    """Measure one set, or make the page of all."""
    if sys.argv[1:]:
        asked = chosen(__doc__)
        cases = [judged(found, asked.task) for found in read(asked.set, asked.data, asked.folder)]
        cases = [case for case in cases if len(case.off)]
        if len({case.patient for case in cases}) < 3:
            sys.exit(f"{asked.folder} has result files of fewer than three patients")
        with_fitted(cases)
        write_table(f"arcs_{asked.file}", rows(asked.set, asked.model, cases, asked.task.tolerance_mm))
        write_table(f"empty_slices_{asked.file}", empty_rows(asked.set, asked.model, cases))
    write_page()


if __name__ == "__main__":
    main()
