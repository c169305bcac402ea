#!/usr/bin/env bash
# The tests of the window with the next napari, a pre-release too, on PyQt6: it has no PyQt5.
#   tools/test_napari_next.sh [VERSION]      0.10.0rc1 by default
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:-0.10.0rc1} folder=.venv-napari-next python="${PYTHON:-python3}"
if [ "$(cat "$folder/.ready" 2>/dev/null)" != "$version" ]; then
    tools/system_packages.sh pyqt6
    "$python" -m venv --clear "$folder"
    # What napari itself asks for may be newer than in constraints.txt; what is ours stays.
    grep -Ev '^(napari|app-model|superqt|npe2|vispy|in-n-out|magicgui|psygnal)==' constraints.txt >"$folder/constraints.txt"
    "$folder/bin/python" -m pip install -q --no-input --disable-pip-version-check -c "$folder/constraints.txt" \
        -e ".[dicom,dev]" "napari[pyqt6]==$version" </dev/null
    echo "$version" >"$folder/.ready"
fi
"$folder/bin/python" -c "import napari; print('napari', napari.__version__)"
VENV="$folder" BOUNDARYSEG_QT=PyQt6 tools/test.sh window
