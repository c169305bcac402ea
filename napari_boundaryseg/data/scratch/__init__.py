"""Files that do not stay: scratch folders, temporary files of saves, and the locks that tell whose they are."""
