"""Words of a certificate for people: HTML of its values, the work and the review."""
