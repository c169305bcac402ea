"""What a step learns from: prepared scans, target maps, patches, random changes, batches."""
