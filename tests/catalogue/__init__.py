"""The catalogue of faults: every row with its tests and its status, and the tests that stand nowhere else."""
