"""Fuzzing of every reader: files are damaged at random, read in a process of their own, and judged by how that ends."""
