"""What a check of a project cannot compare: files that earlier versions of the program stored without a hash."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.session.project.database import opened, version_of
from napari_boundaryseg.session.project.stored_models import stored_hashes


def uncompared(folder: Path) -> dict[str, int]:
    """How many listed scans, label maps and models nothing says the hash of.

    Parameters
    ----------
    folder : Path
        Of a project.

    Returns
    -------
    dict
        ``scan``, ``label map``, ``model``: only those of which there are any.
    """
    with opened(folder) as database:
        if version_of(database) > 0:
            scans = "SELECT count(*) FROM cases WHERE scan_hash IS NULL"
            labels = "SELECT count(*) FROM versions WHERE state = 'valid' AND sha256 IS NULL"
        else:
            scans, labels = "SELECT count(*) FROM cases", "SELECT total(version) FROM cases"
        found = {
            "scan": int(database.execute(scans).fetchone()[0]),
            "label map": int(database.execute(labels).fetchone()[0]),
            "model": sum(stored is None for stored in stored_hashes(database).values()),
        }
    return {kind: count for kind, count in found.items() if count}


def in_words(found: dict[str, int]) -> str:
    """What a check that found nothing can say of a project.

    Examples
    --------
    >>> in_words({})
    'Every listed scan, label map and model is there and unchanged.'
    >>> in_words({"label map": 2, "model": 1}).partition(". ")[2]
    'All but 2 label maps and 1 model are unchanged: an earlier version of the program stored those, without a hash.'
    """
    if not found:
        return "Every listed scan, label map and model is there and unchanged."
    counted = [f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in found.items()]
    some = " and ".join([*([", ".join(counted[:-1])] if counted[1:] else []), counted[-1]])
    return (
        f"Every listed scan, label map and model is there and can be read. All but {some} are unchanged: "
        "an earlier version of the program stored those, without a hash."
    )
