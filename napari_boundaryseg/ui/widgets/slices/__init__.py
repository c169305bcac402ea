"""Widgets about the slices of a scan."""
