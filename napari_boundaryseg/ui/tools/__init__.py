"""Mouse and keys on the labels layer, and the record of the work they took."""
