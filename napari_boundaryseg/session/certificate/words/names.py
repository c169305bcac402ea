"""Names of a certificate's values as a person reads them, and yes and no."""

from __future__ import annotations

from typing import Any

from napari_boundaryseg.data.metrics.metric import metrics

NAMES = {
    "model": "file's title",
    "title": "model",
    "sha256": "SHA-256",
    "voxels_sha256": "SHA-256 of the voxels",
    "result_step": "step that applied its result",
    "result_voxels_sha256": "SHA-256 of the labels after it",
    "backend": "computed with",
    "dtype": "numbers computed as",
    "box": "part of the scan that was segmented",
    "calibrated": "probabilities calibrated",
    "adapted_steps": "steps of adapting it to this scan",
    "shape": "shape, voxels",
    "spacing_mm": "spacing, mm",
    "affine": "affine, voxels to mm",
    "obliquity_deg": "obliquity, degrees",
    "sform_code": "NIfTI sform code",
    "qform_code": "NIfTI qform code",
    "margin_mm": "margin, mm",
    "of the border": "share of the border that it holds",
    "of patients": "share of patients in which it does",
    "n": "patients",
    "held": "patients so far in which it held",
    "judged": "patients so far in which that could be judged",
    "said": "in words",
    "local": "width that follows the border on this scan",
    "factor": "factor on the local width",
    "mean_mm": "mean, mm",
    "low_mm": "narrowest, mm",
    "high_mm": "widest, mm",
    "reference_ml": "volume of the reference, mL",
    "apart_mm": "distance between observers, mm",
    "sd_mm": "standard deviation between observers, mm",
    "tolerance_mm": "tolerance, mm",
    "among": "share of the border among the observers",
    "outside_mm": "farthest outside of the observers, mm",
    "when": "answered",
}
ABSENT = {"box": "the whole scan", "margin_mm": "none: there is no band"}
"""What it means where a value is not there; of others it is not known."""


def in_words(name: Any) -> str:
    """What a value is called on the page.

    Examples
    --------
    >>> in_words("calibrated"), in_words("hd95_mm"), in_words("device"), in_words("new_value")
    ('probabilities calibrated', 'HD95 (mm)', 'device', 'new value')
    """
    if name in NAMES:
        return NAMES[name]
    known = next((metric.heading for metric in metrics() if metric.name == name), "")
    return known or str(name).replace("_", " ")


def shown(name: Any, value: Any) -> Any:
    """A value as it stands beside its name.

    Examples
    --------
    >>> shown("box", None), shown("calibrated", False), shown("device", "cpu")
    ('the whole scan', 'no', 'cpu')
    """
    if value is None:
        return ABSENT.get(name)
    return ("no", "yes")[value] if isinstance(value, bool) else value
