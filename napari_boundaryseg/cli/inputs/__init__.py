"""What a command line names: scans and their channels, label files, boxes."""
