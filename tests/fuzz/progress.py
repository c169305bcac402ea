"""Long runs in parts: what is done is kept in a file, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .trial import Outcome, trials

CHUNK = 250
ROOT = Path(__file__).resolve().parents[2]


def run(name: str, start: int, stop: int, keep: Path | None = None) -> list[Outcome]:
    """The outcomes of these seeds; with ``keep``, those of an earlier run of the same code are not made again.

    Of kept runs only the failures are kept in full: in ``keep/READER.json``, each with the command that repeats it, and
    their files in ``keep/READER-SEED``.
    """
    if keep is None:
        return list(trials(name, range(start, stop)))
    keep.mkdir(parents=True, exist_ok=True)
    file = keep / f"{name}.json"
    stored = _stored(file)
    done, failed, counts = stored["done"], stored["failed"], stored["counts"]
    for first in range(start, stop, CHUNK):
        last = min(first + CHUNK, stop)
        if f"{first}:{last}" in done:
            continue
        for one in trials(name, range(first, last), keep):
            counts[one.kind] = counts.get(one.kind, 0) + 1
            if not one.good:
                failed.append(one.as_json())
        done.append(f"{first}:{last}")
        _write(file, {"code": code(), "done": done, "counts": counts, "failed": failed})
    fine = [
        Outcome(name, -1, kind, "", "") for kind, n in counts.items() for _ in range(n) if kind in ("ok", "refused")
    ]
    return fine + [_outcome(entry) for entry in failed]


def _outcome(entry: dict[str, object]) -> Outcome:
    return Outcome(**{key: value for key, value in entry.items() if key != "again"})  # type: ignore[arg-type]


def _stored(file: Path) -> dict:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        found = {}
    return found if found.get("code") == code() else {"done": [], "failed": [], "counts": {}}


def _write(file: Path, value: dict[str, object]) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(value, indent=1), "utf-8")
    fresh.replace(file)


def code() -> str:
    """A digest of the package and of the fuzzer: outcomes of other code do not count."""
    digest = hashlib.sha256()
    for folder in (ROOT / "napari_boundaryseg", Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
