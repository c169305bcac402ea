#!/usr/bin/env bash
# The files that other programs read, against the schemas of those programs. They come with check-jsonschema.
#   tools/check_schemas.sh [CHECK-JSONSCHEMA]
set -euo pipefail
cd "$(dirname "$0")/.."
check="${1:-check-jsonschema}"
"$check" --builtin-schema vendor.github-workflows .github/workflows/*.yml
"$check" --builtin-schema vendor.citation-file-format CITATION.cff
