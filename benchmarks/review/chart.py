"""Limits of the chart over accepted cases by simulation, and how soon it finds a change.

    python benchmarks/review/chart.py             the table of limits, docs/evidence/chart.csv and .md: 10 minutes
    python benchmarks/review/chart.py --check     figures of the limits that there are, by other random numbers

Two-sided CUSUM, k = 0.5, of normal values that are standardised by a mean and a standard deviation which are known, or
estimated from the first cases. A run that goes on after 1000 cases counts as 1000: of limits from few cases a part of
the charts hardly ever alarms, and would lift the mean of all. h is the smallest at which, without a change, the mean
run is surely 200 cases (two standard errors below the mean) and, where limits are estimated, no more charts alarm
within 100 cases than of those with known ones: the mean alone would let more than half do so. Figures are then taken
with other random numbers. *False within 100*: charts that alarm in the first 100 watched cases without a change.
*Delay*: cases from a shift of all values by one standard deviation to the alarm, with the shift from the first watched
case on, or after 50 (of charts that have not alarmed by then).
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.review.chart.charted import CHARTED
from napari_boundaryseg.review.chart.cusum import step
from napari_boundaryseg.review.chart.limits import KNOWN, TABLE

SEED = 20261130
CASES = (KNOWN, 20, 25, 30, 40, 50, 75, 100, 200)
WANTED, LONGEST, EARLY, LATER = 200.0, 1000, 100, 50
CHARTS = 40_000
Draw = Callable[[np.random.Generator, int], np.ndarray]


def normal(rng: np.random.Generator, n: int) -> np.ndarray:
    """Values of as many charts."""
    return rng.normal(size=n)


def highest(
    rng: np.random.Generator, cases: int, charts: int, shift_sd: float, shift_at: int, longest: int, draw: Draw = normal
) -> np.ndarray:
    """The highest either sum was after each watched case, (longest, charts): first above h there is the alarm at h."""
    mean, sd = np.zeros(charts), np.ones(charts)
    if cases != KNOWN:
        first = np.stack([draw(rng, charts) for _ in range(cases)])
        mean, sd = first.mean(axis=0), first.std(axis=0, ddof=1)
    sums, top = np.zeros((2, charts)), np.zeros(charts)
    found = np.empty((longest, charts), np.float32)
    for n in range(longest):
        value = draw(rng, charts) + (shift_sd if n >= shift_at else 0.0)
        sums = step(sums, (value - mean) / sd)
        top = np.maximum(top, sums.max(axis=0))
        found[n] = top
    return found


def runs(top: np.ndarray, limit: float) -> np.ndarray:
    """Cases up to the alarm, `LONGEST` where there was none."""
    return np.minimum((top <= limit).sum(axis=0) + 1, len(top))


def smallest_limit(top: np.ndarray, most_false: float) -> float:
    """To hundredths: mean run and share of early alarms both only fall and rise with it."""
    low, high = 200, 1500
    while high - low > 1:
        middle = (low + high) // 2
        found = runs(top, middle / 100)
        surely = found.mean() - 2 * found.std() / np.sqrt(len(found))
        fits = surely >= WANTED and (found <= EARLY).mean() <= most_false
        low, high = (low, middle) if fits else (middle, high)
    return high / 100


def real_values(table: Path, training: str, organ: str) -> np.ndarray:
    """Surface Dice of a study's cases, one of each patient, on the chart's scale and standardised."""
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    one = {r["group"]: float(r["surface_dice"]) for r in rows if r["training"] == training and r["organ"] == organ}
    scaled = CHARTED["surface_dice"].scale(np.array(list(one.values())))
    return (scaled - scaled.mean()) / scaled.std(ddof=1)


def figures(rng: np.random.Generator, cases: int, limit: float, draw: Draw = normal) -> dict[str, float]:
    """One row of the table."""
    quiet = runs(highest(rng, cases, CHARTS, 0.0, 0, LONGEST, draw), limit)
    at_once = runs(highest(rng, cases, CHARTS, 1.0, 0, LONGEST, draw), limit)
    later = runs(highest(rng, cases, CHARTS, 1.0, LATER, LONGEST, draw), limit)
    later = later[later > LATER] - LATER
    return {
        "run": quiet.mean(),
        "run_se": quiet.std(ddof=1) / np.sqrt(len(quiet)),
        "run_median": float(np.median(quiet)),
        "false_in_100": (quiet <= EARLY).mean(),
        "delay": at_once.mean(),
        "delay_median": float(np.median(at_once)),
        "delay_p90": float(np.quantile(at_once, 0.9)),
        "delay_later": later.mean(),
        "delay_later_median": float(np.median(later)),
    }


def written(rows: list[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def page(rows: list[dict[str, object]]) -> str:
    told = (__doc__ or "").partition("other random numbers\n")[2].strip()
    head = ["values", "limits from", "h", "mean run", "median", "false within 100"]
    head += ["delay: mean", "median", "in 9 of 10 at most", "after 50: mean", "median"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        where = "known" if int(str(row["cases"])) == KNOWN else f"the first {row['cases']}"
        cells = [row["values"], where, row["h"], f"{row['run']} ± {row['run_se']}", row["run_median"]]
        cells += [row["false_in_100"], row["delay"], row["delay_median"], row["delay_p90"]]
        cells += [row["delay_later"], row["delay_later_median"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    usual = {int(str(row["cases"])): row for row in rows if row["values"] == "normal"}
    known, twenty, thirty = (usual[cases] for cases in (KNOWN, 20, 30))
    held = "met" if float(str(known["delay"])) <= 10 else "not met"
    return "\n".join(
        [
            "# The chart over accepted cases",
            "",
            "```sh\npython benchmarks/review/chart.py\n```",
            "",
            told,
            "",
            *lines,
            "",
            f"{CHARTS:,} charts a figure; ± is the standard error of the mean. "
            f"Bar, mean delay for 1 SD with known limits at most 10 cases: {held} ({known['delay']}). With limits from "
            f"20 cases it is {twenty['delay']} (median {twenty['delay_median']}), from 30 {thirty['delay']} (median "
            f"{thirty['delay_median']}): few cases cannot tell well what is usual, and the chart says from how many "
            "its limits are. No alarm is told before 20 cases, which these figures leave out: with known limits it can "
            "only delay one.",
            "",
            "*Real*: the values are surface Dice of out-of-fold predictions on the chart's scale, one case a patient, "
            "drawn with replacement; they are not normal, and their runs show what that costs.",
            "",
            "Three figures are charted of each case. Were they independent, one of the three would alarm falsely "
            "about three times as often; they are not, for they are about one correction.",
            "",
        ]
    )


def main() -> None:
    """Find the limits, measure, and write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--check", action="store_true")
    options.add_argument("--docs", type=Path, default=Path("docs/evidence"))
    options.add_argument("--studies", type=Path, default=Path("benchmarks/studies"))
    chosen = options.parse_args()
    if not chosen.check:
        limits: dict[int, float] = {}
        most_false = 1.0
        for cases in CASES:
            top = highest(np.random.default_rng([SEED, cases]), cases, CHARTS, 0.0, 0, LONGEST)
            limits[cases] = smallest_limit(top, most_false)
            if cases == KNOWN:
                most_false = float((runs(top, limits[KNOWN]) <= EARLY).mean())
            print(f"from {cases}: h = {limits[cases]}", flush=True)
        rows: list[dict[str, object]] = [{"cases": cases, "h": f"{limits[cases]:.2f}"} for cases in CASES]
        atomic_text(TABLE, written(rows))
    with TABLE.open(encoding="utf-8") as stream:
        limits = {int(row["cases"]): float(row["h"]) for row in csv.DictReader(stream)}
    real = {
        f"real, {organ}": real_values(chosen.studies / f"{study}.csv", training, organ)
        for study, training, organ in (
            ("hippocampus", "hmedn", "Hippocampus_A"),
            ("hippocampus", "hmedn", "Hippocampus_P"),
            ("sarcoma", "sgm", "GTV"),
        )
    }
    kinds: list[tuple[str, Draw, tuple[int, ...]]] = [("normal", normal, CASES)]
    for name, values in real.items():
        kinds.append((f"{name} (n = {len(values)})", lambda rng, n, v=values: rng.choice(v, n), (KNOWN, 20, 30)))  # type: ignore[misc]
    rows = []
    for number, (kind, draw, wanted) in enumerate(kinds):
        for cases in wanted:
            seed = [SEED + 1 + chosen.check, number, cases]
            found = figures(np.random.default_rng(seed), cases, limits[cases], draw)
            digits = {"false_in_100": 3}
            row = {key: f"{value:.{digits.get(key, 1)}f}" for key, value in found.items()}
            rows.append({"values": kind, "cases": cases, "h": f"{limits[cases]:.2f}", **row})
            print(rows[-1], flush=True)
    if not chosen.check:
        atomic_text(chosen.docs / "chart.csv", written(rows))
        atomic_text(chosen.docs / "chart.md", page(rows))


if __name__ == "__main__":
    main()
