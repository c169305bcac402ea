"""What the comparison of a fine-tuning says where nothing changed, and how often it finds a gain that is there.

    python benchmarks/review/null_comparisons.py      docs/evidence/null_comparisons.csv and .md: a minute

Real pairs: the scores of two trainings on the same cases, which neither had seen, from the tables in
`benchmarks/studies`. Of n patients, drawn with replacement, the scores before and after are given to the code that
judges a fine-tuning, `engine.evaluation.comparison.compare`, and its verdict is counted; 1,000 times each, seed 0.

*Swapped*: for each patient a coin says which of the two models was before and which after, for all cases, organs and
metrics at once, so that there is no difference but chance, with the sizes that differences really have. *Centred*: the
mean difference of all patients is taken off every metric instead, which leaves them as skewed as they are. *One SD*:
centred, and every metric is better by one standard deviation of its differences. In brackets: 95 % interval (Wilson).
"""

from __future__ import annotations

import argparse
import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, skew

from napari_boundaryseg.data.metrics import metrics
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.engine.evaluation.comparison import compare
from napari_boundaryseg.engine.evaluation.power import power

PAIRS = (
    ("hippocampus.csv", "hmedn", "sgm"),
    ("hippocampus.csv", "hmedn", "egcnn"),
    ("hippocampus.csv", "sgm", "egcnn"),
    ("sarcoma.csv", "sgm", "sgm-coarse"),
    ("sarcoma.csv", "sgm", "sgm-no-sides"),
    ("sarcoma.csv", "sgm", "sgm-coarse-sides"),
    ("real_pelvis.csv", "sgm", "sgm, base"),
)
NULL, GAIN = (3, 5, 10), (3, 4, 5, 10, 20)
TRIALS, SEED, BAR = 1000, 0, 0.03
Values = dict[str, float]
Sides = tuple[Values, Values]
Patient = dict[str, dict[str, Sides]]
"""case → organ → metrics of one model and of the other."""


def read_pairs(table: Path, one: str, other: str) -> dict[str, Patient]:
    """The patients that both trainings were scored on."""
    known = {metric.name for metric in metrics()}
    sides: dict[tuple[str, str, str], dict[str, Values]] = defaultdict(dict)
    for row in csv.DictReader(table.read_text("utf-8").splitlines()):
        if row["training"] in (one, other):
            figures = {name: float(value) for name, value in row.items() if name in known and value}
            sides[row["group"], row["case"], row["organ"]][row["training"]] = {**figures, "reference_ml": 1.0}
    found: dict[str, Patient] = defaultdict(lambda: defaultdict(dict))
    for (group, case, organ), both in sides.items():
        if len(both) == 2:
            found[group][case][organ] = (both[one], both[other])
    return dict(found)


def differences(patients: Mapping[str, Patient]) -> dict[str, np.ndarray]:
    """Of each metric, the mean over a patient's cases and organs of the second model less the first."""
    found: dict[str, list[float]] = defaultdict(list)
    for cases in patients.values():
        sides = [pair for organs in cases.values() for pair in organs.values()]
        for name in sides[0][0]:
            found[name].append(float(np.mean([after[name] - before[name] for before, after in sides])))
    return {name: np.array(values) for name, values in found.items()}


def verdict(drawn: list[Patient], add: Mapping[str, float], swap: np.ndarray) -> str:
    """What the real comparison says of these patients; `add` to the figures after, or sides swapped."""
    scores: dict[str, dict[str, dict[str, Values]]] = {}
    groups: dict[str, str] = {}
    for number, (cases, turned) in enumerate(zip(drawn, swap, strict=True)):
        for case, organs in cases.items():
            name = f"{number} {case}"  # one that is drawn twice is two
            groups[name] = str(number)
            scores[name] = {"before": {}, "after": {}}
            for organ, (one, other) in organs.items():
                after = {metric: value + add.get(metric, 0.0) for metric, value in other.items()}
                first, second = ("after", "before") if turned else ("before", "after")
                scores[name][first][organ], scores[name][second][organ] = one, after
    return str(compare(scores, patients=groups)["verdict"])


def added(kind: str, patients: Mapping[str, Patient]) -> dict[str, float]:
    """What is added to each metric after."""
    if kind == "swapped":
        return {}
    moved = differences(patients)
    ways = {metric.name: {"higher": 1.0, "lower": -1.0}.get(metric.better, 0.0) for metric in metrics()}
    gain = float(kind == "one SD")
    return {name: gain * ways[name] * float(of.std(ddof=1)) - float(of.mean()) for name, of in moved.items()}


def share(hits: int, of: int) -> str:
    """With its interval."""
    ends = binomtest(hits, of).proportion_ci(method="wilson")
    return f"{hits / of:.3f} [{ends.low:.3f}, {ends.high:.3f}]"


def page(rows: list[dict[str, object]]) -> str:
    """The page."""
    lines = ["| pairs | patients | skewness | n | kind | better | worse |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row['pairs']} | {row['patients']} | {row['skewness']} | {row['n']} | {row['kind']} | "
        f"{share(int(str(row['better'])), TRIALS)} | {share(int(str(row['worse'])), TRIALS)} |"
        for row in rows
        if row["kind"] != "one SD"
    ]
    bars = ["| n | comparisons | *better*, swapped | bar, at most .03 | *better*, centred |", "|---|---|---|---|---|"]
    for n in NULL:
        counts = {
            kind: [int(str(row["better"])) for row in rows if row["n"] == n and row["kind"] == kind]
            for kind in ("swapped", "centred")
        }
        hits, of = sum(counts["swapped"]), TRIALS * len(counts["swapped"])
        held = "met" if hits <= BAR * of else "not met"
        bars.append(f"| {n} | {of:,} | {share(hits, of)} | {held} | {share(sum(counts['centred']), of)} |")
    gains = ["| n | comparisons | found | `power(n)`, normal changes |", "|---|---|---|---|"]
    for n in GAIN:
        found = [int(str(row["better"])) for row in rows if row["n"] == n and row["kind"] == "one SD"]
        gains.append(f"| {n} | {TRIALS * len(found):,} | {share(sum(found), TRIALS * len(found))} | {power(n):.3f} |")
    skewed = max((row for row in rows if row["kind"] == "centred"), key=lambda row: int(str(row["better"])))
    limit = (
        f"Where changes are skewed and their mean is none, a t interval does not hold what it promises: with those of "
        f"{skewed['pairs']} (skewness {skewed['skewness']}: most cases a little better, a few much worse), n = "
        f"{skewed['n']} is called *better* in {share(int(str(skewed['better'])), TRIALS)}. A swap of sides makes "
        "changes symmetric and cannot show that. A few cases do not show their rare large losses, whatever the "
        "interval; the worst case of a comparison should be looked at."
    )
    told = (__doc__ or "").partition("a minute\n")[2].strip()
    command = "```sh\npython benchmarks/review/null_comparisons.py\n```"
    parts = [
        "# Comparisons where nothing changed",
        "",
        command,
        "",
        told,
        "",
        "## Nothing changed",
        "",
        *bars,
        "",
        limit,
    ]
    parts += ["", *lines, "", "## A gain of one standard deviation", "", *gains, ""]
    return "\n".join(parts)


def main() -> None:
    """Count verdicts, and write table and page."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--studies", type=Path, default=Path("benchmarks/studies"))
    options.add_argument("--docs", type=Path, default=Path("docs/evidence"))
    chosen = options.parse_args()
    rows: list[dict[str, object]] = []
    for number, (table, one, other) in enumerate(PAIRS):
        patients = read_pairs(chosen.studies / table, one, other)
        skewness = float(skew(differences(patients)["dsc"]))
        for kind, sizes in (("swapped", NULL), ("centred", NULL), ("one SD", GAIN)):
            add, everybody = added(kind, patients), [patients[name] for name in sorted(patients)]
            for n in sizes:
                rng, said = np.random.default_rng([SEED, number, n, len(kind)]), []
                for _ in range(TRIALS):
                    drawn = [everybody[one] for one in rng.integers(len(everybody), size=n)]
                    swap = rng.random(n) < 0.5 if kind == "swapped" else np.zeros(n, bool)
                    said.append(verdict(drawn, add, swap))
                row = {"pairs": f"{Path(table).stem}: {one} / {other}", "patients": len(patients)}
                counts = {verdict: said.count(verdict) for verdict in ("better", "worse")}
                rows.append({**row, "skewness": f"{skewness:.2f}", "n": n, "kind": kind, **counts})
                print(rows[-1], flush=True)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    chosen.docs.mkdir(parents=True, exist_ok=True)
    atomic_text(chosen.docs / "null_comparisons.csv", text.getvalue())
    atomic_text(chosen.docs / "null_comparisons.md", page(rows))


if __name__ == "__main__":
    main()
