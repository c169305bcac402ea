"""Shapes of labels: outlines in a slice, and surfaces."""
