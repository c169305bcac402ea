#!/usr/bin/env bash
# Makes a virtual environment with the project in it, every version from constraints.txt.
#   tools/setup.sh FOLDER EXTRAS        for example: tools/setup.sh .venv pyqt5,dicom,dev
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 extras=$2

case ",$extras," in *,pyqt6,*) tools/system_packages.sh pyqt6 ;; *) tools/system_packages.sh ;; esac

python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$("$python" --version) is too old: Python 3.11 or newer is needed. Name one with: make PYTHON=python3.12 ..." >&2
    exit 1
}
if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "Making the virtual environment $folder"
    "$python" -m venv --clear "$folder"
fi
echo "Installing the packages of constraints.txt into $folder (a few minutes the first time)"
export PIP_CONSTRAINT="$PWD/constraints.txt" PIP_DISABLE_PIP_VERSION_CHECK=1   # also holds for the build of the project
"$folder/bin/python" -m pip install -q --no-input -e ".[$extras]" </dev/null
touch "$folder/.ready"
