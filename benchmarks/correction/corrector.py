"""How much work a tool saves: a simulated person corrects whole organs slice by slice until each is within tolerance.

    python benchmarks/correction/corrector.py phantoms pelvis-mr-sgm-synthetic
    python benchmarks/correction/corrector.py hippocampus hippocampus-hmedn
    python benchmarks/correction/corrector.py hippocampus-bulges reference
    python benchmarks/correction/corrector.py promise12 pelvis-mr-sgm
    python benchmarks/correction/corrector.py promise12-bulges reference
    python benchmarks/correction/corrector.py sarcoma-bulges reference
    python benchmarks/correction/corrector.py sarcoma TRAINING-CONFIG       of studies/run.py --predictions

Effort is mm drawn or dragged, and so many mm for each stroke or click (5 mm; 2.5 mm for the hippocampus, which is shown
larger), and the same at twice that. Where something is wrong on a slice and the tool offers a mask that is less far
off, the person takes it with one click, and then draws what is still wrong; as in the window, only what a hand drew on
is known to the tool. With one that is dragged the person first goes to the worst place of the organ, over and over,
until a drag gains less distance for its effort than freehand did in this organ on the whole: that one is undone, with
one more click. All end equally good (the table says how good), so that their effort compares: as a part of freehand's
in the same organ, means over organs, intervals by a bootstrap over cases. The second table is what the first drags
alone gain, in space and confined to their slice. The rows of both go to ``effort_*.csv`` and ``drags_*.csv`` beside
this file.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from borders import NOTHING, Off, interval
from carry import TOLERANCE_MM
from person import Hand, Page, length_mm, way_at_worst
from starts import SETS, Organ, kept
from strategies import Drag, Strategy, pulled, strategies

from napari_boundaryseg.data.saving import atomic_text

HANDS = {
    which: Hand(mm, 0.3, 2.5) if which.startswith("hippocampus") else Hand(mm, 0.7, 5.0)
    for which, mm in TOLERANCE_MM.items()
}
MOST_DRAGS = 10
FIRST_DRAGS = 5
"""Of the second table."""

Rows = list[dict[str, object]]


class Work(NamedTuple):
    """What a whole organ took, how well it ended, and by how much its distances came down in all."""

    drawn_mm: float
    clicks: int
    surface_dice: float
    mean_mm: float
    gained_mm: float

    def effort(self, click_mm: float) -> float:
        """In mm."""
        return self.drawn_mm + click_mm * self.clicks


class Task:
    """An organ, and the person's pages of it."""

    def __init__(self, organ: Organ, hand: Hand, seed: int) -> None:
        self.organ, self.hand, self.seed = organ, hand, seed
        self.pages = [Page(mask, organ.spacing_mm[1:], hand) for mask in organ.wanted]

    def off(self, masks: np.ndarray) -> Off:
        """How far all slices are off."""
        return sum((page.off(mask) for page, mask in zip(self.pages, masks, strict=True)), NOTHING)

    def worked(self, strategy: Strategy, least: float) -> Work:
        """Correct all slices; drags are to gain so many mm for each mm of effort."""
        rng = np.random.default_rng(self.seed)
        masks, mm, clicks = self.organ.start.copy(), 0.0, 0
        if strategy.drag:
            masks, mm, clicks = self._dragged(masks, strategy.drag, least, rng)
        drawn: dict[int, np.ndarray] = {}
        beyond = set(range(len(masks))) - set(strategy.order)  # where a drag may have left something
        for n in [*strategy.order, *sorted(beyond)]:
            page, mask = self.pages[n], masks[n]
            if strategy.offer and page.needs_work(mask):
                best = min([mask, *strategy.offer(n, drawn)], key=lambda one: page.off(one).total_mm)
                clicks, mask = clicks + (best is not mask), best
            masks[n], more_mm, strokes = page.finished(mask, rng)
            mm, clicks = mm + more_mm, clicks + strokes
            if strokes:
                drawn[n] = masks[n]
        left = self.off(masks)
        return Work(mm, clicks, left.surface_dice, left.mean_mm, self.off(self.organ.start).total_mm - left.total_mm)

    def _dragged(
        self, masks: np.ndarray, drag: Drag, least: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, float, int]:
        """The masks after the drags that are worth it; mm and clicks, with those of the one that is undone."""
        mm, clicks, before = 0.0, 0, self.off(masks).total_mm
        for _ in range(MOST_DRAGS):
            way = way_at_worst(self.pages, masks, self.organ.spacing_mm, rng)
            after, length = drag(masks, way), length_mm(way, self.organ.spacing_mm)
            if after is None:
                break
            mm, clicks, now = mm + length, clicks + 1, self.off(after).total_mm
            if before - now < least * (length + self.hand.click_mm):
                return masks, mm, clicks + 1
            masks, before = after, now
        return masks, mm, clicks

    def first_drags(self, drag: Drag) -> Off:
        """How far the organ is off after the first few drags, each at its worst place."""
        rng, masks = np.random.default_rng(self.seed), self.organ.start
        for _ in range(FIRST_DRAGS):
            after = drag(masks, way_at_worst(self.pages, masks, self.organ.spacing_mm, rng))
            masks = masks if after is None else after
        return self.off(masks)


def corrected(organ: Organ, which: str, seed: int) -> tuple[Rows, Rows]:
    """One organ corrected by all strategies, and what the first drags do to it."""
    task, click_mm, least = Task(organ, HANDS[which], seed), HANDS[which].click_mm, 0.0
    name: dict[str, object] = {"case": organ.case, "organ": organ.name}
    efforts = []
    for strategy, how in strategies(organ, which).items():
        work = task.worked(how, least)
        if strategy == "freehand":
            least = work.gained_mm / max(work.effort(click_mm), click_mm)
        efforts.append({**name, "strategy": strategy, **work._asdict()})
    reach = {"none": None, "in space": pulled(organ, which), "in its slice": pulled(organ, which, in_slice=True)}
    drags = []
    for where, drag in reach.items():
        off = task.first_drags(drag) if drag else task.off(organ.start)
        drags.append({**name, "drags": where, "total_mm": off.total_mm, "surface_dice": off.surface_dice})
    return efforts, drags


def column(rows: Rows, key: str, **of: object) -> np.ndarray:
    """A figure of all organs, in their order."""
    return np.array([row[key] for row in rows if row.items() >= of.items()], float)


def print_efforts(rows: Rows, click_mm: float) -> None:
    """The table of all strategies, over the organs on which there is anything to do by hand."""
    hand = {"strategy": "freehand"}
    some = column(rows, "clicks", **hand) > 0
    cases = np.array([str(row["case"]) for row in rows if row.items() >= hand.items()])[some].tolist()
    print(f"{len(cases)} organs of {len(set(cases))} cases\n")
    print(f"| strategy | mm | clicks | effort, {click_mm:g} mm a click | {2 * click_mm:g} mm | surface Dice | mm off |")
    print("|---|---|---|---|---|---|---|")
    for strategy in dict.fromkeys(str(row["strategy"]) for row in rows):
        mm, clicks, dice, off = (
            column(rows, key, strategy=strategy)[some] for key in ("drawn_mm", "clicks", "surface_dice", "mean_mm")
        )
        cells = [strategy, f"{mm.mean():.0f}", f"{clicks.mean():.1f}"]
        for price in (click_mm, 2 * click_mm):
            by_hand = column(rows, "drawn_mm", **hand)[some] + price * column(rows, "clicks", **hand)[some]
            part = (mm + price * clicks) / by_hand
            low, high = interval(part, cases)
            cells.append(f"{part.mean():.2f} [{low:.2f}, {high:.2f}]")
        print(f"| {' | '.join([*cells, f'{dice.mean():.3f}', f'{off.mean():.2f}'])} |")


def print_drags(rows: Rows) -> None:
    """What a drag gains."""
    print(f"\n| the first {FIRST_DRAGS} drags, each | fewer mm off | more surface Dice |\n|---|---|---|")
    cases = [str(row["case"]) for row in rows if row["drags"] == "none"]
    for where in ("in space", "in its slice"):
        cells = []
        for key, sign, digits in (("total_mm", -1, 0), ("surface_dice", 1, 4)):
            gain = sign * (column(rows, key, drags=where) - column(rows, key, drags="none")) / FIRST_DRAGS
            cells.append("{:.{d}f} [{:.{d}f}, {:.{d}f}]".format(gain.mean(), *interval(gain, cases), d=digits))
        print(f"| {where} | {' | '.join(cells)} |")


def keep(rows: Rows, name: str) -> None:
    """Write a table beside this file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    atomic_text(Path(__file__).with_name(name), text.getvalue())


def main() -> None:
    """Correct one set, keep its rows, print its tables."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("set", choices=SETS)
    options.add_argument("model")
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    chosen = options.parse_args()
    organs = (organ for organ in kept(chosen.set, chosen.data, chosen.model) if organ.start.any())
    done = [corrected(organ, chosen.set, seed) for seed, organ in enumerate(organs)]
    efforts, drags = ([row for pair in done for row in pair[part]] for part in (0, 1))
    keep(efforts, f"effort_{chosen.set}_{chosen.model}.csv")
    keep(drags, f"drags_{chosen.set}_{chosen.model}.csv")
    print_efforts(efforts, HANDS[chosen.set].click_mm)
    print_drags(drags)


if __name__ == "__main__":
    main()
