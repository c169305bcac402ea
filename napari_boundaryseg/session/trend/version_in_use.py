"""Version in use of the model by which an organ is segmented: its cases are the charted ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from napari_boundaryseg.session.certificate.accepted_figures import AcceptedFigures
from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.project.stored_models import sha256_of


class InUse(NamedTuple):
    """A model version as its results call it, and the SHA-256 of its file; empty where nothing says which file."""

    title: str
    sha256: str


def version_in_use(figures: Sequence[AcceptedFigures], versions: Sequence[ModelVersion]) -> InUse:
    """The version that the project uses of the model which segmented the newest of these cases.

    That of a model which the project has no version of, or uses as it was shipped, is the one that the cases name.

    Parameters
    ----------
    figures : sequence of AcceptedFigures
        Of one organ, in the order of acceptance; at least one.
    versions : sequence of ModelVersion
        Of the project.
    """
    newest, bases = figures[-1], {version.sha256: version.base for version in versions if version.sha256}
    base = bases.get(newest.model_sha256, newest.model)
    active = next((version for version in versions if version.active and version.base == base), None)
    if active is not None:
        return InUse(active.path.stem, active.sha256 or sha256_of(active.path))
    shipped = [one for one in figures if one.model == base and one.model_sha256 not in bases]
    return InUse(base, shipped[-1].model_sha256 if shipped else "")
