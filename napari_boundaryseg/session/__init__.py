"""What the program remembers: one evented session and the project folder on disk. No Qt, no torch."""
