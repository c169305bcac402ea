"""Limits of the rules: what is measured beyond them is a finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Where each rule begins to speak.

    Set on one half of the patients of three sets of expert labels, and judged on the other half; see
    ``docs/evidence/rules.md``.
    """

    longest_gap_mm: float = 30.0
    """Two pieces farther apart along the slices are two pieces, not one with slices missing."""
    missing_part_mm2: float = 20.0
    """A part that both neighbour slices have, and at least so large there, lacks on a slice."""
    island_ml: float = 0.02
    """Islands from here on are named one by one, smaller ones together, …"""
    specks_ml: float = 0.0
    """… where they are at least so much."""
    cavity_ml: float = 0.02
    """Cavities from here on are named one by one, smaller ones together."""
    jump_px: float = 0.5
    """A slice's border lies outside what its neighbours allow by so many pixels, on average over the border, …"""
    jump_tolerances: float = 0.25
    """… and by so many tolerances."""
    shift_share: float = 0.6
    """So much of that is enough for a slice that fits once it is moved."""
    copied_px: float = 0.5
    """Two slices are equal where those beside them move by so many pixels a slice."""
    rough_share: float = 0.25
    """So much of the border of three slices, on average, is teeth of a single pixel."""
    flat_end: float = 0.8
    """The last slice of an organ is so large in comparison with its largest, …"""
    flat_end_least: float = 0.3
    """… or larger than accepted cases let expect, and at least so large."""
    nothing_ml: float = 0.05
    """An organ of less is nearly nothing, …"""
    nothing_vox: int = 20
    """… and one of fewer voxels, …"""
    nothing_share: float = 0.05
    """… and one of less than so much of the smallest accepted volume."""
    volume_confidence: float = 0.95
    """Of volumes and their ratios between accepted cases, what lies outside the interval of so much is a finding."""
    end_confidence: float = 0.98
    """The same for how large the last slices are."""
    place_confidence: float = 0.998
    """The same for places; three axes for each pair of organs are looked at."""
    gap_share: float = 0.35
    """So much of the interface of two organs that touch is a gap."""
    gap_mm2: float = 10.0
    """… and a gap is at least so large."""
    overlap_ml: float = 0.02
    """Two organs of different label maps share more than this."""
