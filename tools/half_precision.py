"""Measure in which of the shipped models bfloat16 leaves the labels as they are; writes `backends.half.TABLE`.

    python tools/half_precision.py                the models whose weights have no row yet
    python tools/half_precision.py --again        all of them

Of each organ the least Dice between its labels in float32 and in bfloat16, of a few scans in which it is found:
whole predictions with post-processing, in bfloat16 by PyTorch, and by OpenVINO where it is installed and the processor
has bfloat16. PyTorch computes it on others all the same, only slowly.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

from shipped_models import MODELS, Pair, Shipped

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.datasets import load_labelled
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.checkpoints.model_library import WEIGHTS
from napari_boundaryseg.engine.evaluation.study import loose_box
from napari_boundaryseg.engine.inference.backends import half
from napari_boundaryseg.engine.inference.backends.choice import Wanted
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom import brain, pelvis

COLUMNS = ("model", "sha256", "precision", "organ", "cases", "dice")
CASES = 5


def scans(model: Shipped, data: Path) -> Iterator[Pair]:
    """A few of the kind that the model is for."""
    kind = model.wanted.synthetic
    if model.own is not None:
        yield from model.own(data)
    elif model.data:
        yield from load_labelled(model.cases(data, "val")[:CASES], model.wanted.scheme)
    elif kind == "brain":
        yield from (brain(seed, (74, 86, 70), 2.0, varied=True) for seed in range(9000, 9000 + CASES))
    else:
        yield from (pelvis(seed, difficulty="standard") for seed in range(9000, 9000 + CASES))


def dice_of(
    model: LoadedModel, cases: list[tuple[Any, Box | None]], precision: half.Precision, backend: Wanted
) -> dict[str, list[float]]:
    """Of each organ in the cases in which either finds some of it.

    Raises
    ------
    InputError
        Where the backend cannot compute this model.
    """
    unwatched = {(model.sha256, precision): dict.fromkeys(model.card.recipe.scheme.names, (1.0, half.ENOUGH_CASES))}
    found: dict[str, list[float]] = {organ.name: [] for organ in model.card.recipe.scheme.organs}
    full = Predictor(model, "cpu", backend="torch")
    other = Predictor(model, "cpu", backend=backend, precision=precision)
    with mock.patch.object(half, "measured", lambda: unwatched):
        for scan, box in cases:
            one, two = (p.segment(scan, box=box, whole=box is None, any_modality=True).labels for p in (full, other))
            rows = evaluate(two, one)
            for organ in one.scheme.organs:
                if one.mask(organ.id).any() or two.mask(organ.id).any():
                    found[organ.name].append(float(rows[organ.name]["dsc"]))
    return found


def main() -> None:
    """Measure what is missing, and write the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--again", action="store_true", help="every model")
    chosen = options.parse_args()
    before = [] if chosen.again or not half.TABLE.is_file() else list(csv.DictReader(half.TABLE.open(encoding="utf-8")))
    rows: list[dict[str, Any]] = []
    for name, shipped in sorted(MODELS.items()):
        path = WEIGHTS / f"{name}.safetensors"
        if not path.is_file():
            continue
        model = load_model(path)
        known = [row for row in before if row["sha256"] == model.sha256]
        if known:
            rows += known
            continue
        recipe = model.card.recipe
        cases = [(scan, loose_box(scan, labels, recipe)) for scan, labels in islice(scans(shipped, chosen.data), CASES)]
        found = dice_of(model, cases, "bf16", "torch")
        with suppress(InputError):
            for organ, more in dice_of(model, cases, "bf16", "openvino").items():
                found[organ] = sorted([*found[organ], *more])[: len(found[organ])]
        for organ, dice in found.items():
            least = f"{min(dice):.5f}" if dice else ""
            values = (name, model.sha256, "bf16", organ, len(dice), least)
            rows.append(dict(zip(COLUMNS, values, strict=True)))
            print(*values, flush=True)
        keep(rows)


def keep(rows: list[dict[str, Any]]) -> None:
    """Write the table."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    atomic_text(half.TABLE, text.getvalue())


if __name__ == "__main__":
    main()
