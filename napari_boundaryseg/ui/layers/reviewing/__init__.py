"""Layers that a review shows for a while."""
