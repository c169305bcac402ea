"""Every step on the disk, and the way back after a crash."""
