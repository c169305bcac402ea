"""``python -m tests.fuzz READER --seeds A:B`` damages and reads; it ends with 1 when a reader failed."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from .progress import run
from .readers import READERS
from .trial import Outcome, sound_files_are_read, trials


def main() -> int:
    """Run the seeds of one reader, or of all."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("reader", choices=[*READERS, "all"])
    parser.add_argument("--seeds", default="0:25", help="from A up to B - 1, as A:B (default 0:25)")
    parser.add_argument("--also", type=json.loads, default={}, help='further seeds, as {"READER": [SEED, ...]}')
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="go on where an earlier run was stopped, kept here")
    parser.add_argument("--json", action="store_true", help="tell everything as one JSON text")
    arguments = parser.parse_args()
    start, stop = map(int, arguments.seeds.split(":"))
    found: dict[str, list[Outcome]] = {}
    for name in READERS if arguments.reader == "all" else [arguments.reader]:
        further = [seed for seed in arguments.also.get(name, ()) if not start <= seed < stop]
        found[name] = [*run(name, start, stop, arguments.keep), *trials(name, further)]
        if not arguments.json:
            tell(name, found[name])
    if arguments.json:
        print(json.dumps({name: as_json(name, outcomes) for name, outcomes in found.items()}))
    return int(any(not one.good for outcomes in found.values() for one in outcomes))


def tell(name: str, outcomes: list[Outcome]) -> None:
    """How many ended in which way, and each that failed."""
    counts = Counter(one.kind for one in outcomes)
    print(f"{name}: {', '.join(f'{n} {kind}' for kind, n in sorted(counts.items()))}", flush=True)
    for one in outcomes:
        if not one.good:
            print(f"  {one.kind}: {one.detail} [{one.said}]\n    {one.command}", flush=True)


def as_json(name: str, outcomes: list[Outcome]) -> dict[str, object]:
    """What a test looks at: what is wrong with the undamaged files, and every outcome."""
    return {"sound": sound_files_are_read(name), "outcomes": [one.as_json() for one in outcomes]}


if __name__ == "__main__":
    sys.exit(main())
