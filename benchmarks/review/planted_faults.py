"""Which faults the contour rules find in expert labels, and what they say of labels that are as the experts left them.

    OMP_NUM_THREADS=1 python benchmarks/review/planted_faults.py DATA --sweep   # what limits cost on the setting half
    OMP_NUM_THREADS=1 python benchmarks/review/planted_faults.py DATA           # figures, docs/evidence/rules.md

DATA is the folder with ``hippocampus``, ``sarcoma_t1`` and ``prostate_label_maps``. What is planted, where, and which
rules have to find it, is fixed in ``planted_faults.toml``. Every patient belongs to one of two halves (`half_of`).
Limits are set on one, with the other cases of that half as accepted ones; the other half judges them, with all cases
of the first as accepted ones.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tomllib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from expert_labels import Case, cases  # noqa: E402
from faults import PLANT, Canvas, Fault  # noqa: E402
from rules_report import write_report  # noqa: E402

from napari_boundaryseg.review.rules.accepted import CaseMeasures  # noqa: E402
from napari_boundaryseg.review.rules.check import check, measures  # noqa: E402
from napari_boundaryseg.review.rules.finding import Finding  # noqa: E402
from napari_boundaryseg.review.rules.limits import Limits  # noqa: E402

SWEEP: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "island_ml": (("islands",), (0.005, 0.01, 0.02, 0.05)),
    "specks_ml": (("islands",), (0.0, 0.005, 0.01, 0.02)),
    "jump_px": (("odd-slices",), (0.3, 0.4, 0.5, 0.6, 0.8)),
    "jump_tolerances": (("odd-slices",), (0.15, 0.25, 0.3, 0.4, 0.5)),
    "shift_share": (("odd-slices",), (0.4, 0.5, 0.6, 0.8, 1.0)),
    "copied_px": (("copied-slices",), (0.1, 0.2, 0.3, 0.4, 0.5)),
    "rough_share": (("rough-borders",), (0.15, 0.2, 0.25, 0.3, 0.35)),
    "end_confidence": (("flat-ends",), (0.9, 0.95, 0.98, 0.99, 0.998)),
    "volume_confidence": (("volume", "volume-ratio", "gaps"), (0.8, 0.9, 0.95, 0.98, 0.99)),
    "place_confidence": (("wrong-side", "place"), (0.9, 0.95, 0.98, 0.99, 0.998)),
    "gap_share": (("gaps",), (0.15, 0.25, 0.35, 0.5)),
    "nothing_ml": (("nearly-nothing",), (0.02, 0.03, 0.05, 0.1)),
}
"""For each limit the rules that it belongs to, and values to look at."""


@dataclass(frozen=True)
class Study:
    """The cases of one half, and what is accepted when one of them is checked."""

    half: str
    cases: tuple[Case, ...]
    accepted: tuple[tuple[Case, CaseMeasures], ...]

    def known(self, case: Case) -> list[CaseMeasures]:
        """Measures of accepted cases of other patients of the same set."""
        return [m for one, m in self.accepted if one.set_name == case.set_name and one.patient != case.patient]

    def findings(
        self, case: Case, fault: Fault | None = None, limits: Limits | None = None, only: Sequence[str] | None = None
    ) -> tuple[Finding, ...]:
        """What the rules say of a case as it is, or with a fault."""
        return check(
            case.labels if fault is None else fault.labels,
            axis=case.axis,
            accepted=self.known(case),
            beside=() if fault is None else fault.beside,
            only=only,
            limits=limits,
        )


def studies(root: Path) -> tuple[Study, Study]:
    """The half on which limits are set, and the one that judges."""
    all_ = tuple(cases(root))
    accepted = tuple((case, measures(case.labels, axis=case.axis)) for case in all_ if case.half == "set")
    return (
        Study("set", tuple(case for case in all_ if case.half == "set"), accepted),
        Study("judge", tuple(case for case in all_ if case.half == "judge"), accepted),
    )


def plant(study: Study, table: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Case, Fault]]:
    """Every fault of the table, each in another patient as long as there are."""
    for number, row in enumerate(table["fault"]):
        for set_name in row.get("sets", table["sets"]):
            seed = [table["seed"], number, zlib.crc32(f"{set_name}/{study.half}".encode())]
            rng = np.random.default_rng(seed)
            size = row["size"].get(set_name, row["size"])
            own = [case for case in study.cases if case.set_name == set_name]
            planted = 0
            for _ in range(50):
                for at in rng.permutation(len(own)).tolist():
                    fault = _in(own[at], row["plant"], size, rng) if planted < row["n"] else None
                    if fault is not None:
                        planted += 1
                        yield row, own[at], fault
                if planted == row["n"]:
                    break
            if planted < row["n"]:
                raise RuntimeError(f"{row['kind']}: only {planted} of {row['n']} fit into {set_name}")


def _in(case: Case, plant_name: str, size: dict[str, Any], rng: np.random.Generator) -> Fault | None:
    """A fault in an organ of a case by the toss of a coin, or in the other where it does not fit."""
    drawn = [name for name, ml in case.labels.volumes_ml().items() if ml > 0.1]
    for organ in rng.permutation(drawn).tolist():
        fault = PLANT[plant_name](Canvas(case.labels, organ, case.axis, rng), size)
        if fault is not None:
            return fault
    return None


def is_found(row: dict[str, Any], case: Case, fault: Fault, new: Sequence[Finding]) -> bool:
    """Whether a finding of the right rule names the organ and the place."""
    mine = [one for one in new if one.rule in row["found_by"] and fault.organ in one.organs]
    if row["place"] == "organ":
        return bool(mine)
    if row["place"] == "slice":
        return any(min(abs(one.voxel[case.axis] - s) for s in fault.slices) <= 1 for one in mine)
    assert fault.region is not None
    near = ndimage.binary_dilation(fault.region, np.ones((3, 3, 3)))
    return any(near[one.voxel] for one in mine)


def judged(study: Study, table: dict[str, Any], limits: Limits | None = None) -> list[dict[str, Any]]:
    """One row for each fault."""
    before = {case.name: {one.identity for one in study.findings(case, limits=limits)} for case in study.cases}
    rows = []
    for row, case, fault in plant(study, table):
        new = [one for one in study.findings(case, fault, limits) if one.identity not in before[case.name]]
        rows.append(
            {
                "half": study.half,
                "set": case.set_name,
                "kind": row["kind"],
                "what": row["what"],
                "barred": row.get("barred", True),
                "case": case.name,
                "patient": case.patient,
                "organ": fault.organ,
                "slice": fault.slices[0] + 1,
                "found": is_found(row, case, fault, new),
                "said": "; ".join(sorted({one.rule for one in new})),
            }
        )
    return rows


def untouched(study: Study, limits: Limits | None = None) -> list[dict[str, Any]]:
    """One row for each finding in labels as the experts left them, and one without a rule for a case without any."""
    rows = []
    for case in study.cases:
        about = {"half": study.half, "set": case.set_name, "case": case.name, "patient": case.patient}
        found = study.findings(case, limits=limits)
        for one in found:
            rows.append({**about, "rule": one.rule, "value": f"{one.value:.4g}", "sentence": one.sentence})
        if not found:
            rows.append({**about, "rule": "", "value": "", "sentence": ""})
    return rows


def sweep(study: Study, table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What each limit costs when it is moved alone: faults of its rules found, and findings on untouched labels."""
    for name, (only, values) in SWEEP.items():
        asked = [(row, case, fault) for row, case, fault in plant(study, table) if {*only} & {*row["found_by"]}]
        asked = [entry for entry in asked if entry[0].get("barred", True)]
        for value in values:
            limits = replace(Limits(), **{name: value})  # type: ignore[arg-type]
            before = {case.name: study.findings(case, None, limits, only) for case in study.cases}
            known = {name: {one.identity for one in found} for name, found in before.items()}
            hits = 0
            for row, case, fault in asked:
                found = study.findings(case, fault, limits, only)
                hits += is_found(row, case, fault, [one for one in found if one.identity not in known[case.name]])
            about = {"limit": name, "value": value, "chosen": value == getattr(Limits(), name)}
            counts: dict[str, float] = {"n": len(asked), "found": hits}
            for set_name in table["sets"]:
                own = [case.name for case in study.cases if case.set_name == set_name]
                counts[f"findings per case, {set_name}"] = round(sum(len(before[one]) for one in own) / len(own), 3)
            yield {**about, **counts}


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of equal columns as a file."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Set, or judge and report."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("data", type=Path)
    options.add_argument("--sweep", action="store_true")
    options.add_argument("--half", choices=("set", "judge"), help="print that half alone, and write nothing")
    chosen = options.parse_args()
    table = tomllib.loads((HERE / "planted_faults.toml").read_text())
    setting, judging = studies(chosen.data)
    if chosen.sweep:
        rows = []
        for row in sweep(setting, table):
            rows.append(row)
            print(row, flush=True)
        write_csv(HERE / "limits_sweep.csv", rows)
        return
    if chosen.half:
        study = setting if chosen.half == "set" else judging
        write_report(judged(study, table), untouched(study), None)
        return
    faults = [row for study in (setting, judging) for row in judged(study, table)]
    clean = [row for study in (setting, judging) for row in untouched(study)]
    write_csv(HERE / "planted_faults.csv", faults)
    write_csv(HERE / "untouched_labels.csv", clean)
    write_report(faults, clean, HERE)


if __name__ == "__main__":
    main()
