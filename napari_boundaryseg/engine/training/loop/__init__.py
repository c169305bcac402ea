"""One training between its steps: weights, schedule, validation, and how it resumes."""
