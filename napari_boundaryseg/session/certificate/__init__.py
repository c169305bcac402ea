"""Certificate of accepted labels: what was done and checked, chained by hashes, and rebuilt from its journal."""
