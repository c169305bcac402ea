"""A journal of every step on the disk, and recovery from it after a crash."""
