"""Cases of a study in the window: the list, and the way from one to the next."""
