"""Branch coverage of each room, and the floors under it.

`coverage json -o FILE` first, then `python tools/coverage_floors.py FILE`: prints a table, fails below a floor.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

PACKAGE = "napari_boundaryseg/"
TOTAL_PERCENT = 96.0
"""A little under what the whole package has; raise it when that has risen."""
FLOORS_PERCENT = {"data/formats": 95.0, "editing/journal": 95.0, "engine/checkpoints": 95.0}
"""Rooms in which a line that nothing has run is a file that is misread or work that is lost."""
COUNTS = ("covered_lines", "num_statements", "covered_branches", "num_branches")


def percent(counts: dict[str, int]) -> float:
    """Lines and branches that ran, of those that there are."""
    lines, statements, ran, branches = (counts[name] for name in COUNTS)
    return 100 * (lines + ran) / max(1, statements + branches)


def by_room(report: dict[str, Any]) -> dict[str, dict[str, int]]:
    """What coverage counted, summed over the package's floors and over the rooms that have one of their own."""
    rooms: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for name, file in report["files"].items():
        inside = Path(name).as_posix().rpartition(PACKAGE)[2]
        floor = inside.partition("/")[0] if "/" in inside else "(top)"
        for room in ("all", floor, *(own for own in FLOORS_PERCENT if inside.startswith(f"{own}/"))):
            for count in COUNTS:
                rooms[room][count] += file["summary"][count]
    return dict(rooms)


def too_low(rooms: dict[str, dict[str, int]]) -> list[str]:
    """One sentence for each room below its floor; a room without files is one too."""
    nothing = dict.fromkeys(COUNTS, 0)
    return [
        f"{room}: {percent(rooms.get(room, nothing)):.1f} % is below its floor of {floor:.0f} %."
        for room, floor in {"all": TOTAL_PERCENT, **FLOORS_PERCENT}.items()
        if percent(rooms.get(room, nothing)) < floor
    ]


def main() -> int:
    """Print the table and what is below its floor."""
    rooms = by_room(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    floors = {"all": TOTAL_PERCENT, **FLOORS_PERCENT}
    for room in sorted(rooms, key=lambda name: (name == "all", name)):
        floor = f"floor {floors[room]:.0f} %" if room in floors else ""
        print(f"{room:24}{percent(rooms[room]):6.1f} %  {floor}".rstrip())
    low = too_low(rooms)
    print("\n".join(low), end="\n" * bool(low))
    return bool(low)


if __name__ == "__main__":
    raise SystemExit(main())
