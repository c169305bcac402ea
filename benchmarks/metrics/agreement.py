"""The metrics beside MONAI, SimpleITK and DeepMind's surface-distance, on shapes that can be counted and on patients.

    pip install surface-distance        (only for the third; without it its column stays empty)
    python benchmarks/metrics/agreement.py ../shared/data/hippocampus

On the check set of `boundaryseg selftest`, and on the held-out hippocampi as `hippocampus-hmedn`, which never saw them,
finds them. Writes agreement.csv beside this file, a value a line, and the table into docs/evidence/metrics.md.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from evidence_page import into_page
from other_libraries import Values, by_monai, by_simpleitk, by_surface_distance

from napari_boundaryseg.data.datasets import load_case, read_dataset
from napari_boundaryseg.data.metrics import compare_masks
from napari_boundaryseg.data.metrics.selftest.check import known_answers
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES

TABLE = Path(__file__).with_suffix(".csv")
LIBRARIES = {"MONAI": by_monai, "SimpleITK": by_simpleitk, "surface-distance": by_surface_distance}
TOLERANCE_MM = 0.5
SHAPES, PATIENTS = "check set", "hippocampus"
Row = dict[str, str]


def main() -> None:
    """Compute or read the values, and write the page's table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="the folder of the hippocampi; without it agreement.csv is read")
    folder = parser.parse_args().data
    if folder:
        rows = [*shapes(), *patients(folder)]
        with TABLE.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    with TABLE.open() as file:
        into_page("agreement", as_markdown(list(csv.DictReader(file))))


def shapes() -> Iterator[Row]:
    """The check set, where both masks hold the organ."""
    for answer in known_answers():
        for organ in answer.expected:
            a, b = answer.prediction == organ, answer.reference == organ
            if a.any() and b.any():
                yield from compared(SHAPES, answer.name, organ, a, b, answer.spacing_mm, answer.tolerance_mm)


def patients(folder: str) -> Iterator[Row]:
    """The held-out cases, numbered."""
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    from napari_boundaryseg.engine.inference.predictor import Predictor

    model = load_model("hippocampus-hmedn")
    predictor = Predictor(model, "cpu")
    held = [case for case in read_dataset(folder) if case.split == "val"]
    for n, case in enumerate(held, start=1):
        scan, labels = load_case(case, model.card.recipe.scheme)
        assert scan is not None
        assert labels is not None
        found = predictor.predict(scan, attention=False).labels.array
        for organ in (1, 2):
            a, b = found == organ, labels.array == organ
            yield from compared(PATIENTS, str(n), organ, a, b, labels.spacing_mm, TOLERANCE_MM)


def compared(
    data: str, case: str, organ: int, a: np.ndarray, b: np.ndarray, spacing_mm: tuple[float, float, float], mm: float
) -> Iterator[Row]:
    """A row for each metric."""
    ours = compare_masks(a, b, spacing_mm, mm, also=AT_TOLERANCES)
    theirs: dict[str, Values] = {name: by(a, b, spacing_mm, mm) for name, by in LIBRARIES.items() if there(name)}
    cut = any(mask.take(end, axis).any() for mask in (a, b) for axis in range(3) for end in (0, -1))
    for metric in theirs["SimpleITK"]:
        others = {name: theirs[name][metric] if metric in theirs.get(name, {}) else None for name in LIBRARIES}
        figures = {"ours": ours[metric], **others}
        said = {name: "" if value is None else f"{value:.9g}" for name, value in figures.items()}
        yield {"data": data, "case": case, "organ": str(organ), "cut": str(int(cut)), "metric": metric, **said}


def there(library: str) -> bool:
    """Whether it can be imported."""
    return library != "surface-distance" or importlib.util.find_spec("surface_distance") is not None


def as_markdown(rows: list[Row]) -> str:
    """For each metric, how far each library is from ours."""
    lines = [
        "| metric | data | n | MONAI, largest | SimpleITK, largest | surface-distance, mean [least, most] |",
        "|---|---|---|---|---|---|",
    ]
    for metric in dict.fromkeys(row["metric"] for row in rows):
        for data in (SHAPES, PATIENTS):
            of = [row for row in rows if row["metric"] == metric and row["data"] == data]
            inside = [row for row in of if row["cut"] == "0"]
            cells = [_largest(inside, "MONAI"), _largest(of, "SimpleITK"), _spread(of, "surface-distance")]
            lines.append(f"| `{metric}` | {data} | {len(of)} ({len(inside)}) | {' | '.join(cells)} |")
    return "\n".join(lines)


def _apart(rows: list[Row], library: str) -> np.ndarray:
    return np.array([float(row[library]) - float(row["ours"]) for row in rows if row[library]])


def _largest(rows: list[Row], library: str) -> str:
    found = _apart(rows, library)
    return f"{np.abs(found).max():.1g}" if len(found) else ""


def _spread(rows: list[Row], library: str) -> str:
    found = _apart(rows, library)
    return f"{found.mean():+.3f} [{found.min():+.3f}, {found.max():+.3f}]" if len(found) else ""


if __name__ == "__main__":
    main()
