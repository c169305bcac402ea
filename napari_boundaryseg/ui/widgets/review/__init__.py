"""Widgets of a review."""
