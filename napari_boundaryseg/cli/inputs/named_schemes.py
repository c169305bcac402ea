"""Label schemes that predictions name in the CASE.json beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.data.labels import LabelScheme


def scheme_beside(prediction: Path) -> LabelScheme | None:
    """The label scheme that CASE.json beside a prediction names; None where it names none."""
    from pydantic import ValidationError

    from napari_boundaryseg.data.labels import LabelScheme
    from napari_boundaryseg.session.listed_maps import report_beside
    from napari_boundaryseg.session.report import read_report

    path = report_beside(prediction)
    report = read_report(path)
    try:
        return LabelScheme.model_validate(report["label_scheme"]) if "label_scheme" in report else None
    except ValidationError as error:
        raise InputError(path, "its label scheme is damaged", "Give --scheme") from error


def common_scheme(schemes: Mapping[str, LabelScheme | None]) -> LabelScheme | None:
    """The label scheme of all predictions, where it is one."""
    first = next(iter(schemes.values()), None)
    return first if all(scheme == first for scheme in schemes.values()) else None
