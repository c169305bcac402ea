"""Trained models as files: weights, card, and the list of those that there are."""
