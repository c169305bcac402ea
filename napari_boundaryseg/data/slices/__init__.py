"""Slices that a person has looked at: a value that says which, and labels as far as they are known."""
