"""Change a label map so that nothing is lost: one history, locks, a journal on disk, effort. No torch, no Qt."""
