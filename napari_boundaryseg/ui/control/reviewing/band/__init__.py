"""The band in the window: which result of a model the labels hold, what accepted cases promise of it, and its lines."""
