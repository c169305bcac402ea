"""Earlier certificates of a project, and the accepted version from whose labels others were opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.certificate import chain, document
from napari_boundaryseg.session.project.folder import ProjectFolder

AS_IN = "as in version {version}"
"""The state of a slice that was opened from an accepted version and not changed since."""
UNTOUCHED = "untouched"


def whole_certificates(project: ProjectFolder, slug: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Folder's name and content of each listed certificate that is what it was when it was written, oldest first.

    Parameters
    ----------
    project : ProjectFolder
    slug : str, optional
        The folder's name of the only case that is asked for.
    """
    with project.reading() as database:
        links = chain.links(database)
    for link in links:
        if link.removed or slug not in (None, link.slug):
            continue
        with suppress(InputError):
            path = project.part("cases", link.slug) / document.certificate_name(link.version)
            values = document.read_certificate(path)
            if values.get(document.HASH) == link.sha256 and document.is_whole(values):
                yield link.slug, values


def naming_version(
    work: Mapping[str, Any], scheme: LabelScheme, certificates: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """The account of a journal, where its labels are from an accepted version: by the hash of the voxels, not by name.

    Parameters
    ----------
    work : mapping
        What `account_of` says.
    scheme : LabelScheme
        Of the labels: others that give the same integers to other organs are no version of them.
    certificates : iterable of mapping
        Whole ones of the same case, oldest first.

    Returns
    -------
    dict
        With ``opened`` where the last labels that came from a file are those of a version: its ``version``, when it was
        ``accepted``, the hash of its ``certificate``, the ``step`` that put its labels in, and of which ``model`` it
        says it is. Where no model's result came after it, its slices are `AS_IN` that version, and not untouched.
    """
    opened = next((one for one in reversed(work.get("results", ())) if one["kind"] == "opened"), None)
    if opened is None:
        return dict(work)
    organs = {organ.id: organ.name for organ in scheme.organs}
    same = [
        values
        for values in certificates
        if values["labels"]["voxels_sha256"] == opened["voxels_sha256"] and _organs_of(values) == organs
    ]
    if not same:
        return dict(work)
    values = same[-1]
    version = values["version"]
    said = {
        "version": version,
        "accepted": values.get("accepted"),
        "certificate": values[document.HASH],
        "step": opened["step"],
        "model": _model_of(values),
    }
    found = {**work, "opened": said}
    if sum(one["kind"] == "opened" for one in work["results"]) == 1:
        what = f"opened from version {version} of this case"
        found["kinds"] = [{**row, "what": what} if row["kind"] == "opened" else row for row in work["kinds"]]
    if not model_since(found):
        found["slices"] = {
            organ: {AS_IN.format(version=version) if state == UNTOUCHED else state: at for state, at in told.items()}
            for organ, told in work["slices"].items()
        }
    return found


def model_since(work: Mapping[str, Any]) -> bool:
    """Whether a model's result was applied after the labels were opened from a version."""
    step = work["opened"]["step"]
    return any(one["kind"] == "model" and one["step"] > step for one in work["results"])


def _organs_of(values: Mapping[str, Any]) -> dict[int, str]:
    return {organ["id"]: organ["name"] for organ in values["labels"].get("organs", ())}


def _model_of(values: Mapping[str, Any]) -> Any:
    """What a certificate says of its model, and the version in which its result was applied; words where it has none.

    Steps are those of a journal of their own, and left out.
    """
    model = values.get("model")
    if not isinstance(model, Mapping):
        return model
    known = {name: value for name, value in model.items() if name != "result_step"}
    return {"of_version": values["version"], **known}
