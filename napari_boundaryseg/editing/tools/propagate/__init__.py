"""Propagation of what a person drew on some slices to the others: carried corrections, interpolated shapes."""
