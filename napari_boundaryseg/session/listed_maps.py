"""Which files beside a label map hold the edges, contours or probabilities of its case: what its report lists."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.data.formats.format import stem
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.report import read_report
from napari_boundaryseg.session.result_files import MAPS


def report_beside(label_map: Path) -> Path:
    """The report ``CASE.json`` of a label map ``CASE_seg`` or ``CASE``, whether it is there or not."""
    return label_map.with_name(f"{stem(label_map).removesuffix('_seg')}.json")


def listed_kind(path: Path) -> str:
    """What a file holds of its case, as the report beside it says: edges, contours, probabilities; else nothing.

    Its name alone says nothing: a person may call a label map ``knee_edges``.
    """
    for kind in MAPS:
        case = stem(path).removesuffix(f"_{kind}")
        if case != stem(path) and _lists(path.with_name(f"{case}.json"), path.name, kind):
            return kind
    return ""


def _lists(report: Path, name: str, kind: str) -> bool:
    """Whether a report lists a file; one that cannot be read lists none.

    The window's reports of version 0.1 named no files, only the kinds that were written.
    """
    try:
        values = read_report(report)
    except (InputError, OSError):
        return False
    said = [values.get(key) for key in (("files", "earlier") if "files" in values else ("checks",))]
    wanted = {name, f"{kind}: read back unchanged"}
    return any(wanted & set(map(str, names)) for names in said if isinstance(names, list | dict))
