"""A band round a drawn border with a guarantee: how wide it must be to hold the border that a person accepts."""
