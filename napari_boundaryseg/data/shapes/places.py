"""Where organs lie to each other in a patient, by their TG-263 names."""

from __future__ import annotations

PLACES = (
    (1, "Bladder", "Rectum", "in front of"),
    (1, "Prostate", "Rectum", "in front of"),
    (2, "Bladder", "Prostate", "above"),
    (1, "Hippocampus_A", "Hippocampus_P", "in front of"),
    (0, "Femur_Head_R", "Femur_Head_L", "to the right of"),
)
"""The patient's axis (right, front, head), and which organ's middle lies farther along it than another's."""
NEIGHBOURS = (("Bladder", "Prostate"), ("Prostate", "Rectum"), ("Hippocampus_A", "Hippocampus_P"))
"""Organs that touch, or nearly."""
