"""Adapting a copy of a model to one scan, from slices that a person corrected."""
